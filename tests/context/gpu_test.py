"""What TensorFlow is told of GPUs, where there only seem to be some."""

import types

from compare_gan import runner_lib
from compare_gan.context import gpu
from compare_gan.estimator import run_config
import gin
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("tf.config sets how GPUs are used")


@pytest.fixture
def see(monkeypatch):
  """Returns a function that makes TensorFlow list so many GPUs."""

  def see(number):
    found = [types.SimpleNamespace(name=f"GPU:{i}") for i in range(number)]
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: found)

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


def test_memory_of_each_gpu_grows_and_tf32_is_on(see, told):
  see(2)
  gpu.prepare()
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
    gpu.prepare()
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
  gpu.prepare()
  assert [call[-1] for call in told][0] is True


def test_nothing_is_told_where_there_is_no_gpu(see, told):
  see(0)
  gpu.prepare()
  assert not told


class _Stop(Exception):
  """Ends what a test has seen enough of."""


@pytest.mark.parametrize("schedule", ["continuous_eval", "eval_last"])
def test_a_schedule_that_only_scores_shares_the_gpu(
  see, told, tmp_path, schedule
):
  see(1)

  def open_dataset():
    assert told, "The dataset may be read by operations."
    raise _Stop

  with pytest.raises(_Stop):
    runner_lib.run_with_schedule(
      schedule, open_dataset, run_config.RunConfig(), str(tmp_path)
    )
