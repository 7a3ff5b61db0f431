"""`python -m compare_gan`: verbs, help and errors."""

import pathlib
import subprocess
import sys

from absl.testing import flagsaver
from compare_gan import __main__
from compare_gan import main
from compare_gan.configuration import gin_files
import gin
import pytest

from tests import plain_shell
from tests.gans import tiny

pytestmark = pytest.mark.versions("a user starts it on each TensorFlow")

_ROOT = pathlib.Path(__file__).parent.parent


def test_overview_lists_every_verb(capsys):
  assert __main__.main(["--help"]) == 0
  text = capsys.readouterr().out
  for verb, path in __main__.find_verbs().items():
    says = __main__.module_of(path).__doc__.splitlines()[0]
    assert [verb, *says.split()] in [line.split() for line in text.split("\n")]


def test_no_verb_is_an_error(capsys):
  assert __main__.main([]) == 2
  assert "usage" in capsys.readouterr().out


def test_unknown_verb_is_named(capsys):
  assert __main__.main(["smaple"]) == 2
  assert "no verb 'smaple'" in capsys.readouterr().err


def test_dashes_are_underscores(capsys):
  with pytest.raises(SystemExit) as stop:
    __main__.main(["import-v1", "--help"])
  assert stop.value.code == 0
  assert "google/compare_gan" in capsys.readouterr().out


def test_error_is_one_sentence(capsys, tmp_path):
  arguments = [f"--model_dir={tmp_path}", "--out=x.npz"]
  assert __main__.main(["sample", *arguments]) == 1
  error = capsys.readouterr().err
  assert error.startswith("compare_gan sample: There is no readable checkpoint")
  assert "Traceback" not in error


def test_traceback_on_request(tmp_path):
  arguments = [f"--model_dir={tmp_path}", "--out=x.npz", "--traceback"]
  with pytest.raises(FileNotFoundError):
    __main__.main(["sample", *arguments])


# ---- python -m compare_gan.main ----------------------------------------------


def _run_main(*flags, cwd, module=True):
  root = pathlib.Path(__main__.__file__).parent.parent
  program = ["-m", "compare_gan.main"]
  if not module:
    program = [str(root / "compare_gan" / "main.py")]
  environment = plain_shell.environment(PYTHONPATH=root if module else "")
  return subprocess.run(
    [sys.executable, *program, *flags],
    capture_output=True,
    text=True,
    cwd=cwd,
    env=environment,
  )


@pytest.mark.parametrize(
  "flag", ["num_eval_averaging_runs", "eval_every_steps"]
)
def test_a_number_that_scoring_cannot_use_is_refused_at_once(flag, tmp_path):
  result = _run_main(f"--{flag}=0", cwd=tmp_path)
  assert result.returncode == 1
  assert f"flag --{flag}=0: 0 is not a positive integer" in result.stderr


_FEW_STEPS = [
  "--gin_bindings=dataset.name = 'ring8'",
  "--gin_bindings=options.architecture = 'dcgan_arch'",
  "--gin_bindings=options.batch_size = 4",
  "--gin_bindings=options.gan_class = @ModularGAN",
  "--gin_bindings=options.training_steps = 2",
  "--gin_bindings=options.z_dim = 2",
  "--gin_bindings=dcgan.Generator.ch = 1",
  "--gin_bindings=dcgan.Discriminator.ch = 1",
]


@pytest.mark.long
def test_main_trains_from_any_directory_without_installation(tmp_path):
  result = _run_main(*_FEW_STEPS, "--model_dir=run", cwd=tmp_path, module=False)
  assert result.returncode == 0, result.stderr[-2000:]
  assert (tmp_path / "run" / "TRAIN_DONE").exists()
  assert "step 2/2" in result.stderr


@pytest.mark.once
@pytest.mark.long
def test_main_says_what_is_wrong_in_one_sentence(tmp_path):
  result = _run_main("--gin_config=nowhere.gin", cwd=tmp_path)
  assert result.returncode == 1
  assert "compare_gan: --gin_config=nowhere.gin" in result.stderr
  assert "Traceback" not in result.stderr


_OWN_LOSS = """
import gin
import tensorflow as tf

@gin.configurable
def my_loss(d_real_logits, d_fake_logits):
  return tf.matmul(d_real_logits, tf.zeros([3, 4]))
"""


@pytest.mark.long
def test_main_names_the_line_of_ones_own_loss_that_fails(tmp_path):
  """The step is traced; TensorFlow's frames of that are left out."""
  (tmp_path / "my_loss.py").write_text(_OWN_LOSS)
  (tmp_path / "my.gin").write_text("import my_loss\nloss.fn = @my_loss\n")
  flags = ["--gin_config=my.gin", "--model_dir=run"]
  result = _run_main(*_FEW_STEPS, *flags, cwd=tmp_path)
  assert result.returncode == 1
  [said] = [x for x in result.stderr.splitlines() if "compare_gan: " in x]
  assert said.startswith("compare_gan: Dimensions must be equal")
  assert said.endswith("(my_loss.py, line 7; --traceback shows more)")
  assert 'File "' not in result.stderr


