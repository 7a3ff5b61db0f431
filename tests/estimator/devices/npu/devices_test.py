"""Training on one NPU, of which the double stands in; see mutants_test."""

import json
import sys
import types

from compare_gan import runner_lib
from compare_gan.datasets import catalogue
from compare_gan.estimator import devices
from compare_gan.estimator import hooks
from compare_gan.estimator import run_config
from compare_gan.estimator.devices import single
from compare_gan.estimator.devices.npu import devices as npu
from compare_gan.estimator.devices.npu import kind
from compare_gan.estimator.devices.npu import options as npu_options
from compare_gan.gans import loss_scale
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests import npu_double
from tests import plain_shell
from tests.estimator.devices.npu import training as npu_training
from tests.gans import tiny

pytestmark = pytest.mark.versions("Huawei's adapter is for TensorFlow 2.6.5")


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


# ---- auto --------------------------------------------------------------------


def _no_card(double, monkeypatch, error):
  """Makes the adapter one whose card does not answer."""

  def fail(device_id=None):
    raise error

  monkeypatch.setattr(sys.modules["npu_device"], "open", fail)


def test_auto_takes_the_card_and_says_so(double, capsys):
  on = devices.choose("auto")
  assert isinstance(on, npu.NpuDevices) and double.handle.device_id == 0
  said = capsys.readouterr().out
  assert said == "Training on the NPU: npu_device opened card 0.\n"


def test_auto_opens_the_card_of_the_options(double, capsys):
  gin.parse_config("NPURunConfig.session_device_id = 3")
  devices.choose("auto", run_config=run_config.for_device("auto"))
  assert "opened card 3." in capsys.readouterr().out


def test_auto_does_without_an_adapter(monkeypatch, capsys):
  monkeypatch.setitem(sys.modules, "npu_device", None)
  assert isinstance(devices.choose("auto"), single.OneDevice)
  assert capsys.readouterr().out == (
    "Training on the CPU: TensorFlow sees no GPU, and there is no npu_device.\n"
  )


@pytest.mark.parametrize("error", [RuntimeError, ImportError, OSError])
def test_auto_does_without_a_card(error, double, monkeypatch, capsys):
  """The adapter imports parts of CANN only as it opens a card."""
  _no_card(double, monkeypatch, error("dsmi: no\n device."))
  assert isinstance(devices.choose("auto"), single.OneDevice)
  assert capsys.readouterr().out == (
    "Training on the CPU: TensorFlow sees no GPU, and npu_device opened no "
    "card (dsmi: no device).\n"
  )


def test_auto_does_without_a_card_that_variables_keep_shut(double, capsys):
  early = tf.Variable(0.0, name="early")
  assert isinstance(devices.choose("auto"), single.OneDevice)
  assert "early:0 for one, were made before a card" in capsys.readouterr().out
  del early


def test_auto_does_without_a_module_that_is_no_adapter(monkeypatch, capsys):
  module = types.ModuleType("npu_device")
  monkeypatch.setitem(sys.modules, "npu_device", module)
  assert isinstance(devices.choose("auto"), single.OneDevice)
  assert "npu_device is not the adapter" in capsys.readouterr().out
  assert run_config.for_device("auto").additions is None


def test_auto_does_without_an_adapter_of_another_tensorflow(
  tmp_path, monkeypatch, capsys
):
  (tmp_path / "npu_device.py").write_text("import sys; sys.nothing_of_keras")
  monkeypatch.syspath_prepend(str(tmp_path))
  monkeypatch.delitem(sys.modules, "npu_device", raising=False)
  assert isinstance(devices.choose("auto"), single.OneDevice)
  assert "npu_device cannot be imported (" in capsys.readouterr().out
  with pytest.raises(ValueError, match="needs npu_device.*nothing_of_keras"):
    devices.choose("npu")


def test_one_of_several_cards_does_not_train_alone(double, monkeypatch):
  """Eight processes on CPUs would write eight trainings into one folder."""
  monkeypatch.setenv("RANK_SIZE", "8")
  with pytest.raises(ValueError, match="neither RANK_TABLE_FILE nor"):
    devices.choose("auto")


def test_auto_refuses_what_the_adapter_has_not(double):
  """A gin file that is wrong is no reason to train on something else."""
  gin.parse_config("NPURunConfig.op_debug_level = 99")
  with pytest.raises(ValueError, match="no option op_debug_level or not the"):
    devices.choose("auto", run_config=run_config.for_device("auto"))


