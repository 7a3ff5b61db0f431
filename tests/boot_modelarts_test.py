"""The boot file as ModelArts starts it: real processes, a moxing of our own.

The moxing keeps obs://bucket/... below a folder; the trainer is a few lines
that do what the test is about.
"""

import json
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import time

import pytest

from tests import plain_shell

pytestmark = pytest.mark.versions("ModelArts has an older Python")

_ROOT = pathlib.Path(__file__).parent.parent
_BOOT = _ROOT / "boot_modelarts.py"

_MOXING = """
import os, pathlib, shutil, sys

class file:
  root = pathlib.Path(os.environ["OBS_ROOT"])

  @classmethod
  def _path(cls, url):
    if not url.startswith(("obs://", "s3://")):
      return pathlib.Path(url)
    return cls.root / url.split("://")[1]

  @classmethod
  def _note(cls, *words):
    with open(cls.root / "calls", "a") as calls:
      calls.write(" ".join(map(str, words)) + "\\n")
    fails = cls.root / "fails"  # How often the next calls do not work.
    left = int(fails.read_text()) if fails.exists() else 0
    if left:
      fails.write_text(str(left - 1))
      raise OSError("the network is away, AK=topsecret")

  @classmethod
  def exists(cls, url):
    return cls._path(url).exists()

  @classmethod
  def list_directory(cls, url):
    return os.listdir(cls._path(url))

  @classmethod
  def make_dirs(cls, url):
    cls._path(url).mkdir(parents=True, exist_ok=True)

  @classmethod
  def copy(cls, src_url, dst_url):
    cls._note("copy", dst_url)
    shutil.copyfile(cls._path(src_url), cls._path(dst_url))

  @classmethod
  def copy_parallel(cls, src_url, dst_url):
    cls._note("copy_parallel", src_url)
    shutil.copytree(cls._path(src_url), cls._path(dst_url), dirs_exist_ok=True)
"""

# What every trainer here can use.
_TRAINER = """
import json, os, pathlib, signal, sys, time
flags = dict(a.lstrip("-").split("=", 1) for a in sys.argv[1:] if "=" in a)
model_dir = pathlib.Path(flags["model_dir"])
model_dir.mkdir(parents=True, exist_ok=True)
rank = os.environ.get("RANK_ID", "0")
def note(name, value):
  (model_dir / name).write_text(json.dumps(value))
def save(step):
  base = f"model.ckpt-{step}"
  for end in (".data-00000-of-00001", ".index"):
    (model_dir / (base + end)).write_text(str(step))
  (model_dir / "checkpoint").write_text(base)
"""


class Job:
  """A code folder with a trainer, an OBS with some data, and the boot file."""

  def __init__(self, tmp_path, trainer):
    self.obs = tmp_path / "obs"
    (self.obs / "b" / "data").mkdir(parents=True)
    (self.obs / "b" / "data" / "images").write_text("pixels")
    self.run = self.obs / "b" / "run"
    self.result = tmp_path / "result"
    self.data = tmp_path / "data"
    code = tmp_path / "code" / "compare_gan"
    code.mkdir(parents=True)
    (code / "main.py").write_text(_TRAINER + trainer)
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "moxing.py").write_text(_MOXING)
    self.variables = plain_shell.environment(
      tmp_path, PYTHONPATH=modules, OBS_ROOT=self.obs
    )
    self.words = [
      sys.executable,
      "-c",
      # The waits between two tries are seconds long.
      "import runpy, sys; sys.argv = sys.argv[1:]; "
      "import importlib.util as u; "
      "s = u.spec_from_file_location('boot', sys.argv[0]); "
      "m = u.module_from_spec(s); s.loader.exec_module(m); m._PAUSE = 0.0; "
      "sys.exit(m.main())",
      str(_BOOT),
      f"--code_dir={tmp_path / 'code'}",
      f"--modelarts_data_dir={self.data}",
      f"--modelarts_result_dir={self.result}",
      "--grace_seconds=5",
    ]
    self.urls = ["--data_url=obs://b/data", "--train_url=obs://b/run"]

  def start(self, *words, urls=None, **variables):
    return subprocess.Popen(
      [*self.words, *(self.urls if urls is None else urls), *words],
      env={**self.variables, **variables},
      stdout=subprocess.PIPE,
      stderr=subprocess.STDOUT,
      text=True,
    )

  def boot(self, *words, **settings):
    """Returns the exit code and the log."""
    process = self.start(*words, **settings)
    log, _ = process.communicate(timeout=60)
    return process.returncode, log

  def calls(self):
    path = self.obs / "calls"
    return path.read_text().splitlines() if path.exists() else []


