"""Which GPUs are trained on, on a machine that only seems to have some."""

import types

from compare_gan.estimator import devices
from compare_gan.estimator.devices import gpu
from compare_gan.estimator.devices import single
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("tf.config lists the devices")


@pytest.fixture(autouse=True)
def leave_tensorflow_alone(monkeypatch):
  monkeypatch.setattr(gpu.gpu, "prepare", lambda: None)


@pytest.fixture
def see(monkeypatch):
  """Returns a function that makes TensorFlow list so many GPUs."""

  def see(number):
    found = [types.SimpleNamespace(name=f"GPU:{i}") for i in range(number)]
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: found)
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind: found)

  return see


def test_one_gpu_needs_no_replicas(see):
  see(1)
  on = devices.choose("gpu", batch_size=3)
  assert isinstance(on, single.OneDevice) and on._device == "GPU:0"


def test_several_gpus_are_mirrored(see, monkeypatch):
  see(2)
  monkeypatch.setattr(gpu.replicated, "Mirrored", list)
  assert devices.choose("gpu", batch_size=4) == ["GPU:0", "GPU:1"]


def test_the_batch_must_divide_by_the_gpus(see):
  see(2)
  with pytest.raises(
    ValueError, match="batch_size = 3 .* GPUs, 2. Choose a mu"
  ):
    devices.choose("gpu", batch_size=3)


def test_gpus_are_used_as_gin_says(see, monkeypatch):
  see(1)
  prepared = []
  monkeypatch.setattr(gpu.gpu, "prepare", lambda: prepared.append(True))
  devices.choose("gpu", batch_size=4)
  assert prepared == [True]
