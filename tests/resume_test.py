"""Training that is killed, whenever, ends with the bits of an unbroken one."""

import contextlib
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

from compare_gan.storage import checkpoints
import numpy as np
import pytest

from tests import plain_shell

pytestmark = pytest.mark.versions("goes on from TensorFlow's checkpoints")

_KILLS = 10

# A process of its own, so that it can be killed.
_TRAIN = """
import os
import sys
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
from compare_gan.configuration import gin_files
from compare_gan import runner_lib
from compare_gan.estimator import run_config
from tests.gans import tiny
from tests.noise_dataset import NoiseDataset

gin_files.parse(bindings=f'''
import tests.architectures.own_architecture
options.batch_size = 4
options.gan_class = @ModularGAN
options.architecture = "{tiny.ARCHITECTURE}"
options.training_steps = 400
options.disc_iters = 2
options.z_dim = {tiny.Z_DIM}
ModularGAN.conditional = True
ModularGAN.g_use_ema = True
ModularGAN.ema_start_step = 10
G.batch_norm_fn = @batch_norm
D.spectral_norm = True
penalty.fn = @lecam_penalty
run_config.tf_random_seed = 1
run_config.save_checkpoints_steps = 10
run_config.iterations_per_loop = 1
run_config.keep_checkpoint_max = 3
'''.splitlines())
# Each line is a folder: a process is made from this one, which has imported
# TensorFlow but not begun to use it, and trains there.
for line in sys.stdin:
  child = os.fork()
  if not child:
    os.dup2(2, 1)  # Or what it prints comes between the words below.
    runner_lib.run_with_schedule(
      "train", NoiseDataset, run_config.run_config(), line.strip(), "cpu"
    )
    sys.stdout.flush()
    os._exit(0)
  print(f"CHILD {child}", flush=True)
  print(f"END {os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}", flush=True)
"""


class Trainings:
  """Starts trainings, one after the other, from a process of its own."""

  def __init__(self, errors):
    self._errors = errors
    with open(errors, "w") as file:
      self._server = subprocess.Popen(
        [sys.executable, "-c", _TRAIN],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=file,
        text=True,
        cwd=pathlib.Path(__file__).parent.parent,
        env=plain_shell.checkout(),
      )

  def _next(self, word):
    """Returns the number after a word that starts a line."""
    for line in self._server.stdout:
      if line.startswith(word):
        return int(line.split()[1])
    raise AssertionError(self._errors.read_text()[-3000:])

  def _start(self, folder):
    self._server.stdin.write(f"{folder}\n")
    self._server.stdin.flush()
    return self._next("CHILD")

  def finish(self, folder):
    """Returns what a training ends with; `seconds` is what it took."""
    self._start(folder)
    began = time.monotonic()
    assert self._next("END") == 0, self._errors.read_text()[-3000:]
    self.seconds = time.monotonic() - began
    return checkpoints.last_good(str(folder))

  def kill_after(self, folder, seconds):
    """Kills a training; returns whether it was still at work."""
    process = self._start(folder)
    time.sleep(seconds)
    with contextlib.suppress(ProcessLookupError):  # It was done before.
      os.kill(process, signal.SIGKILL)
    return self._next("END") == -signal.SIGKILL

  def close(self):
    self._server.kill()
    self._server.communicate()


@pytest.fixture
def trainings(tmp_path):
  started = Trainings(tmp_path / "errors")
  yield started
  started.close()


def _assert_same(trained, expected):
  step, values = trained
  assert step == expected[0]
  assert set(values) == set(expected[1])
  for name, value in expected[1].items():
    np.testing.assert_array_equal(values[name], value, err_msg=name)


@pytest.mark.long
@pytest.mark.between
@pytest.mark.timeout(1200)
def test_killed_training_ends_with_the_same_bits(trainings, tmp_path):
  whole = trainings.finish(tmp_path / "whole")
  seconds = trainings.seconds
  assert whole[0] == 400
  rng = random.Random(os.getpid())  # Other moments in every run of the test.
  killed = number = 0
  while killed < _KILLS:
    # Over the whole length of a run, the building of the graph included.
    moment = rng.uniform(0, 0.7 * seconds)
    folder = tmp_path / f"part{number}"
    if trainings.kill_after(folder, moment):
      killed += 1
    else:  # It was done before: compare it and begin another one.
      _assert_same(trainings.finish(folder), whole)
      number += 1
  _assert_same(trainings.finish(tmp_path / f"part{number}"), whole)
