"""What --run_config=auto takes, and what it says of it."""

import sys

from compare_gan.estimator import devices
from compare_gan.estimator.devices import base
from compare_gan.estimator.devices import gpu
from compare_gan.estimator.devices import hosts
from compare_gan.estimator.devices import single
import pytest

pytestmark = pytest.mark.versions("tf.config lists the devices")


@pytest.fixture(autouse=True)
def no_adapter(monkeypatch):
  monkeypatch.setitem(sys.modules, "npu_device", None)


def _see(number, monkeypatch):
  """Makes this machine one with some GPUs; returns what they are made to be."""
  on = single.OneDevice("CPU:0")
  monkeypatch.setattr(gpu, "_number", lambda: number)
  monkeypatch.setattr(gpu, "_choose_on_this_host", lambda batch_size: on)
  monkeypatch.setattr(hosts, "choose", lambda *unused: on)
  return on


@pytest.mark.parametrize(
  "number,sentence",
  [
    (1, "the GPU: TensorFlow sees 1 GPU, and there is no npu_device."),
    (2, "2 GPUs: TensorFlow sees 2 GPUs, and there is no npu_device."),
  ],
)
def test_gpus_are_taken_before_the_cpu(number, sentence, monkeypatch, capsys):
  on = _see(number, monkeypatch)
  assert devices.choose("auto") is on
  assert capsys.readouterr().out == f"Training on {sentence}\n"


@pytest.mark.parametrize(
  "number,what,seen", [(0, "the CPU", "no GPU"), (2, "2 GPUs", "2 GPUs")]
)
def test_hosts_are_counted(number, what, seen, monkeypatch, capsys):
  monkeypatch.setenv(
    "TF_CONFIG",
    '{"cluster": {"worker": ["a:1", "b:1", "c:1"]}, '
    '"task": {"type": "worker", "index": 0}}',
  )
  on = _see(number, monkeypatch)
  assert devices.choose("auto") is on
  assert capsys.readouterr().out == (
    f"Training on {what} of each of the 3 hosts that TF_CONFIG or Slurm names: "
    f"TensorFlow sees {seen}, and there is no npu_device.\n"
  )


_NEW = """
from compare_gan.estimator.devices import base
from compare_gan.estimator.devices import single


class Kind(base.AbstractKind):
  auto_order = 15

  def look(self, batch_size, run_config):
    on = single.OneDevice("CPU:0")
    return base.Found(on, "a test has put it here", "the IPU")

  def configured(self, run_config):
    return f"{run_config} of the IPU"
"""


def test_a_file_is_enough_for_another_kind(tmp_path, monkeypatch, capsys):
  (tmp_path / "ipu.py").write_text(_NEW)
  monkeypatch.setattr(devices, "__path__", [*devices.__path__, str(tmp_path)])
  try:
    assert devices.names() == ["auto", "cpu", "gpu", "ipu", "npu", "tpu"]
    devices.choose("auto")
    assert capsys.readouterr().out == (
      "Training on the IPU: a test has put it here, and there is no "
      "npu_device.\n"
    )
    assert devices.find("auto").configured("RunConfig") == (
      "RunConfig of the IPU"
    )
  finally:
    sys.modules.pop(f"{devices.__name__}.ipu")


def test_nothing_is_here(monkeypatch):
  class Absent(base.AbstractKind):
    auto_order = 1

    def look(self, batch_size, run_config):
      return base.Found(None, "there is no IPU")

  auto = sys.modules[type(devices.find("auto")).__module__]
  monkeypatch.setattr(auto, "_asked", lambda: [Absent()])
  with pytest.raises(ValueError, match="nothing to train on: there is no IPU"):
    devices.choose("auto")
