"""Training that is killed, whenever, ends with the bits of an unbroken one."""

import os
import pathlib
import random
import signal
import subprocess
import sys
import time

from compare_gan.estimator import checkpoints
import numpy as np
import pytest

_KILLS = 10

# A process of its own, so that it can be killed.
_TRAIN = """
import os
import sys
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
from compare_gan import configuration
from compare_gan import runner_lib
from compare_gan.estimator import run_config
from tests.gans import tiny
from tests.noise_dataset import NoiseDataset

configuration.parse(bindings=f'''
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
print("READY", flush=True)
folder = sys.stdin.readline().strip()
runner_lib.run_with_schedule(
  "train", NoiseDataset, run_config.run_config(), folder, "cpu"
)
"""


class Trainings:
  """Starts trainings; the next one imports TensorFlow while this one runs."""

  def __init__(self):
    self._next = self._prepare()

  def _prepare(self):
    return subprocess.Popen(
      [sys.executable, "-c", _TRAIN],
      stdin=subprocess.PIPE,
      stdout=subprocess.PIPE,
      stderr=subprocess.PIPE,
      text=True,
      cwd=pathlib.Path(__file__).parent.parent,
    )

  def start(self, folder):
    process, self._next = self._next, self._prepare()
    for line in process.stdout:
      if line.startswith("READY"):
        break
    process.stdin.write(f"{folder}\n")
    process.stdin.flush()
    return process

  def finish(self, folder):
    """Returns what a training ends with; `seconds` is what it took."""
    process = self.start(folder)
    began = time.monotonic()
    _, errors = process.communicate()
    assert process.returncode == 0, errors[-3000:]
    self.seconds = time.monotonic() - began
    return checkpoints.last_good(str(folder))

  def kill_after(self, folder, seconds):
    """Kills a training; returns whether it was still at work."""
    process = self.start(folder)
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return process.returncode == -signal.SIGKILL

  def close(self):
    self._next.kill()
    self._next.communicate()


@pytest.fixture
def trainings():
  started = Trainings()
  yield started
  started.close()


def _assert_same(trained, expected):
  step, values = trained
  assert step == expected[0]
  assert set(values) == set(expected[1])
  for name, value in expected[1].items():
    np.testing.assert_array_equal(values[name], value, err_msg=name)


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
