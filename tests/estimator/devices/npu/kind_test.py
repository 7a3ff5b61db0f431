"""When --run_config takes an NPU's card, what it says, what its options are."""

import json
import sys
import types

from compare_gan import runner_lib
from compare_gan.datasets import catalogue
from compare_gan.estimator import devices
from compare_gan.estimator import run_config
from compare_gan.estimator.devices import single
from compare_gan.estimator.devices.npu import devices as npu
from compare_gan.estimator.devices.npu import kind
import gin
import pytest
import tensorflow as tf

from tests import npu_double
from tests import plain_shell

pytestmark = [
  pytest.mark.npu,
  pytest.mark.versions("Huawei's adapter is for TensorFlow 2.6.5"),
]


@pytest.fixture
def double():
  with npu_double.installed() as double:
    yield double


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
  with pytest.raises(
    ValueError, match="no option op_debug_level or does not accept"
  ):
    devices.choose("auto", run_config=run_config.for_device("auto"))


def test_hosts_without_rank_size_train_on_cpus(double, monkeypatch, capsys):
  monkeypatch.delenv("RANK_SIZE", raising=False)
  found, why = kind.choose_if_any(num_hosts=2)
  assert found is None and double.handle is None
  assert why == (
    "RANK_SIZE, which tells the NPUs of each other, is not set for the 2 hosts"
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
