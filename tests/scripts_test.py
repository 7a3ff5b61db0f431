"""scripts/ as people call them: in a real bash.

Most of them with a Python that writes down what it is to train.
"""

import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import tarfile
import time

from compare_gan.configuration import gin_files
from compare_gan.estimator.devices.npu import options as npu_options
from compare_gan.gans import options
import gin
import numpy as np
import pytest
import scipy.io

from tests import plain_shell
from tests.datasets import pictures

pytestmark = pytest.mark.versions("ModelArts has an older Python")

_ROOT = pathlib.Path(__file__).parent.parent
_SCRIPTS = _ROOT / "scripts"
_NAMES = sorted(p.name for p in _SCRIPTS.glob("*.sh") if p.name != "card.sh")
_FOLDERS = ["run_1p.sh", "run_cpu.sh", "run_gpu.sh"]

# Asks and plans are for the real one; what is left is a training.
_FAKE = """#!/usr/bin/env bash
case "$*" in "-c "* | *" zoo "*) exec {python} "$@" ;; esac
printf '%s\\0' "$PYTHONPATH" "$@" END >> {noted}
echo a line of the training
{body}
"""


class Called(list):
  """The words of a training, without "-m"."""

  def value(self, flag):
    [value] = [w.split("=", 1)[1] for w in self if w.startswith(f"--{flag}=")]
    return value

  def last(self, flag):
    return [w for w in self if w.startswith(f"--{flag}=")][-1].split("=", 1)[1]

  def bindings(self):
    start = "--gin_bindings="
    return [w[len(start) :] for w in self if w.startswith(start)]

  def parse(self):
    """Gives gin what compare_gan.main would."""
    gin_files.parse([self.value("gin_config")], self.bindings())


class Place:
  """A folder whose name needs quotes, a Python, some data, a plain shell."""

  def __init__(self, tmp_path):
    self.folder = tmp_path / "it's größe"
    self.images = self.folder / "train data" / "data" / "celebA"
    self.images.mkdir(parents=True)
    for i in range(8):
      (self.images / f"{i}.jpg").write_bytes(b"")
    self.data = self.images.parent.parent
    self.noted = tmp_path / "noted"
    self.python = tmp_path / "python"
    self.train_as("exit 0")
    self.modules = tmp_path / "modules"
    self.modules.mkdir()
    self.variables = plain_shell.environment(
      tmp_path, PYTHON=self.python, PYTHONPATH=self.modules
    )

  def train_as(self, body):
    self.python.write_text(
      _FAKE.format(
        python=shlex.quote(sys.executable), noted=self.noted, body=body
      )
    )
    self.python.chmod(0o755)

  def start(self, script, *words, **variables):
    return subprocess.Popen(
      ["bash", str(_SCRIPTS / script), *map(str, words)],
      cwd=self.folder,
      env={**self.variables, **variables},
      stdin=subprocess.DEVNULL,
      stdout=subprocess.PIPE,
      stderr=subprocess.STDOUT,
      text=True,
    )

  def run(self, script, *words, code=0, **variables):
    """Returns what was printed."""
    process = self.start(script, *words, **variables)
    printed, _ = process.communicate(timeout=240)
    assert process.returncode == code, printed
    return printed

  def called(self):
    """Returns the Called of each training, and PYTHONPATH of the last one."""
    if not self.noted.exists():
      return []
    calls = self.noted.read_text().split("\0END\0")[:-1]
    words = [call.split("\0") for call in calls]
    self.path = words[-1][0]
    return [Called(w[2:]) for w in words]  # without the path and -m

  def full(self, *words, **settings):
    """Returns the one training of train_full_1p.sh --data_path."""
    words = (f"--data_path={self.data}", "--batch_size=4", *words)
    self.run("train_full_1p.sh", *words, **settings)
    [called] = self.called()
    return called


@pytest.fixture
def place(tmp_path):
  return Place(tmp_path)


@pytest.mark.parametrize("name", [*_NAMES, "card.sh"])
def test_bash_can_read_it(name):
  subprocess.run(
    ["bash", "-n", str(_SCRIPTS / name)],
    check=True,
    env=plain_shell.environment(),
  )