def _wait_for(path):
  limit = time.monotonic() + 30
  while not path.exists():
    assert time.monotonic() < limit, f"no {path}"
    time.sleep(0.02)


def test_data_come_and_results_go(tmp_path):
  job = Job(
    tmp_path,
    """
data = pathlib.Path(flags["tfds_data_dir"])
note("seen", [(data / "images").read_text(), flags])
save(5)
""",
  )
  code, log = job.boot("--gin_config=mine.gin")
  assert code == 0, log
  pixels, flags = json.loads((job.run / "seen").read_text())
  assert pixels == "pixels" and flags["gin_config"] == "mine.gin"
  assert (job.run / "model.ckpt-5.index").exists()


def test_the_command_in_the_log_can_be_pasted(tmp_path):
  binding = "--gin_bindings=options.seed = 3"
  _, log = Job(tmp_path, "save(5)").boot(binding, "--note=it's; $HOME")
  [line] = [x for x in log.splitlines() if x.startswith("Running ")]
  words = shlex.split(line)[1:]
  assert words[0] == sys.executable
  assert words[-2:] == [binding, "--note=it's; $HOME"]


def test_index_comes_after_the_numbers_and_checkpoint_last(tmp_path):
  job = Job(tmp_path, "save(5)\nsave(6)\n")
  assert job.boot()[0] == 0
  sent = [call.rsplit("/", 1)[1] for call in job.calls() if "copy obs" in call]
  assert sent.index("model.ckpt-6.data-00000-of-00001") < sent.index(
    "model.ckpt-5.index"
  )
  assert sent[-1] == "checkpoint"


def test_checkpoints_go_while_the_training_runs(tmp_path):
  trainer = """
save(1)
while not (model_dir / "go_on").exists():
  time.sleep(0.02)
"""
  job = Job(tmp_path, trainer)
  process = job.start("--sync_seconds=0.05")
  _wait_for(job.run / "checkpoint")
  (job.result / "go_on").write_text("")
  process.communicate(timeout=60)
  assert process.returncode == 0


def test_exit_code_is_the_trainings_and_what_it_left_is_kept(tmp_path):
  job = Job(tmp_path, "save(3)\nsys.exit(7)\n")
  code, _ = job.boot()
  assert code == 7
  assert (job.run / "model.ckpt-3.index").exists()


def test_a_child_that_is_killed_is_128_and_the_signal(tmp_path):
  job = Job(tmp_path, "save(3)\nos.kill(os.getpid(), signal.SIGKILL)\n")
  code, _ = job.boot()
  assert code == 128 + signal.SIGKILL
  assert (job.run / "model.ckpt-3.index").exists()


def test_sigterm_reaches_the_training_which_ends_in_peace(tmp_path):
  trainer = """
def stop(number, frame):
  save(9)
  sys.exit(0)
signal.signal(signal.SIGTERM, stop)
note("started", rank)
time.sleep(60)
"""
  job = Job(tmp_path, trainer)
  process = job.start()
  _wait_for(job.result / "started")
  process.send_signal(signal.SIGTERM)
  process.communicate(timeout=60)
  assert process.returncode == 0
  assert (job.run / "model.ckpt-9.index").exists()