@pytest.mark.once
@pytest.mark.long
def test_main_finds_a_card_by_its_name(tmp_path):
  """It gets as far as the dataset, which nobody has prepared."""
  flags = ["--gin_config=sndcgan_cifar10.gin", "--run_config=cpu"]
  flags += [f"--tfds_data_dir={tmp_path}"]
  result = _run_main(*flags, cwd=tmp_path)
  assert result.returncode == 1
  assert f"there is no prepared dataset in {tmp_path}" in result.stderr
  assert "datasets prepare --name cifar10" in result.stderr


def test_folder_of_datasets_is_a_binding_that_a_model_dir_records():
  with flagsaver.flagsaver():
    main.FLAGS(["main", "--tfds_data_dir=data"])
    gin_files.parse(bindings=main._bindings())
  assert gin.query_parameter("dataset.tfds_data_dir") == "data"


_OWN_DEVICE = """
from compare_gan.estimator.devices import cpu


class Additions:
  elsewhere = {}

  def dry_run(self, model, specs):
    return "What my own device has to say."


class Kind(cpu.Kind):
  def configured(self, run_config):
    return run_config._replace(additions=Additions())
"""


@pytest.mark.once
@pytest.mark.long
def test_a_device_of_ones_own_is_a_dotted_path(tmp_path):
  (tmp_path / "my_package").mkdir()
  (tmp_path / "my_package" / "my_device.py").write_text(_OWN_DEVICE)
  flags = ["--run_config=my_package.my_device", "--dry_run"]
  result = _run_main(*_FEW_STEPS, *flags, cwd=tmp_path)
  assert result.returncode == 0, result.stderr[-2000:]
  assert "What my own device has to say." in result.stdout
  result = _run_main(*_FEW_STEPS, "--run_config=my_package.no", cwd=tmp_path)
  assert result.returncode == 1
  assert "can be auto, cpu, gpu, npu, tpu, or the dotted" in result.stderr


_TINY = f"""
import tests.architectures.own_architecture
dataset.name = "tests.noise_dataset.NoiseDataset"
options.batch_size = 4
options.gan_class = @ModularGAN
options.architecture = "{tiny.ARCHITECTURE}"
options.training_steps = 2
options.z_dim = {tiny.Z_DIM}
evaluate.metrics = [@ms_ssim]
"""


@pytest.mark.once
@pytest.mark.long
def test_flags_of_an_evaluation(tmp_path):
  (tmp_path / "tiny.gin").write_text(_TINY)
  flags = [
    f"--gin_config={tmp_path / 'tiny.gin'}",
    f"--model_dir={tmp_path / 'model'}",
    "--run_config=cpu",
    "--schedule=eval_after_train",
    "--score_filename=table.csv",
    "--num_eval_averaging_runs=2",
    "--eval_every_steps=2",
  ]
  result = _run_main(*flags, cwd=_ROOT)
  assert result.returncode == 0, result.stderr
  assert "step 0: ms_ssim" in result.stdout
  header, first, last = (
    (tmp_path / "model" / "table.csv").read_text().splitlines()
  )
  assert header.startswith("checkpoint_path,step,ms_ssim_list,ms_ssim_mean")
  assert [line.split(",")[1] for line in (first, last)] == ["0", "2"]
  assert len(last.split(",")[2].split("_")) == 2


@pytest.mark.once
@pytest.mark.long
def test_dry_run_trains_nothing(tmp_path):
  (tmp_path / "tiny.gin").write_text(_TINY)
  flags = [f"--gin_config={tmp_path / 'tiny.gin'}", "--dry_run"]
  flags += [f"--model_dir={tmp_path / 'model'}"]
  flags += ["--gin_bindings=S3GAN.project_y = True"]
  result = _run_main(*flags, cwd=_ROOT)
  assert result.returncode == 0, result.stderr
  assert "Generator: " in result.stdout
  assert "Estimated memory for training" in result.stdout
  assert (
    "Bindings that nothing reads:\n"
    "  S3GAN.project_y: options.gan_class is @ModularGAN\n"
  ) in result.stdout
  assert not (tmp_path / "model").exists()


def test_memory_is_saved_where_blocks_are_computed_again():
  gin_files.register()
  assert not main._saves_memory()
  gin.parse_config("options.recompute = True")
  assert main._saves_memory()


@pytest.mark.once
@pytest.mark.long
def test_tpu_flags_may_not_contradict(tmp_path):
  (tmp_path / "tiny.gin").write_text(_TINY)
  flags = [f"--gin_config={tmp_path / 'tiny.gin'}", "--use_tpu"]
  result = _run_main(*flags, "--run_config=cpu", cwd=_ROOT)
  assert "--use_tpu=True contradicts --run_config=cpu" in result.stderr
  result = _run_main(*flags, cwd=_ROOT)
  assert result.returncode == 1
  assert "--run_config=auto works without a TPU" in result.stderr


@pytest.mark.once
@pytest.mark.long
def test_missing_inception_is_said_before_training(tmp_path):
  result = _run_main("--myevalinception=nowhere.tar.gz", cwd=tmp_path)
  assert result.returncode == 1
  assert "--myevalinception=nowhere.tar.gz: there is no" in result.stderr