def test_all_scripts_are_there():
  assert _NAMES == sorted(
    [
      *_FOLDERS,
      "run_msprof.sh",
      "train_full_1p.sh",
      "train_full_1p_modelarts.sh",
      "train_performance_1p.sh",
    ]
  )


def test_source_distribution_holds_them(tmp_path):
  made = ["egg_info", "--egg-base", tmp_path, "sdist", "--dist-dir", tmp_path]
  subprocess.run(
    [sys.executable, "setup.py", "--quiet", *made, "--formats=gztar"],
    cwd=_ROOT,
    check=True,
    stdin=subprocess.DEVNULL,
    env=plain_shell.environment(),
  )
  [path] = tmp_path.glob("*.tar.gz")
  with tarfile.open(path) as archive:
    held = {pathlib.PurePath(name).parts[1:] for name in archive.getnames()}
  assert {("scripts", name) for name in [*_NAMES, "card.sh"]} <= held


@pytest.mark.parametrize("name", _NAMES)
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_is_usage_and_trains_nothing(place, name, flag):
  printed = place.run(name, flag)
  assert f"  bash {name} " in printed and "#" not in printed
  assert not place.called() and os.listdir(place.folder) == ["train data"]


# ---- train_full_1p.sh --------------------------------------------------------


def test_data_path_is_dcgans(place):
  called = place.full("--epoch=3")
  assert called[0] == "compare_gan.main"
  called.parse()
  images = gin.query_parameter("folder.path")
  assert (place.folder / images).samefile(place.images)
  assert gin.query_parameter("folder.crop") == (108, 108)
  assert gin.query_parameter("card_log.network").startswith("DCGAN_ID2196")
  assert options.options().training_steps == 3 * 2
  assert called.last("run_config") == "auto"
  assert place.path.split(":")[0] == str(_ROOT)


def test_log_is_where_the_cards_have_it(place):
  called = place.full(ASCEND_DEVICE_ID="3")
  folder = place.folder / "test" / "output" / "3"
  assert (folder / "train_3.log").read_text() == "a line of the training\n"
  called.parse()
  assert gin.query_parameter("card_log.folder") == str(folder)


def test_output_is_seen_too(place):
  words = (f"--data_path={place.data}", "--batch_size=4")
  assert "a line of the training" in place.run("train_full_1p.sh", *words)


def test_it_works_from_any_folder_and_with_relative_paths(place):
  place.run("train_full_1p.sh", "--data_path=train data", "--batch_size=4")
  [called] = place.called()
  called.parse()
  path = gin.query_parameter("folder.path")
  assert path == "train data/data/celebA"


def test_dataset_path_is_bigbigans(place):
  place.run(
    "train_full_1p.sh",
    *("--dataset_path", "some data", "--result_path", "some results"),
    "--num_epochs=2",
  )
  [called] = place.called()
  called.parse()
  assert called.value("tfds_data_dir") == "some data"
  assert called.value("model_dir").startswith("some results/BigBiGAN_mnist_")
  assert options.options().training_steps == 2 * 234


@pytest.mark.parametrize(
  "words,network",
  [
    (["--data_path=d", "--output_path=o"], "AnimeFaceGAN_ID1062"),
    (["--output_path", "o", "--data_path", "d"], "AnimeFaceGAN_ID1062"),
    (["--dataset_path=d", "--result_path=r"], "BigbiGAN_ID1293"),
    (["--dataset_path=d", "--output_path=o"], "BigbiGAN_ID1293"),
    (["--output_path=o", "--dataset_path=d"], "BigbiGAN_ID1293"),
    (
      ["--network=bigbigan", "--data_path=d", "--output_path=o"],
      "BigbiGAN_ID1293",
    ),
  ],
)
def test_folders_say_which_card_it_is(place, words, network):
  place.run("train_full_1p.sh", *words)
  called = place.called()[0]
  called.parse()
  assert gin.query_parameter("card_log.network").startswith(network)