def test_one_training_per_npu_each_with_its_rank(tmp_path):
  trainer = """
names = ("RANK_ID", "RANK_SIZE", "ASCEND_DEVICE_ID", "DEVICE_ID")
note(f"rank{rank}", [os.environ[name] for name in names])
"""
  job = Job(tmp_path, trainer)
  code, log = job.boot(
    "--run_config=npu", MA_NUM_GPUS="2", MA_NUM_HOSTS="2", VC_TASK_INDEX="1"
  )
  assert code == 0, log
  for card, rank in enumerate(("2", "3")):
    seen = json.loads((job.result / f"rank{rank}").read_text())
    assert seen == [rank, "4", str(card), str(card)]


def test_gpus_are_all_driven_by_one_training(tmp_path):
  job = Job(tmp_path, 'note(f"rank{rank}", "RANK_ID" in os.environ)\n')
  assert job.boot(MA_NUM_GPUS="8")[0] == 0
  assert json.loads((job.result / "rank0").read_text()) is False


_NOTES_FLAGS = """
note(f"rank{rank}", [os.environ.get("RANK_SIZE"), flags])
"""


def _with_npu(job):
  (job.result.parent / "modules" / "npu_device.py").write_text("")
  return job


def test_nothing_but_urls_trains_and_scores_the_model_card(tmp_path):
  job = Job(tmp_path, _NOTES_FLAGS)
  code, log = job.boot()
  assert code == 0, log
  _, flags = json.loads((job.run / "rank0").read_text())
  assert flags == {
    "model_dir": str(job.result),
    "tfds_data_dir": str(job.data),
    "gin_config": "resnet_cifar10_false.gin",
    "schedule": "eval_after_train",
    "eval_every_steps": "60000",
  }
  assert "Scores use a classifier trained on the dataset" in log
  assert "there is no" in log and f"{job.data}/frozen_inception_v1_2015" in log


def test_scores_are_by_inception_where_the_data_hold_it(tmp_path):
  job = Job(tmp_path, _NOTES_FLAGS)
  name = "frozen_inception_v1_2015_12_05.tar.gz"
  (job.obs / "b" / "data" / name).write_text("")
  code, log = job.boot()
  assert code == 0, log
  _, flags = json.loads((job.run / "rank0").read_text())
  assert flags["myevalinception"] == str(job.data / name)
  assert f"Scores are by the Inception network in {job.data / name}." in log


@pytest.mark.parametrize(
  "words,left_out",
  [
    (["--gin_config", "mine.gin"], ("schedule", "eval_every_steps")),
    (["--schedule=train"], ("eval_every_steps", "myevalinception")),
  ],
)
def test_flags_of_the_job_take_the_place_of_the_cards(
  words, left_out, tmp_path
):
  job = Job(tmp_path, "note('argv', sys.argv[1:])\n")
  assert job.boot(*words)[0] == 0
  argv = json.loads((job.run / "argv").read_text())
  assert argv[-len(words) :] == words
  assert not [w for w in argv for flag in left_out if f"--{flag}=e" in w]
  assert sum("gin_config" in word for word in argv) == 1


@pytest.mark.parametrize("words", [[], ["--run_config=auto"]])
def test_auto_is_one_training_per_npu_where_the_adapter_is(words, tmp_path):
  job = _with_npu(Job(tmp_path, _NOTES_FLAGS))
  code, log = job.boot(*words, MA_NUM_GPUS="2")
  assert code == 0, log
  for rank in range(2):
    size, flags = json.loads((job.result / f"rank{rank}").read_text())
    # A card that does not answer must not become a training on the CPU.
    assert (size, flags["run_config"]) == ("2", "npu")


@pytest.mark.parametrize(
  "words,cards",
  [
    ([], "1"),
    ([], ""),
    ([], "0"),
    (["--run_config=gpu"], "2"),
    (["--run_config", "cpu"], "2"),
    (["--use_tpu"], "2"),
  ],
)
def test_one_training_where_there_is_one_npu_or_none_is_asked_for(
  words, cards, tmp_path
):
  job = _with_npu(Job(tmp_path, _NOTES_FLAGS))
  assert job.boot(*words, MA_NUM_GPUS=cards)[0] == 0
  size, flags = json.loads((job.result / "rank0").read_text())
  assert size is None and flags.get("run_config") in (None, "gpu")
  assert not (job.result / "rank1").exists()