def test_hosts_without_rank_size_train_on_cpus(double, monkeypatch, capsys):
  monkeypatch.delenv("RANK_SIZE", raising=False)
  found, why = kind.choose_if_any(num_hosts=2)
  assert found is None and double.handle is None
  assert why == (
    "RANK_SIZE, by which NPUs know of each other, is not set for the 2 hosts"
  )


_OF_AN_NPU = """
  NPURunConfig.iterations_per_loop = 7
  NPURunConfig.precision_mode = "force_fp16"
  run_config.keep_checkpoint_max = 2
"""


def test_auto_has_the_options_of_the_card_that_it_takes(double):
  gin.parse_config(_OF_AN_NPU)
  config = run_config.for_device("auto")
  assert config == run_config.for_device("npu")
  assert devices.choose("auto", run_config=config).settle(config) == config
  assert double.options_set == {"precision_mode": "force_fp16"}


def test_auto_without_a_card_has_the_options_of_others(double, monkeypatch):
  gin.parse_config(_OF_AN_NPU)
  _no_card(double, monkeypatch, RuntimeError("no device"))
  config = run_config.for_device("auto")
  settled = devices.choose("auto", run_config=config).settle(config)
  assert settled == run_config.run_config() == run_config.for_device("cpu")


_TINY = """
  dataset.name = "ring8"
  options.architecture = "dcgan_arch"
  options.batch_size = 4
  options.gan_class = @ModularGAN
  options.training_steps = 4
  options.z_dim = 2
  dcgan.Generator.ch = 1
  dcgan.Discriminator.ch = 1
  evaluate.metrics = [@ms_ssim]
  NPURunConfig.iterations_per_loop = 2
"""


def _train_in_a_shell(tmp_path, *flags, **more):
  """Returns what `--run_config=auto` does where PYTHONPATH has the adapter."""
  folder = tmp_path / "a földer"
  folder.mkdir()
  (folder / "tiny.gin").write_text(_TINY)
  root = plain_shell.ROOT
  done = plain_shell.run(
    ["-m", "compare_gan.main", "--gin_config=tiny.gin", *flags],
    folder,
    tmp_path,
    PYTHONPATH=f"{root}:{root / 'tests' / 'stand_ins'}",
    NPU_DOUBLE_LOG=tmp_path / "double.json",
    **more,
  )
  assert done.returncode == 0, done.stderr[-3000:]
  return done.stdout, folder, json.loads((tmp_path / "double.json").read_text())


def test_a_shell_with_the_adapter_trains_on_the_card(tmp_path):
  said, folder, log = _train_in_a_shell(
    tmp_path, "--model_dir=run", "--schedule=eval_after_train"
  )
  assert "Training on the NPU: npu_device opened card 0.\n" in said
  assert log["card"] == 0 and log["loops"] == [1, 1, 2]
  assert (folder / "run" / "TRAIN_DONE").exists()
  assert "step 4: ms_ssim" in said


def test_a_shell_without_a_card_trains_on_the_cpu(tmp_path):
  said, folder, log = _train_in_a_shell(
    tmp_path, "--model_dir=run", NPU_DOUBLE_FAILS="no device"
  )
  assert "and npu_device opened no card (no device).\n" in said
  assert log["card"] is None and log["loops"] == []
  assert (folder / "run" / "TRAIN_DONE").exists()


def test_what_only_scores_leaves_the_card_to_trainings(tmp_path, double):
  """It may run while the training has the card."""
  gin.parse_config(_TINY)
  with pytest.raises(FileNotFoundError, match="no checkpoint"):
    runner_lib.run_with_schedule(
      "eval_last",
      catalogue.dataset,
      run_config.for_device("auto"),
      str(tmp_path),
      "auto",
    )
  assert double.handle is None


# ---- --dry_run ---------------------------------------------------------------


def test_a_dry_run_looks_at_the_step_without_a_card(double):
  gin.parse_config("""
    dataset.name = "ring8"
    options.architecture = "tests.architectures.own_architecture"
    options.batch_size = 4
    options.gan_class = @ModularGAN
    options.training_steps = 2
    options.z_dim = 2
    options.lamba = 1
  """)
  dataset = catalogue.dataset()
  for name in ("npu", "auto"):
    text = runner_lib.describe(dataset, run_config.for_device(name))
    assert "Preflight for an NPU" in text and "No findings." in text
  assert double.handle is None
  text = runner_lib.describe(dataset, run_config.for_device("cpu"))
  assert "Preflight" not in text