def test_output_path_is_biggans(place):
  words = ("--data_path=../dataset", "--output_path=../output", "-i", "3")
  place.run("train_full_1p.sh", *words)
  called, *_ = place.called()
  called.parse()
  assert gin.query_parameter("arrays.path") == "../dataset"
  assert called.value("model_dir").startswith("../output/model/32/")
  assert options.options().training_steps == 3
  log = place.folder / "test" / "output" / "0" / "train_0.log"
  assert log.read_text().startswith("a line of the training\n")


def test_network_says_it_otherwise(place):
  place.run(
    "train_full_1p.sh",
    *("--network=compare_gan", "--data_path=d", "--result_path=r"),
    "--eval_every_steps=7",
  )
  [called] = place.called()
  called.parse()
  assert called.value("gin_config") == "resnet_cifar10_false.gin"
  assert (called.value("tfds_data_dir"), called.value("model_dir")) == (
    "d",
    "r",
  )
  assert "--eval_every_steps=7" in called
  assert gin.query_parameter("card_log.network").startswith("COMPARE_GAN")


def test_biggan_trains_and_makes_a_grid_of_each_class(place):
  place.run("train_full_1p.sh", "--network=biggan", "--data_path=d", "-b", "8")
  train, *then = place.called()
  train.parse()
  assert gin.query_parameter("arrays.path") == "d"
  assert options.options().batch_size == 8
  [grids] = then  # One process for all classes.
  assert grids[:2] == ["compare_gan", "sample"]


def test_flags_behind_two_dashes_are_mains_and_count_last(place):
  called = place.full(
    "--steps=9", "--", "--gin_bindings=options.training_steps = 5", "--x=a b"
  )
  called.parse()
  assert options.options().training_steps == 5 and called[-1] == "--x=a b"


# ---- NPUs --------------------------------------------------------------------


def _options_of(called):
  called.parse()
  return npu_options.npu_run_config().device


def test_nothing_is_told_that_was_not_asked_for(place):
  assert _options_of(place.full("--over_dump=False", "--profiling=0")) == {}


def test_precision_mode(place):
  place.full("--precision_mode=allow_fp32_to_fp16").parse()
  mode = gin.query_parameter("run_config.precision_mode")
  assert mode == "allow_fp32_to_fp16"


def test_overflows_are_dumped(place):
  told = _options_of(place.full("--over_dump=True"))
  dump = place.folder / "test" / "output" / "0" / "dump"
  assert told == {
    "dump_config.dump_path": str(dump),
    "dump_config.enable_dump": False,
    "dump_config.enable_dump_debug": True,
    "dump_config.dump_mode": "all",
  }
  assert dump.is_dir()


def test_data_are_dumped_at_steps(place):
  told = _options_of(place.full("--data_dump_flag", "--data_dump_step=0|5"))
  assert told["dump_config.enable_dump"] is True
  assert told["dump_config.enable_dump_debug"] is False
  assert told["dump_config.dump_step"] == "0|5"


def test_data_are_dumped_at_step_10_by_default(place):
  told = _options_of(place.full("--data_dump_flag=1"))
  assert told["dump_config.dump_step"] == "10"


def test_profile_goes_to_the_folder_of_the_log(place):
  told = _options_of(place.full("--profiling=True"))
  folder = place.folder / "test" / "output" / "0" / "profiling"
  assert told == {
    "profiling_config.enable_profiling": True,
    "profiling_config.profiling_options": f'{{"output":"{folder}",'
    '"task_trace":"on","aicpu":"on"}',
  }
  assert folder.is_dir()


def test_an_adapter_without_a_card_is_no_npu(place):
  """Whether a card answers is the training's to find out."""
  (place.modules / "npu_device.py").write_text("raise ImportError")
  assert place.full().last("run_config") == "auto"


@pytest.mark.parametrize("flag", ["--run_config=npu", "--chip=npu"])
def test_device_is_a_choice(place, flag):
  assert place.full(flag).last("run_config") == "npu"


# ---- How it ends -------------------------------------------------------------


def test_exit_code_is_the_trainings_and_nothing_follows(place):
  place.train_as("echo a sentence >&2; exit 7")
  words = ("--network=biggan", "--data_path=d")
  assert "a sentence" in place.run("train_full_1p.sh", *words, code=7)
  assert len(place.called()) == 1
  log = place.folder / "test" / "output" / "0" / "train_0.log"
  assert log.read_text() == "a line of the training\na sentence\n"