def test_what_is_half_written_or_set_aside_stays(tmp_path):
  trainer = """
save(5)
names = [
  "scores.csv", "scores.csv.writing", ".scores.csv.lock", "study.lock",
  ".writing-host-3-x/model.ckpt-6.index", "damaged/model.ckpt-4.index",
  "damaged-model.ckpt-3.index", "result/damage-report.txt",
  "table.csv.writing-3", "my.locksmith",
]
for name in names:
  (model_dir / name).parent.mkdir(exist_ok=True)
  (model_dir / name).write_text(name)
"""
  job = Job(tmp_path, trainer)
  assert job.boot()[0] == 0
  sent = {
    str(path.relative_to(job.run))
    for path in job.run.rglob("*")
    if path.is_file()
  }
  assert sent == {
    "checkpoint",
    "model.ckpt-5.data-00000-of-00001",
    "model.ckpt-5.index",
    "my.locksmith",
    "result/damage-report.txt",
    "scores.csv",
  }


def test_first_failure_ends_the_others(tmp_path):
  trainer = """
if rank == "1":
  sys.exit(5)
time.sleep(60)
"""
  job = Job(tmp_path, trainer)
  start = time.monotonic()
  code, _ = job.boot("--processes=3")
  assert code == 5 and time.monotonic() - start < 30


def test_a_sibling_that_ignores_signals_is_killed(tmp_path):
  trainer = """
if rank == "1":
  while not (model_dir / "deaf").exists():
    time.sleep(0.02)
  sys.exit(5)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
note("deaf", True)
time.sleep(60)
"""
  job = Job(tmp_path, trainer)
  assert job.boot("--processes=2", "--grace_seconds=0.2")[0] == 5


def test_started_once_per_card_the_data_come_once(tmp_path):
  job = Job(
    tmp_path,
    """
data = pathlib.Path(flags["tfds_data_dir"])
note(f"rank{rank}", (data / "images").exists())
""",
  )
  cards = [
    job.start(RANK_ID=str(i), RANK_SIZE="3", ASCEND_DEVICE_ID=str(i))
    for i in (2, 1, 0)
  ]
  for card in cards:
    log, _ = card.communicate(timeout=60)
    assert card.returncode == 0, log
  fetched = [c for c in job.calls() if c == "copy_parallel obs://b/data"]
  assert len(fetched) == 1
  for rank in range(3):
    assert json.loads((job.result / f"rank{rank}").read_text()) is True
  # Rank 0 alone brings results to OBS.
  assert len([c for c in job.calls() if c.endswith("run/rank0")]) == 1


def test_a_card_does_not_wait_for_ever(tmp_path):
  job = Job(tmp_path, "")
  code, log = job.boot(
    "--wait_seconds=0.3", RANK_ID="1", RANK_SIZE="2", ASCEND_DEVICE_ID="1"
  )
  assert code == 1 and "Card 0 did not fetch the data" in log


def test_earlier_checkpoints_come_first(tmp_path):
  job = Job(
    tmp_path,
    'note("found", sorted(p.name for p in model_dir.glob("*.index")))\n',
  )
  job.run.mkdir()
  (job.run / "model.ckpt-4.index").write_text("4")
  assert job.boot()[0] == 0
  assert json.loads((job.run / "found").read_text()) == ["model.ckpt-4.index"]


def test_started_again_it_keeps_what_is_newer_here(tmp_path):
  trainer = """
step = len(list(model_dir.glob("*.index"))) + 1
save(step)
sys.exit(3 if step == 1 else 0)
"""
  job = Job(tmp_path, trainer)
  assert job.boot()[0] == 3
  (job.run / "model.ckpt-1.index").write_text("old")
  assert job.boot()[0] == 0
  assert (job.result / "model.ckpt-1.index").read_text() == "1"
  assert (job.run / "model.ckpt-2.index").exists()
  fetched = [c for c in job.calls() if c.startswith("copy_parallel")]
  assert fetched == ["copy_parallel obs://b/data"]


