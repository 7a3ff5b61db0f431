"""Training on one NPU, of which the double stands in; see mutants_test."""

import sys

from compare_gan.estimator import devices
from compare_gan.estimator import hooks
from compare_gan.estimator import run_config
from compare_gan.estimator.devices.npu import devices as npu
from compare_gan.estimator.devices.npu import options as npu_options
from compare_gan.gans import loss_scale
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests import npu_double
from tests.estimator.devices.npu import training as npu_training
from tests.gans import tiny

pytestmark = [
  pytest.mark.npu,
  pytest.mark.versions("Huawei's adapter is for TensorFlow 2.6.5"),
]


@pytest.fixture
def double():
  with npu_double.installed() as double:
    yield double


def test_without_the_adapter_a_sentence_says_where_it_is(monkeypatch):
  monkeypatch.setitem(sys.modules, "npu_device", None)
  with pytest.raises(ValueError, match="npu_device.*2.6.5.*gitcode.*docs/npu"):
    devices.choose("npu")


def test_variables_before_the_card_are_refused(double):
  early = tf.Variable(0.0, name="early")
  with pytest.raises(ValueError, match="early:0 .* before the NPU was opened"):
    devices.choose("npu")
  del early


def test_threads_that_will_be_forgotten_are_warned_about(double):
  with pytest.warns(UserWarning, match="TF_NUM_INTRAOP_THREADS"):
    devices.choose("npu")


def test_the_seed_is_set_after_opening(double):
  devices.choose("npu", run_config=run_config.run_config(tf_random_seed=5))
  assert tf.random.uniform([]).shape == [] and _global_seed() == 5


def _global_seed():
  from tensorflow.python.eager import context

  return context.global_seed()


def test_one_card_is_chief_and_reads_all(double):
  on = devices.choose("npu", batch_size=3)
  assert on.is_chief and on.shard() == {} and on.num_replicas() == 1
  assert on.sum_over_hosts([2**53 - 1, 2]) == [2**53 - 1, 2]


def _of_two(double):
  """Returns the second card of two, without a first one."""
  on = npu.NpuDevices()
  on._number, on._index, on.is_chief = 2, 1, False
  return on


def test_the_second_card_reads_its_rows(double):
  on = _of_two(double)
  assert on.shard() == {"num_shards": 2, "shard": 1} and on.replica_id() == 1


def test_what_cannot_be_exchanged_is_refused(double):
  on = _of_two(double)
  for value in (tf.zeros([], tf.float64), tf.constant(True)):
    with pytest.raises(ValueError, match="cannot be summed by NPUs"):
      on.all_sum(value)
  with pytest.raises(ValueError, match="wide:0 is float64, .* be sent"):
    on.broadcast([tf.Variable(tf.zeros([], tf.float64), name="wide")])
  with pytest.raises(ValueError, match="group_size = 1: NPUs average over"):
    on.all_sum(tf.zeros([]), group_size=1)
  with pytest.raises(ValueError, match="Only counts below 2"):
    on.sum_over_hosts([-1])


@pytest.mark.parametrize(
  "environment,message",
  [
    ({"RANK_SIZE": "2"}, "neither RANK_TABLE_FILE nor CM_CHIEF_IP"),
    ({"RANK_SIZE": "2", "CM_WORKER_SIZE": "2"}, "both set"),
    ({"RANK_SIZE": "2", "RANK_TABLE_FILE": "x"}, "RANK_ID must be set"),
    (
      {"RANK_SIZE": "2", "RANK_TABLE_FILE": "x", "CM_CHIEF_IP": "y"},
      "both set",
    ),
    ({"CM_WORKER_SIZE": "2", "CM_CHIEF_IP": "y"}, "CM_CHIEF_PORT"),
  ],
)
def test_what_the_environment_lacks_is_a_sentence(
  environment, message, double, monkeypatch
):
  for name, value in environment.items():
    monkeypatch.setenv(name, value)
  with pytest.raises(ValueError, match=f"cannot be opened: .*{message}"):
    devices.choose("npu")


def test_a_second_card_in_one_process_is_refused(double):
  npu.NpuDevices(npu_options.NPUOptions(device_id=0))
  with pytest.raises(ValueError, match="one device per process"):
    npu.NpuDevices(npu_options.NPUOptions(device_id=1))


def test_batches_must_divide_by_the_cards(double, monkeypatch):
  monkeypatch.setattr(npu.NpuDevices, "num_replicas", lambda self: 2)
  with pytest.raises(
    ValueError, match="batch_size = 3 .* 2 cards of RANK_SIZE"
  ):
    devices.choose("npu", batch_size=3)