def test_a_signal_reaches_the_training_and_its_code_comes_back(place):
  place.train_as(
    "trap 'sleep 0.3; echo saved; exit 5' TERM\n"
    "touch started; for i in {1..200}; do sleep 0.1; done"
  )
  words = ("--network=biggan", "--data_path=d")
  process = place.start("train_full_1p.sh", *words)
  limit = time.monotonic() + 60
  while not (place.folder / "started").exists():
    assert time.monotonic() < limit
    time.sleep(0.02)
  process.send_signal(signal.SIGTERM)
  printed, _ = process.communicate(timeout=60)
  assert process.returncode == 5 and printed.endswith("saved\n")
  assert len(place.called()) == 1


def test_dry_run_prints_words_for_a_shell(place):
  words = (f"--data_path={place.data}", "--batch_size=4", "--over_dump=True")
  printed = place.run("train_full_1p.sh", *words, "--dry_run")
  path, line = printed.splitlines()[-2:]
  assert shlex.split(path)[0] == "export"
  command = shlex.split(line)
  assert command[:3] == [str(place.python), "-m", "compare_gan.main"]
  assert f"--gin_bindings=folder.path = {str(place.images)!r}" in command
  assert not place.called() and os.listdir(place.folder) == ["train data"]


def test_printed_lines_can_be_pasted_into_a_shell(place):
  words = ("--data_path=it's größe", "--output_path=$HOME; ls", "--steps=2")
  printed = place.run("train_full_1p.sh", *words, "--dry_run")
  first = printed.index("\nexport PYTHONPATH=")
  pasted = [
    line
    for line in printed[first:].splitlines()
    if line.startswith(("export ", shlex.quote(str(place.python))))
  ]
  subprocess.run(
    ["sh", "-e", "-c", "\n".join(pasted)],
    cwd=place.folder,
    env=place.variables,
    check=True,
  )
  train, grids = place.called()
  train.parse()
  assert gin.query_parameter("arrays.path") == "it's größe"
  assert train.value("model_dir").startswith("$HOME; ls/model/32/")
  assert options.options().training_steps == 2
  assert grids.value("out") == "$HOME; ls/gen_img/image_of_each_class/32"


_DRY = {
  "train_full_1p.sh": ("--data_path=d", "--output_path=o"),
  "train_full_1p_modelarts.sh": ("--data_path=d", "--output_path=o"),
  "train_performance_1p.sh": ("--dataset_path=d", "--result_path=r"),
  **{name: (_ROOT, "d", "r") for name in _FOLDERS},
  "run_msprof.sh": (_ROOT, "d", "r"),
}


@pytest.mark.parametrize("name", _NAMES)
def test_dry_run_of_every_script_makes_nothing(place, name):
  printed = place.run(name, *_DRY[name], "--dry_run")
  device = {"run_cpu.sh": "cpu", "run_gpu.sh": "gpu"}.get(name, "auto")
  [line] = [x for x in printed.splitlines() if " -m compare_gan.main " in x]
  assert Called(shlex.split(line)).last("run_config") == device
  assert not place.called() and os.listdir(place.folder) == ["train data"]


@pytest.mark.parametrize(
  "words,sentence",
  [
    ([], "Where are the data?"),
    (["--data_path"], "--data_path needs a value"),
    (["--data_path=d", "--network=gan"], "--network=gan: dcgan, bigbigan"),
    (["--data_path=d", "--over_dump=maybe"], "--over_dump=maybe: True or"),
    (["--data_path=d", "--steps=0"], "--steps=0: 1 or more"),
    (["--data_path=d", "--steps=1e3"], "--steps=1e3: 1 or more"),
    (["--dataset_path=d"], "--result_path"),
    (["--network=biggan", "--data_path=d", "--autotune=1"], "--autotune=1"),
    (["--data_path=obs://b/d"], "obs://b/d is no folder"),
    (["--data_path=d", "--output_path=s3://b/o"], "boot_modelarts.py, which"),
  ],
)
def test_what_it_cannot_do_is_said(place, words, sentence):
  assert sentence in place.run("train_full_1p.sh", *words, code=2)
  assert not place.called()