def test_a_network_that_comes_back_is_waited_for(tmp_path):
  job = Job(tmp_path, "save(1)\n")
  (job.obs / "fails").write_text("2")
  assert job.boot()[0] == 0
  assert (job.run / "checkpoint").exists()


def test_results_that_cannot_be_kept_are_a_failure(tmp_path):
  trainer = """
pathlib.Path(os.environ["OBS_ROOT"], "fails").write_text("1000")
save(1)
"""
  job = Job(tmp_path, trainer)
  code, log = job.boot()
  assert code == 1 and "are not all in obs://b/run" in log


def test_training_that_fails_keeps_its_code_without_a_network(tmp_path):
  trainer = """
pathlib.Path(os.environ["OBS_ROOT"], "fails").write_text("1000")
sys.exit(9)
"""
  assert Job(tmp_path, trainer).boot()[0] == 9


def test_folders_of_the_container_need_no_moxing(tmp_path):
  job = Job(tmp_path, "note('flags', flags)\n")
  (tmp_path / "modules" / "moxing.py").unlink()
  urls = [f"--data_url={tmp_path / 'in'}", f"--train_url={tmp_path / 'out'}"]
  code, log = job.boot(urls=urls)
  assert code == 0, log
  flags = json.loads((tmp_path / "out" / "flags").read_text())
  assert flags["tfds_data_dir"] == str(tmp_path / "in")
  assert flags["gin_config"] == "resnet_cifar10_false.gin"


def test_without_moxing_obs_is_a_sentence(tmp_path):
  job = Job(tmp_path, "")
  (tmp_path / "modules" / "moxing.py").unlink()
  code, log = job.boot()
  assert code == 1 and "need moxing" in log and "Traceback" not in log


def test_arguments_of_the_platform_are_passed_over(tmp_path):
  job = Job(tmp_path, "note('argv', sys.argv[1:])\n")
  code, _ = job.boot(
    "--num_gpus=1", "--rank", "0", "--schedule=train", "--world_size=1"
  )
  argv = json.loads((job.run / "argv").read_text())
  assert code == 0
  assert [
    a for a in argv if not a.startswith(("--model", "--tfds", "--gin"))
  ] == ["--schedule=train"]


def test_log_holds_no_secrets(tmp_path):
  job = Job(tmp_path, "")
  (job.obs / "fails").write_text("1")  # The reason holds a key.
  _, log = job.boot(
    "--gin_bindings=access_key = 'hidden'",
    MA_SECRET_KEY="topsecret",
    MA_JOB_DIR="/where",
  )
  assert "hidden" not in log and "topsecret" not in log
  assert "the network is away" in log
  assert "MA_JOB_DIR" in log and "/where" not in log


# Writes down what it is asked for; pip fails where it is told to.
_PYTHON = """#!/bin/sh
if [ "$1" = -c ]; then
  [ -z "$LACKS" ] || set -- -c "import sys; sys.modules['$LACKS'] = None$2"
  exec {python} "$@"
fi
level=${{TF_CPP_MIN_LOG_LEVEL-}}$ASCEND_SLOG_PRINT_TO_STDOUT
printf '%s\\n' "$level" "$@" END >> "{noted}"
[ "$2" != pip ] || exit ${{PIP:-0}}
"""


class OneCard:
  """run_modelarts_1p.sh, with folders that have a space and an accent."""

  def __init__(self, tmp_path):
    self.home = tmp_path
    self.folder = tmp_path / "it is hère"
    self.folder.mkdir()
    self.data = self.folder / "my data"
    self.data.mkdir()
    self.noted = tmp_path / "noted"
    self.python = tmp_path / "python"
    self.python.write_text(
      _PYTHON.format(python=sys.executable, noted=self.noted)
    )
    self.python.chmod(0o755)

  def run(self, *words, code=0, **variables):
    """Returns what is printed, and the words of pip and of the training."""
    done = subprocess.run(
      ["bash", str(_ROOT / "run_modelarts_1p.sh"), str(_ROOT), "my data"]
      + ["a résult", *words],
      cwd=self.folder,
      env=plain_shell.environment(self.home, PYTHON=self.python, **variables),
      stdout=subprocess.PIPE,
      stderr=subprocess.STDOUT,
      text=True,
      timeout=60,
    )
    assert done.returncode == code, done.stdout
    calls = self.noted.read_text().split("\nEND\n")[:-1]
    return done.stdout, [call.split("\n") for call in calls]


