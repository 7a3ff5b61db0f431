"""Training that dies at any write, and starts again, ends with the same bits.

Every call that changes the disk is a point of death: before it and after it.
The process is simulated: from its death on, all such calls raise, so that no
clean-up runs either, and the next start has a new model and a new estimator.
That makes hundreds of deaths possible in seconds; a few real ones, of processes
of their own, show that the simulation is not too kind.
"""

import builtins
import itertools
import os
import pathlib
import random
import subprocess
import sys

from compare_gan.datasets import abstract_dataset
from compare_gan.estimator.devices import single
from compare_gan.estimator.estimator import Estimator
from compare_gan.estimator.run_config import RunConfig
from compare_gan.storage import checkpoints
from compare_gan.storage import model_dir as model_dir_lib
from compare_gan.storage import task_manager
import numpy as np
import pytest
import tensorflow as tf

from tests import plain_shell

pytestmark = pytest.mark.versions("TensorFlow's checkpoints survive a kill")

# What changes the disk. `os.open` changes nothing: it is used for reading.
_OS = (
  "fsync",
  "mkdir",
  "remove",
  "rename",
  "replace",
  "rmdir",
  "truncate",
  "unlink",
)
_STEPS = 5


class Death(BaseException):
  """The end of a simulated process. Nothing may catch it."""


class Points:
  """Counts the calls that change the disk, and dies at one of them.

  Args:
    at: k, to die at the k-th point; call n is the points 2n, before it, and
      2n + 1, after it.
    die: what is done there.
  """

  def __init__(self, monkeypatch, at=None, die=None):
    self.count = 0
    self._at = at
    self._die = die
    self._dead = False
    for name in _OS:
      monkeypatch.setattr(os, name, self._point(getattr(os, name)))
    monkeypatch.setattr(tf.raw_ops, "SaveV2", self._point(tf.raw_ops.SaveV2))
    monkeypatch.setattr(builtins, "open", self._open(builtins.open))

  def _point(self, function):
    def wrapped(*args, **kwargs):
      self._pass()
      result = function(*args, **kwargs)
      self._pass()
      return result

    return wrapped

  def _pass(self):
    if self.count == self._at:
      self._dead = True
    self.count += 1
    if self._dead:
      (self._die or self._raise)()

  def _raise(self):
    raise Death(self._at)

  def _open(self, function):
    def wrapped(file, mode="r", *args, **kwargs):
      if not set(mode) & set("wax+"):
        return function(file, mode, *args, **kwargs)
      opened = self._point(function)(file, mode, *args, **kwargs)
      opened.write = self._point(opened.write)
      return opened

    return wrapped


class Counter:
  """A model of two numbers: `total` follows from all that it is fed."""

  batches_per_step = 1

  def __init__(self, values):
    self.global_step = tf.Variable(
      values.get("global_step", 0), dtype=tf.int64, name="global_step"
    )
    self.total = tf.Variable(values.get("total", 0.1), name="total")
    self.variables = (self.global_step, self.total)

  def train_step(self, batches):
    self.global_step.assign_add(1)
    self.total.assign(self.total * 1.7 + batches[0])
    return {"loss/total": tf.identity(self.total)}


class Noise:
  """Stands in for a dataset."""

  image_shape = (4, 4, 1)
  num_classes = 3


class Eager(Estimator):
  """Makes no graph: what is tested here is all that happens between loops."""

  def _make_loop(self, iterator, on_traced=None):
    return lambda steps: [
      self.model.train_step([next(iterator)]) for _ in range(int(steps))
    ][-1]


def _numbers(start):
  numbers = tf.data.Dataset.range(start, 99)
  return abstract_dataset.with_options(
    numbers.map(lambda t: tf.cast(t, tf.float32))
  )