def test_what_the_zoo_refuses_is_said(place):
  words = ("--data_path=nowhere", "--batch_size=4")
  assert "there is no folder" in place.run("train_full_1p.sh", *words, code=1)
  assert not place.called()


# ---- train_performance_1p.sh -------------------------------------------------


def _performance(place, *words):
  place.run("train_performance_1p.sh", *words)
  [called] = place.called()
  called.parse()
  return options.options().training_steps


def test_bigbigan_trains_for_an_epoch_whatever_is_asked_for(place):
  words = ("--dataset_path=d", "--result_path=r", "--num_epochs=50")
  assert _performance(place, *words, "--train_batch_size=128") == 468
  assert gin.query_parameter("run_config.iterations_per_loop") == 10


@pytest.mark.parametrize("words,steps", [([], 100), (["--steps=2"], 2)])
def test_others_train_for_100_steps_or_as_many_as_asked_for(
  place, words, steps
):
  words = (f"--data_path={place.data}", "--batch_size=4", "--freeze", *words)
  # Its one call is the training: --freeze comes after it.
  assert _performance(place, *words) == steps


# ---- train_full_1p_modelarts.sh ----------------------------------------------


def test_a_container_writes_into_its_output_alone(place):
  words = ("--data_path=a data", "--output_path=a result", "--profiling=True")
  place.run("train_full_1p_modelarts.sh", *words)
  called, *_ = place.called()
  called.parse()
  assert gin.query_parameter("arrays.path") == "a data"
  result = place.folder / "a result"
  assert called.value("model_dir").startswith("a result/model/32/")
  assert gin.query_parameter("card_log.folder") == str(result)
  assert "a line" in (result / "train_0.log").read_text()
  assert sorted(os.listdir(place.folder)) == ["a result", "train data"]


def test_a_container_has_its_folders(place):
  printed = place.run("train_full_1p_modelarts.sh", "--dry_run")
  assert "arrays.path = '/cache/dataset'" in printed
  assert "--model_dir=/cache/result/model/32/" in printed


def test_a_container_trains_other_cards_too(place):
  words = (f"--data_path={place.data}", "--output_path=o", "--batch_size=4")
  place.run("train_full_1p_modelarts.sh", "--network=dcgan", *words)
  [called] = place.called()
  assert called.value("model_dir").startswith("o/")
  called.parse()
  assert gin.query_parameter("card_log.network").startswith("DCGAN_ID2196")


# ---- run_*.sh ----------------------------------------------------------------


@pytest.mark.parametrize(
  "name,device",
  [("run_1p.sh", "auto"), ("run_cpu.sh", "cpu"), ("run_gpu.sh", "gpu")],
)
def test_biggan_of_three_folders(place, name, device):
  place.run(name, _ROOT, "a data", "a result", "--train_itr=7")
  called = place.called()[0]
  called.parse()
  assert called.last("run_config") == device
  assert gin.query_parameter("arrays.path") == "a data"
  assert options.options().training_steps == 7
  assert called.value("model_dir").startswith("a result/model/32/")
  result = place.folder / "a result"
  assert gin.query_parameter("card_log.folder") == str(result)
  assert "a line" in (result / "train_0.log").read_text()


def test_run_1p_is_for_an_npu_if_there_is_one(place):
  place.run("run_1p.sh", _ROOT, "d", "r", "--steps=7")
  train, *_ = place.called()
  train.parse()
  assert train.last("run_config") == "auto"
  assert options.options().training_steps == 7


def test_compare_gan_of_three_folders(place):
  place.run("run_cpu.sh", _ROOT, "d", "r", "--network=compare_gan")
  [called] = place.called()
  assert called.value("gin_config") == "resnet_cifar10_false.gin"
  assert called.value("tfds_data_dir") == "d"


@pytest.mark.parametrize("name", [*_FOLDERS, "run_msprof.sh"])
def test_missing_folders_are_asked_for(place, name):
  assert "CODE_DIR DATA_DIR RESULT_DIR" in place.run(name, _ROOT, "d", code=2)


