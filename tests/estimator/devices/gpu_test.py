"""Which GPUs are trained on, on a machine that only seems to have some."""

import types

from compare_gan.estimator import devices
from compare_gan.estimator.devices import gpu
from compare_gan.estimator.devices import single
import gin
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("tf.config lists the devices")


@pytest.fixture
def see(monkeypatch):
  """Returns a function that makes TensorFlow list so many GPUs."""

  def see(number):
    found = [types.SimpleNamespace(name=f"GPU:{i}") for i in range(number)]
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: found)
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind: found)

  return see


@pytest.fixture(autouse=True)
def told(monkeypatch):
  """Returns the list of what TensorFlow is told of GPUs."""
  told = []

  def record(where, name):
    def call(*arguments):
      told.append((name, *arguments))

    monkeypatch.setattr(where, name, call)

  record(tf.config.experimental, "set_memory_growth")
  record(tf.config.experimental, "enable_tensor_float_32_execution")
  record(tf.config.optimizer, "set_experimental_options")
  return told


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


def test_memory_of_each_gpu_grows_and_tf32_is_on(see, told, monkeypatch):
  see(2)
  monkeypatch.setattr(gpu.replicated, "Mirrored", list)
  devices.choose("gpu", batch_size=4)
  assert [(name, value) for name, *_, value in told] == [
    ("set_memory_growth", True),
    ("set_memory_growth", True),
    ("enable_tensor_float_32_execution", True),
    ("set_experimental_options", {"layout_optimizer": True}),
  ]


def test_gin_sets_how_gpus_are_used(see, told):
  see(1)
  gin.parse_config(
    """
    GPURunConfig.memory_growth = False
    GPURunConfig.tf32 = False
    GPURunConfig.layout_pass = False
    """
  )
  try:
    devices.choose("gpu", batch_size=4)
  finally:
    gin.clear_config()
  assert [call[-1] for call in told] == [
    False,
    False,
    {"layout_optimizer": False},
  ]


def test_memory_of_a_gpu_in_use_stays_as_it_is(see, told, monkeypatch):
  see(1)

  def refuse(gpu, growth):
    raise RuntimeError("Physical devices cannot be modified")

  monkeypatch.setattr(tf.config.experimental, "set_memory_growth", refuse)
  devices.choose("gpu", batch_size=4)
  assert [call[-1] for call in told][0] is True