def _train(folder):
  """What runner_lib does, with a model that costs nothing."""
  stored = checkpoints.last_good(folder)
  seed = model_dir_lib.stored_seed(folder)
  model = Counter(stored[1] if stored else {})
  step = int(model.global_step)
  seed = 7 if seed is None else seed
  model_dir_lib.write_description(folder, step, Noise, "a = 1\n", seed)
  Eager(
    model,
    RunConfig(None, False, 1, 2, 2),
    single.OneDevice("CPU:0"),
    folder,
  ).train(_numbers, _STEPS)
  task_manager.mark_training_done(folder)


def _state(folder):
  """Returns the final values, and what is in the folder."""
  step, values = checkpoints.last_good(folder)
  names = sorted(os.listdir(folder))
  # A training that goes on writes down what it goes on with.
  names = [name for name in names if not name.startswith("operative_config")]
  texts = [pathlib.Path(folder, name).read_text() for name in ("checkpoint",)]
  return (
    step,
    {k: np.asarray(v).tobytes() for k, v in values.items()},
    names,
    texts,
  )


def _die_at(folder, point):
  """Runs a training that dies at `point`; returns whether it did."""
  with pytest.MonkeyPatch.context() as patch:
    Points(patch, point)
    try:
      _train(folder)
    except Death:
      return True
  return False


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
  """Returns the state after an unbroken run, and its number of points."""
  folder = str(tmp_path_factory.mktemp("whole") / "model")
  with pytest.MonkeyPatch.context() as patch:
    points = Points(patch)
    _train(folder)
  return _state(folder), points.count


def _assert_goes_on(folder, unbroken):
  _train(folder)
  assert _state(folder) == unbroken


def test_there_are_points_and_their_number_is_always_the_same(
  unbroken, tmp_path
):
  state, count = unbroken
  assert state[0] == _STEPS
  assert state[2][1:] == [
    "checkpoint",
    "model.ckpt-4.data-00000-of-00001",
    "model.ckpt-4.index",
    "model.ckpt-5.data-00000-of-00001",
    "model.ckpt-5.index",
    "model.json",
  ]
  assert count > 150
  assert not _die_at(str(tmp_path / "model"), count)


@pytest.mark.long
def test_a_death_before_each_call_changes_nothing(unbroken, tmp_path):
  state, count = unbroken
  for point in range(0, count, 2):
    folder = str(tmp_path / str(point))
    assert _die_at(folder, point)
    _assert_goes_on(folder, state)


@pytest.mark.slow
def test_a_death_after_each_call_changes_nothing(unbroken, tmp_path):
  state, count = unbroken
  for point in range(1, count, 2):
    folder = str(tmp_path / str(point))
    assert _die_at(folder, point)
    _assert_goes_on(folder, state)


@pytest.mark.slow
def test_deaths_after_deaths_change_nothing(unbroken, tmp_path):
  state, count = unbroken
  rng = random.Random(1)
  for number in range(60):
    folder = str(tmp_path / str(number))
    for deaths in itertools.count():
      # The later ones live longer, or it would never end.
      if not _die_at(folder, rng.randrange(count) if deaths < 4 else None):
        break
    assert _state(folder) == state


_CHILD = """
import os
import sys
import pytest
from tests import deaths_test
with pytest.MonkeyPatch.context() as patch:
  deaths_test.Points(patch, int(sys.argv[2]), lambda: os._exit(137))
  deaths_test._train(sys.argv[1])
"""


_SLOW = pytest.mark.slow


@pytest.mark.long
@pytest.mark.parametrize(
  "part",
  [0.6, *(pytest.param(part, marks=_SLOW) for part in (0.2, 0.4, 0.8, 0.95))],
)
def test_a_real_death_changes_nothing(part, unbroken, tmp_path):
  state, count = unbroken
  folder = str(tmp_path / "model")
  child = subprocess.run(
    [sys.executable, "-c", _CHILD, folder, str(int(part * count))],
    capture_output=True,
    text=True,
    cwd=pathlib.Path(__file__).parent.parent,
    env=plain_shell.checkout(),
  )
  assert child.returncode == 137, child.stderr[-3000:]
  _assert_goes_on(folder, state)
