"""What is read of the CPU, from a file as Linux writes it."""

from compare_gan.context import cpu

_TEXT = """processor\t: 0
model name\t: Some CPU @ 2.0 GHz
flags\t\t: fpu amx_bf16

processor\t: 1
model name\t: Some CPU @ 2.0 GHz
flags\t\t: fpu
"""


def test_flags_and_model_are_those_of_the_system(tmp_path):
  path = tmp_path / "cpuinfo"
  path.write_text(_TEXT)
  assert cpu.flags(str(path)) == {"fpu", "amx_bf16"}
  assert cpu.model(str(path)) == "Some CPU @ 2.0 GHz"


def test_a_system_without_the_file_has_no_flags(tmp_path, monkeypatch):
  monkeypatch.setattr(cpu.platform, "processor", lambda: "arm")
  assert cpu.flags(str(tmp_path / "none")) == set()
  assert cpu.model(str(tmp_path / "none")) == "arm"