def test_code_without_the_package_is_said(place):
  printed = place.run("run_cpu.sh", place.data, "d", "r", code=2)
  assert "has no compare_gan" in printed


# ---- run_msprof.sh -----------------------------------------------------------

_MSPROF = """#!/usr/bin/env bash
for word; do
  case $word in
    --application=*) application=${word#*=} ;;
    --output=*) output=${word#*=} ;;
  esac
done
{body}
echo profiled > "$output/profile"
"""


def _with_msprof(place, body="$application"):  # splits it at spaces
  msprof = place.modules / "msprof"
  msprof.write_text(_MSPROF.replace("{body}", body))
  msprof.chmod(0o755)
  return {"PATH": f"{place.modules}:{place.variables['PATH']}"}


def test_msprof_runs_the_training_of_one_card(place):
  variables = _with_msprof(place)
  words = (_ROOT, "a data", "a result", "--steps=2")
  place.run("run_msprof.sh", *words, **variables)
  called = place.called()[0]
  called.parse()
  assert gin.query_parameter("arrays.path") == "a data"
  profile = place.folder / "a result" / "msprof" / "profile"
  assert profile.read_text() == "profiled\n"


def test_msprof_gets_one_word_wherever_temporary_files_are(place):
  """It splits what it runs at spaces, and a shell reads the words."""
  folder = place.folder / "two words [1] *"
  folder.mkdir()
  variables = {**_with_msprof(place), "TMPDIR": str(folder)}
  place.run("run_msprof.sh", _ROOT, "d", "r", **variables)
  assert place.called()
  assert os.listdir(folder) == []


def test_a_failed_training_is_a_failed_profile(place):
  """This msprof ends well in any case."""
  place.train_as("exit 7")
  variables = _with_msprof(place, "$application || true")
  place.run("run_msprof.sh", _ROOT, "d", "r", code=7, **variables)


def test_a_failed_msprof_fails(place):
  variables = _with_msprof(place, "exit 9")
  place.run("run_msprof.sh", _ROOT, "d", "r", code=9, **variables)


def test_an_msprof_that_runs_nothing_fails(place):
  variables = _with_msprof(place, "true")
  printed = place.run("run_msprof.sh", _ROOT, "d", "r", code=2, **variables)
  assert "did not run the training" in printed


def test_a_missing_msprof_is_said(place):
  printed = place.run("run_msprof.sh", _ROOT, "d", "r", code=2)
  assert "no msprof in PATH" in printed and not place.called()


# ---- The real thing ----------------------------------------------------------

# An adapter that a script finds and a training opens.
_NPU_DEVICE = """
from tests import npu_double
held = npu_double.installed()
held.__enter__()  # It puts the double into this module's place.
"""


def _write_images(place):
  rng = np.random.RandomState(0)
  for path in place.images.iterdir():
    pixels = rng.randint(0, 256, (24, 20, 3)).astype(np.uint8)
    path.write_bytes(pictures.encode(pixels, "JPEG"))
  (place.images / "notes.txt").write_text("no image")
  (place.images / ".DS_Store").write_bytes(b"no image")


def _write_mats(folder):
  """Writes CIFAR-10's files, of twelve images each."""
  folder.mkdir()
  rng = np.random.RandomState(0)
  for name in ("data_batch_1", "test_batch"):
    pixels = rng.randint(0, 256, (12, 3072)).astype(np.uint8)
    labels = np.arange(12)[:, None] % 10
    scipy.io.savemat(folder / f"{name}.mat", {"data": pixels, "labels": labels})


_TWO_STEPS = ("--steps=2", "--base_channel=2", "--batch_size=4")


def _assert_biggan_has_trained(output, log_folder):
  """Looks for what the card and the scripts around it expect."""
  [trained] = (output / "model" / "32").iterdir()
  assert (trained / "model.ckpt-2.index").exists()
  grids = output / "gen_img" / "image_of_each_class" / "32"
  assert sorted(path.name for path in grids.iterdir()) == [
    f"{label}.png" for label in range(10)
  ]
  log = (log_folder / "train_0.log").read_text()
  assert re.search(r"Iteration: 2, D_loss: \S+, G_loss: \S+, D_updata_", log)
  assert "Final Performance sec/step : " in log
  [about] = log_folder.glob("AnimeFaceGAN_ID1062_*_perf.log")
  assert "ActualFPS = " in about.read_text()