def test_script_of_one_card_runs_the_cards_command(tmp_path):
  said, [pip, train] = OneCard(tmp_path).run()
  # TensorFlow's level is left to the training, which shows what matters.
  assert pip == ["0", "-m", "pip", "install", "--quiet", "--requirement"] + [
    f"{_ROOT}/pip-requirements.txt"
  ]
  assert train == [
    "0",
    f"{_ROOT}/compare_gan/main.py",
    "--model_dir=a résult",
    "--tfds_data_dir=my data",
    "--schedule=eval_after_train",
    "--eval_every_steps=60000",
    f"--gin_config={_ROOT}/compare_gan/resnet_cifar10_false.gin",
  ]
  assert "Scores use a classifier trained on the dataset" in said
  assert "there is no my data/frozen_inception" in said


def test_script_takes_the_inception_archive_of_the_data(tmp_path):
  card = OneCard(tmp_path)
  (card.data / "frozen_inception_v1_2015_12_05.tar.gz").write_text("")
  said, [_, train] = card.run()
  archive = "my data/frozen_inception_v1_2015_12_05.tar.gz"
  assert f"--myevalinception={archive}" in train
  assert f"Scores are by the Inception network in {archive}." in said


def test_script_leaves_the_last_word_to_its_user(tmp_path):
  words = [
    "--gin_config=mine.gin",
    "--myevalinception=my.tar.gz",
    "--schedule=train",
    "--run_config=cpu",
  ]
  said, [_, train] = OneCard(tmp_path).run(*words)
  assert train[-4:] == words
  assert sum("gin_config" in word for word in train) == 1
  assert "use a classifier" not in said


def test_script_goes_on_without_a_network_if_nothing_is_missing(tmp_path):
  said, calls = OneCard(tmp_path).run(PIP=1)
  assert len(calls) == 2
  [line] = [line for line in said.splitlines() if "pip" in line]
  assert (
    line == "pip failed, but all that it was to install is there: going on."
  )


def test_script_ends_if_something_cannot_be_installed(tmp_path):
  said, calls = OneCard(tmp_path).run(code=1, PIP=1, LACKS="tensorflow_hub")
  assert len(calls) == 1
  assert "pip failed, and Python finds no tensorflow_hub." in said


def test_script_knows_the_modules_of_all_requirements():
  script = (_ROOT / "run_modelarts_1p.sh").read_text()
  listed = set(script.split('"""')[1].split())
  modules = {"absl-py": "absl", "gin-config": "gin", "pillow": "PIL"}
  for line in (_ROOT / "pip-requirements.txt").read_text().splitlines():
    if not line.startswith("#"):
      name = re.split("[<>=]", line)[0]
      assert modules.get(name, name.replace("-", "_")) in listed


def test_script_says_what_it_wants():
  done = subprocess.run(
    ["bash", str(_ROOT / "run_modelarts_1p.sh"), "/code"],
    capture_output=True,
    text=True,
    env=plain_shell.environment(),
  )
  assert done.returncode == 2 and "CODE_DIR DATA_DIR RESULT_DIR" in done.stderr


@pytest.mark.parametrize("name", ["gin-config", "tensorflow-datasets"])
def test_requirements_of_the_platform_are_those_of_setup(name):
  text = (_ROOT / "pip-requirements.txt").read_text()
  assert name in text and name in (_ROOT / "setup.py").read_text()


def test_the_adapter_has_one_name():
  """The boot file repeats it, for it needs nothing but Python."""
  adapter = _ROOT / "compare_gan/estimator/devices/npu/adapter.py"
  assert 'MODULE = "npu_device"' in adapter.read_text()
  assert '_NPU_ADAPTER = "npu_device"' in _BOOT.read_text()