# ---- Data --------------------------------------------------------------------


@pytest.mark.parametrize(
  "part,message",
  [
    (tf.constant(["a"]), "hold string"),
    (tf.zeros([1], tf.float64), "hold float64"),
  ],
)
def test_data_that_a_card_has_not_are_refused(part, message, double):
  data = tf.data.Dataset.from_tensors({"x": part})
  with pytest.raises(ValueError, match=message):
    npu.NpuDevices().feed(data, npu_training.Walk(), 0)


def test_data_of_unknown_shape_are_refused(double):
  data = tf.data.Dataset.range(3).batch(2)
  with pytest.raises(ValueError, match="all shapes must be known .*drop_rem"):
    npu.NpuDevices().feed(data, npu_training.Walk(), 0)


@pytest.mark.long
def test_a_stopped_training_goes_on_with_its_noise(double, tmp_path):
  gin.parse_config(npu_training.BINDINGS)
  data = npu_training.dataset
  whole, _ = npu_training.train(
    "npu", str(tmp_path / "whole"), 4, npu_training.Walk, data
  )
  part = npu_training.Walk()
  # As a process of its own would, the second half opens its card first.
  double.alive_before |= {id(v) for v in npu_double.all_variables()}
  for steps in (2, 4):
    npu_training.train("npu", str(tmp_path / "part"), steps, lambda: part, data)
    double.alive_before |= {id(v) for v in npu_double.all_variables()}
  np.testing.assert_allclose(part.x, whole["x"], rtol=1e-6)


class Scalars(hooks.Hook):
  """Keeps what each loop has returned."""

  def __init__(self):
    self.all = []

  def after_loop(self, step, steps, seconds, scalars):
    self.all.append({name: float(value) for name, value in scalars.items()})


@pytest.mark.long
def test_scalars_leave_the_loop_under_their_names(tmp_path):
  gin.parse_config(npu_training.BINDINGS)
  of_npu, of_cpu = Scalars(), Scalars()
  folders, make = (
    [str(tmp_path / "npu"), str(tmp_path / "cpu")],
    npu_training.Walk,
  )
  with npu_double.installed():
    npu_training.train("npu", folders[0], 3, make, hooks=[of_npu])
  npu_training.train("cpu", folders[1], 3, make, hooks=[of_cpu])
  assert of_npu.all[0] == pytest.approx(of_cpu.all[0], rel=1e-5)
  assert of_npu.all[-1] == pytest.approx(of_cpu.all[-1], rel=1e-5)


# ---- Precision ---------------------------------------------------------------


def _precision(on, **chosen):
  return on.precision(run_config.run_config(**chosen))


@pytest.mark.long
def test_modes_are_the_compilers_and_scale_no_loss(double):
  on = npu.NpuDevices()
  for mode in ("allow_mix_precision", "force_fp16", "must_keep_origin_dtype"):
    assert _precision(on, precision_mode=mode) == ("float32", False)
  assert _precision(on) == ("float32", False)


def test_float16_needs_overflows_that_show(double):
  on = npu.NpuDevices()
  with pytest.raises(ValueError, match="INF/NAN .* run_config.precision_mode"):
    _precision(on, precision="float16")
  double.inf_nan = True
  assert _precision(on, precision="float16") == ("float16", True)


def test_a_loss_scale_is_for_who_asks(double):
  on = npu.NpuDevices(npu_options.npu_run_config(loss_scale=True))
  chosen = {"precision_mode": "allow_mix_precision"}
  with pytest.raises(ValueError, match="NPURunConfig.loss_scale = True needs"):
    _precision(on, **chosen)
  double.inf_nan = True
  assert _precision(on, **chosen) == ("float32", True)


@pytest.mark.long
def test_a_loss_scale_trains_on_the_card(double, tmp_path):
  gin.parse_config(npu_training.BINDINGS)
  gin.parse_config("NPURunConfig.loss_scale = True\nModularGAN.g_lr = 0.01")
  double.inf_nan = True

  def make():
    made = tiny.gan(dataset=npu_training.SHAPE, batch_size=npu_training.BATCH)
    assert isinstance(made.d_optimizer, loss_scale.LossScaled)
    return made

  values, _ = npu_training.train("npu", str(tmp_path), 1, make)
  assert values["loss_scale/d/finite_steps"] == 1
