"""`doctor` prints findings, and its exit code says whether all is ready."""

import json
import time

from compare_gan import __main__ as program
from compare_gan import doctor
from compare_gan.doctor import finding
import pytest

from tests import plain_shell

_FINE = finding.ok("numpy", "2.0")
_ABSENT = finding.absent("ray", "not installed", "pip install ray")
_WRONG = finding.wrong("scipy", "not installed", "pip install scipy")


def _run(capsys, monkeypatch, found, *flags):
  asked = []

  def examine(one):
    asked.append(one)
    return iter([("optional_parts", found), ("tiny_step", [])])

  monkeypatch.setattr(doctor, "examine", examine)
  try:
    code = program.main(["doctor", *flags])
  except SystemExit as stop:
    code = stop.code
  return code, capsys.readouterr().out, asked[0]


def test_what_is_absent_does_not_matter(capsys, monkeypatch):
  code, printed, _ = _run(capsys, monkeypatch, [_FINE, _ABSENT])
  assert code == 0
  assert printed.splitlines() == [
    "Optional parts",
    "  ok      numpy: 2.0",
    "  absent  ray: not installed",
    "          -> pip install ray",
    "",
    "Ready: nothing that is needed is missing or broken.",
  ]


def test_what_is_wrong_is_repeated_at_the_end(capsys, monkeypatch):
  code, printed, _ = _run(capsys, monkeypatch, [_FINE, _WRONG])
  assert code == 1
  assert printed.splitlines()[-2:] == [
    "Not ready: 1 thing is wrong.",
    "  scipy: pip install scipy",
  ]


def test_json_holds_all_findings(capsys, monkeypatch):
  code, printed, _ = _run(capsys, monkeypatch, [_WRONG], "--json")
  assert code == 1
  assert json.loads(printed) == [
    {
      "part": "optional_parts",
      "subject": "scipy",
      "state": "wrong",
      "found": "not installed",
      "advice": "pip install scipy",
    }
  ]


def test_flags_are_handed_on(capsys, monkeypatch):
  flags = ("--quick", "--tfds_data_dir=d", "--myevalinception=i")
  _, _, asked = _run(capsys, monkeypatch, [], *flags)
  assert asked == finding.Asked(True, "d", "i")


def test_help_comes_within_a_second(tmp_path):
  """As measured by the fastest of three: other tests run beside it."""
  seconds = []
  for _ in range(3):
    began = time.monotonic()
    done = plain_shell.run(
      ["-m", "compare_gan", "doctor", "--help"],
      tmp_path,
      PYTHONPATH=plain_shell.ROOT,
    )
    seconds.append(time.monotonic() - began)
    assert done.returncode == 0 and "--quick" in done.stdout
    if seconds[-1] < 1:
      return
  pytest.fail(f"It took {seconds} s.")


def test_the_doctor_itself_does_not_import_tensorflow(tmp_path):
  """So nothing that TensorFlow does can kill it."""
  code = (
    "import sys, compare_gan.doctor as d; d.subjects();"
    " print(*sorted({'tensorflow', 'gin'} & set(sys.modules)))"
  )
  done = plain_shell.run(["-c", code], tmp_path, PYTHONPATH=plain_shell.ROOT)
  assert done.stdout.strip() == "", done.stderr
