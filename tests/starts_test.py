"""Starts of a training: what stands in their way, and what does not."""

import os
import pathlib
import re
import signal
import subprocess
import sys

from compare_gan import runner_lib
from compare_gan.estimator import hooks
from compare_gan.estimator import run_config
from compare_gan.memory import memory_check
from compare_gan.storage import checkpoints
import gin
import numpy as np
import pytest

from tests import plain_shell
from tests.gans import tiny
from tests.noise_dataset import NoiseDataset

pytestmark = pytest.mark.versions("reads TensorFlow's checkpoints")

_CONFIG = f"""
import tests.architectures.own_architecture
options.batch_size = 4
options.gan_class = @ModularGAN
options.architecture = "{tiny.ARCHITECTURE}"
options.training_steps = 2
options.disc_iters = 1
options.z_dim = {tiny.Z_DIM}
G.batch_norm_fn = @no_batch_norm
D.spectral_norm = False
penalty.fn = @no_penalty
run_config.tf_random_seed = 1
run_config.save_checkpoints_steps = 1
run_config.keep_checkpoint_max = 0
"""
_OTHER = "options.z_dim = 3"  # Weights of other shapes.


def train(folder, *bindings):
  gin.clear_config()
  gin.parse_config([_CONFIG, *bindings])
  runner_lib.run_with_schedule(
    "train", NoiseDataset, run_config.run_config(), str(folder), "cpu"
  )
  return checkpoints.last_good(str(folder))


def weights(folder):
  """Returns {name: bytes} of the last checkpoint, and its step."""
  step, tensors = checkpoints.last_good(str(folder))
  return step, {k: np.asarray(v).tobytes() for k, v in tensors.items()}


def contents(folder):
  return {
    path.name: path.read_bytes()
    for path in folder.iterdir()
    if path.is_file() and path.name.startswith(("model.ckpt", "damaged"))
  }


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
  """Returns the state of an undisturbed training."""
  folder = tmp_path_factory.mktemp("whole")
  train(folder)
  return weights(folder)


# ---- Checkpoints that are damaged, and that cannot be read -------------------


def test_a_damaged_checkpoint_is_set_aside_with_all_its_bytes(tmp_path, whole):
  train(tmp_path)
  data = tmp_path / "model.ckpt-2.data-00000-of-00001"
  os.truncate(data, data.stat().st_size - 1)
  before = contents(tmp_path)
  with pytest.warns(UserWarning, match="renamed to damaged-model.ckpt-2"):
    train(tmp_path)
  after = contents(tmp_path)
  for ending in ("data-00000-of-00001", "index"):
    name = f"model.ckpt-2.{ending}"
    assert after[f"damaged-{name}"] == before[name]
  assert weights(tmp_path) == whole


def test_where_all_is_damaged_the_start_is_refused(tmp_path):
  train(tmp_path)
  for step in (0, 1, 2):
    os.remove(tmp_path / f"model.ckpt-{step}.data-00000-of-00001")
  before = contents(tmp_path)
  with pytest.warns(UserWarning), pytest.raises(checkpoints.DamagedError):
    train(tmp_path)
  assert contents(tmp_path) == before


def test_a_disk_that_is_gone_is_no_reason_to_start_anew(tmp_path, whole):
  train(tmp_path)
  disk = tmp_path.parent / f"{tmp_path.name}-disk"
  disk.mkdir()
  for path in list(tmp_path.glob("model.ckpt-*.data-*")):
    path.rename(disk / path.name)
    path.symlink_to(disk / path.name)
  disk.rename(f"{disk}-gone")
  before = sorted(path.name for path in tmp_path.iterdir())
  with pytest.raises(OSError, match="model.ckpt-2.data.* cannot be read"):
    train(tmp_path)
  assert sorted(path.name for path in tmp_path.iterdir()) == before
  os.rename(f"{disk}-gone", disk)
  train(tmp_path)
  assert weights(tmp_path) == whole


@pytest.mark.parametrize("name", ["lr[1]", "a*b?", "back\\slash", "\u00e4 '{}"])
def test_a_model_dir_of_any_name(name, tmp_path, whole):
  folder = tmp_path / name
  train(folder, "options.training_steps = 1")
  train(folder)
  assert weights(folder) == whole
  train(tmp_path / "new", f"options.init_from = {str(folder)!r}")
  prefix = str(folder / "model.ckpt-2")
  train(tmp_path / "newer", f"options.init_from = {prefix!r}")
  assert weights(tmp_path / "new") == weights(tmp_path / "newer")


# ---- Starts that fail --------------------------------------------------------


@pytest.fixture
def failing(monkeypatch):
  """Makes the check fail that comes after a step was traced."""
  with monkeypatch.context() as patch:

    def check(*_):
      raise ValueError("This does not fit.")

    patch.setattr(memory_check, "check", check)
    yield patch


def test_a_start_that_fails_leaves_no_checkpoint(failing, tmp_path, whole):
  with pytest.raises(ValueError, match="does not fit"):
    train(tmp_path, _OTHER, "run_config.tf_random_seed = 5")
  assert contents(tmp_path) == {}
  failing.undo()
  train(tmp_path)
  assert weights(tmp_path) == whole


def test_the_first_step_finds_its_checkpoint_there(tmp_path, monkeypatch):
  found = []

  def look(*_):
    found.append(checkpoints.all_steps(str(tmp_path)))

  monkeypatch.setattr(hooks.ScalarTable, "begin", look)
  monkeypatch.setattr(hooks.ScalarTable, "after_loop", lambda *_: None)
  train(tmp_path)
  assert found == [[0]]


def test_a_checkpoint_of_step_0_does_not_bind_the_next_start(
  tmp_path, whole, capsys
):
  train(tmp_path, _OTHER, "options.training_steps = 0")
  assert checkpoints.all_steps(str(tmp_path)) == [0]
  train(tmp_path)
  assert "starting over" in capsys.readouterr().out
  assert weights(tmp_path) == whole


def test_a_checkpoint_of_a_training_does_bind(tmp_path):
  train(tmp_path, _OTHER)
  before = contents(tmp_path)
  with pytest.raises(ValueError, match="shape"):
    train(tmp_path)
  assert contents(tmp_path) == before


# ---- One trainer -------------------------------------------------------------

_HOLDER = """
import sys, time
from compare_gan.storage import locks
with locks.hold_or_refuse(sys.argv[1], "{holder}"):
  print("held", flush=True)
  time.sleep(60)
"""


def test_a_second_trainer_is_refused_until_the_first_is_dead(tmp_path, whole):
  lock = str(tmp_path / ".trainer.lock")
  first = subprocess.Popen(
    [sys.executable, "-c", _HOLDER, lock],
    stdout=subprocess.PIPE,
    cwd=pathlib.Path(__file__).parent.parent,
    env=plain_shell.checkout(),
  )
  try:
    assert first.stdout.readline() == b"held\n"
    told = (
      rf"process {first.pid} on \S+, started at \d+-\d+-\d+ \d+:\d+:\d+ UTC "
      rf"is training in {re.escape(str(tmp_path))}.*"
      "--model_dir"
    )
    with pytest.raises(OSError, match=told):
      train(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".trainer.lock"]
  finally:
    first.send_signal(signal.SIGKILL)
    first.wait()
  train(tmp_path)
  assert weights(tmp_path) == whole


def test_a_training_that_fails_leaves_the_folder_free(failing, tmp_path):
  for _ in range(2):
    with pytest.raises(ValueError, match="does not fit"):
      train(tmp_path)