@pytest.mark.long
@pytest.mark.once
def test_dcgan_really_trains(place):
  _write_images(place)
  printed = place.run(
    "train_full_1p.sh",
    "--data_path=train data",
    *("--batch_size=4", "--input_height=16", "--output_height=16"),
    *("--z_dim=4", "--out_name=mine", "--steps=2"),
    PYTHON=sys.executable,
  )
  assert (place.folder / "out" / "mine" / "model.ckpt-2.index").exists()
  folder = place.folder / "test" / "output" / "0"
  log = (folder / "train_0.log").read_text()
  for text in (log, printed):
    # Eight images are two batches of four: nothing is held out.
    assert "[       2 Epoch:[ 0/ 1] [   1/   2] time: " in text
    assert "Final Performance images/sec : " in text
  [about] = folder.glob("DCGAN_*_perf.log")
  assert "ActualFPS = " in about.read_text()


@pytest.mark.long
@pytest.mark.once
def test_biggan_really_trains(place):
  """The card's own line, from a folder beside that of the data."""
  _write_mats(place.folder.parent / "dataset")
  words = ("--data_path=../dataset", "--output_path=../output", *_TWO_STEPS)
  place.run("train_full_1p.sh", *words, PYTHON=sys.executable)
  logs = place.folder / "test" / "output" / "0"
  _assert_biggan_has_trained(place.folder.parent / "output", logs)


@pytest.mark.slow
@pytest.mark.parametrize("with_npu", [False, True])
@pytest.mark.parametrize(
  "script,folders",
  [
    ("train_full_1p_modelarts.sh", ("--data_path=d", "--output_path=r é")),
    ("run_1p.sh", (_ROOT, "d", "r é")),
    ("run_cpu.sh", (_ROOT, "d", "r é")),
    ("run_msprof.sh", (_ROOT, "d", "r é")),
  ],
)
def test_every_script_really_trains(place, script, folders, with_npu):
  _write_mats(place.folder / "d")
  variables = {}
  if script == "run_msprof.sh":
    variables = _with_msprof(place)
  if with_npu:
    (place.modules / "npu_device.py").write_text(_NPU_DEVICE)
  variables["PYTHON"] = sys.executable
  printed = place.run(script, *folders, *_TWO_STEPS, **variables)
  is_npus = with_npu and script != "run_cpu.sh"
  assert ("Training on the NPU: " in printed) == is_npus
  result = place.folder / "r é"
  _assert_biggan_has_trained(result, result)


@pytest.mark.slow
def test_gpus_are_asked_for(place):
  """Here are none, which is a sentence and no training on the CPU."""
  _write_mats(place.folder / "d")
  words = (_ROOT, "d", "r", *_TWO_STEPS)
  printed = place.run(
    "run_gpu.sh", *words, code=1, PYTHON=sys.executable, CUDA_VISIBLE_DEVICES=""
  )
  assert "GPU" in printed.splitlines()[-1]


@pytest.mark.slow
@pytest.mark.parametrize("with_npu", [False, True])
def test_bigbigan_really_trains(place, with_npu):
  if with_npu:
    (place.modules / "npu_device.py").write_text(_NPU_DEVICE)
  place.run(
    "train_performance_1p.sh",
    *("--dataset_path=tensorflow_datasets", "--result_path=results"),
    *("--train_batch_size=8", "--num_epochs=50", "--steps=2"),
    *("--gen_disc_ch=8", "--en_ch=8", "--", "--data_fake_dataset"),
    PYTHON=sys.executable,
  )
  [trained] = (place.folder / "results").glob("BigBiGAN_mnist_*")
  assert (trained / "model.ckpt-2.index").exists()
  [about] = (place.folder / "test" / "output" / "0").glob("Bigbi*_perf.log")
  assert "Actual_Disc_Loss = " in about.read_text()
