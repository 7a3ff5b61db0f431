"""A disk that fails once, at any call, loses nothing.

Everything that is read from or written to a model_dir, a cache or a study goes
through `files.call`. A run is made that counts the calls; then each of them
fails once. The run either goes on, or ends with a sentence that names the file;
the next start, without a fault, ends with what an undisturbed run ends with.
"""

import errno
import json
import os
import threading
import warnings

from compare_gan.context import scope
from compare_gan.datasets import abstract_dataset
from compare_gan.datasets import cache
from compare_gan.estimator import estimator
from compare_gan.estimator import hook_kinds
from compare_gan.estimator import hooks
from compare_gan.estimator.devices import single
from compare_gan.estimator.estimator import Estimator
from compare_gan.estimator.run_config import RunConfig
from compare_gan.evaluation import sampling
from compare_gan.evaluation import scoring as evaluation_lib
from compare_gan.features import statistics
from compare_gan.looks import views
from compare_gan.metrics import fid
from compare_gan.schedules import score
from compare_gan.schedules import train
from compare_gan.storage import checkpoints
from compare_gan.storage import files
from compare_gan.storage import model_dir as model_dir_lib
from compare_gan.storage import score_row
from compare_gan.storage import score_tables
from compare_gan.storage import task_manager
from compare_gan.study.report import tables
from compare_gan.study.run import process
from compare_gan.study.run import table
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.study import fake_plan

pytestmark = pytest.mark.versions("errors of TensorFlow's files differ")

_ERRNOS = (errno.ENOSPC, errno.EACCES, errno.EIO, errno.EINTR)

# TensorFlow's own calls fail with errors of its own.
_TENSORFLOWS = {
  "save_v2": tf.errors.ResourceExhaustedError,
  "load_checkpoint": tf.errors.UnavailableError,
  "TensorFlow's get_tensor": tf.errors.DataLossError,
  "create_file_writer_v2": tf.errors.PermissionDeniedError,
  "TensorFlow's flush": tf.errors.UnknownError,
  "TensorFlow's close": tf.errors.UnknownError,
}


def _name(function):
  owner = getattr(function, "__self__", None)
  ours = not type(owner).__module__.startswith("tensorflow")
  return ("" if ours else "TensorFlow's ") + function.__name__


class Disk:
  """Counts the calls that touch the disk, and fails at one of them.

  Left out is what does not repeat itself: calls of other threads, which an
  earlier test may have left, and those that are made again since another
  process holds a lock for a moment.

  Args:
    monkeypatch: until when it does.
    at: the number of the call that fails.
    number: the errno; None for an error of TensorFlow's, where there is one.
  """

  def __init__(self, monkeypatch, at=None, number=errno.EIO):
    self.names = []
    self.failed = False
    self._at = at
    self._number = number
    self._call = files.call
    self._thread = threading.get_ident()
    monkeypatch.setattr(files, "call", self.call)

  def call(self, function, *args, **kwargs):
    if threading.get_ident() != self._thread:
      return self._call(function, *args, **kwargs)
    name = _name(function)
    self.names.append(name)
    if len(self.names) - 1 == self._at:
      self.failed = True
      self._fail(name)
    try:
      return self._call(function, *args, **kwargs)
    except BlockingIOError:
      self.names.pop()
      raise

  def _fail(self, name):
    if self._number is not None:
      raise OSError(self._number, os.strerror(self._number))
    raise _TENSORFLOWS[name](None, None, "somewhere; Input/output error")


def _with_fault(start, folder, at, number):
  """Starts once, with a fault; the start goes on, or says what is wrong."""
  with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
    warnings.simplefilter("ignore")
    disk = Disk(patch, at, number)
    try:
      start(folder)
    except OSError as error:
      where = f"call {at}, {disk.names[at]}, {number}: {error!r}"
      assert os.path.basename(folder) in str(error), where
      assert "annot be" in str(error), where
      assert not isinstance(error, checkpoints.DamagedError), where
    assert disk.failed


def _check_all(start, state, tmp_path, numbers):
  """Makes every call fail, one after the other.

  Args:
    start: `start(folder)`, which goes on with what is there.
    state: `state(folder)` -> what is to be the same in the end.
    tmp_path: where to.
    numbers: `numbers(k)` -> the errnos that the k-th call fails with.
  """
  whole = str(tmp_path / "whole")
  with pytest.MonkeyPatch.context() as patch:
    disk = Disk(patch)
    start(whole)
  expected = state(whole)
  for at, name in enumerate(disk.names):
    own = [None] if name in _TENSORFLOWS else []
    for number in [*numbers(at), *own]:
      folder = str(tmp_path / f"{at}-{number}")
      _with_fault(start, folder, at, number)
      start(folder)
      assert state(folder) == expected, f"call {at}, {name}, {number}"
  return disk.names


@pytest.fixture(autouse=True)
def _fast(monkeypatch):
  """Forces nothing to the disk, which would take most of the time."""

  def fsync(descriptor):
    os.fstat(descriptor)

  monkeypatch.setattr(os, "fsync", fsync)


def _one_of_all(at):
  return [_ERRNOS[at % len(_ERRNOS)]]


_NUMBERS = pytest.mark.parametrize(
  "numbers",
  [
    pytest.param(_one_of_all, id="one"),
    pytest.param(lambda at: _ERRNOS, id="all", marks=pytest.mark.slow),
  ],
)


# ---- Training and evaluation -------------------------------------------------

_STEPS = 2  # One checkpoint is removed.


class Counter:
  """A GAN of two numbers: `total` follows from all that it is fed."""

  batches_per_step = 1
  has_encoder = False

  def __init__(self):
    self.global_step = scope.variable(
      "global_step", [], lambda rng, shape: 0, False, tf.int64
    )
    self.total = scope.variable("total", [], lambda rng, shape: rng.rand())
    self.variables = (self.global_step, self.total)

  def train_step(self, batches):
    self.global_step.assign_add(1)
    self.total.assign(self.total * 1.7 + batches[0])
    return {"loss/total": tf.identity(self.total)}


class Eager(Estimator):
  """Makes no graph: what is tested here is all that happens between loops."""

  def _make_loop(self, iterator, on_traced=None):
    return lambda steps: [
      self.model.train_step([next(iterator)]) for _ in range(int(steps))
    ][-1]


class Numbers:
  """Stands in for a dataset."""

  name = "numbers"
  image_shape = (4, 4, 1)
  num_classes = 0

  def batches(self, split, batch_size, start, as_stored):
    numbers = tf.data.Dataset.range(start, 99)
    return abstract_dataset.with_options(
      numbers.map(lambda t: tf.cast(t, tf.float32))
    )


class Evaluator:
  """Scores a GAN by its number."""

  best_by = None

  def __init__(self, *_):
    pass

  def row_of_model(self, gan, path, step, config):
    total = float(gan.total)
    return score_row.ScoreRow.from_json(
      {
        "checkpoint_path": path,
        "step": step,
        "status": "ok",
        "config": config,
        "scores": {"fid": total},
        "lists": {"fid": [total]},
        "errors": {},
        "protocol": {"code": "1"},
        "protocol_digest": "aa",
      }
    )


@pytest.fixture
def counted(monkeypatch):
  """Puts numbers in place of networks, images and metrics."""
  gin.parse_config(
    f"options.training_steps = {_STEPS}\noptions.batch_size = 1\n"
    "options.gan_class = None\noptions.architecture = 'none'\n"
    "evaluate.sample_grid = 1"
  )
  monkeypatch.setattr(model_dir_lib, "make_gan", lambda *_: Counter())
  monkeypatch.setattr(estimator, "Estimator", Eager)
  monkeypatch.setattr(evaluation_lib, "Evaluator", Evaluator)
  monkeypatch.setattr(sampling, "Sampler", lambda gan, *_, **__: _Sampler(gan))
  monkeypatch.setattr(sampling, "draw", lambda *_, **__: (None, None))
  monkeypatch.setattr(train, "_picture_maker", lambda *_: dict)
  picture = np.zeros([2, 2, 3], np.uint8)
  monkeypatch.setattr(views, "samples", lambda *_: picture)
  monkeypatch.setattr(
    hook_kinds,
    "make",
    lambda _, training: [
      hooks.ScalarTable(training.model_dir),
      hooks.Summaries(training.model_dir, every_steps=1),
    ],
  )


class _Sampler:
  def __init__(self, gan):
    self.gan = gan


def _train_and_score(folder):
  config = RunConfig(7, False, 1, 1, keep_checkpoint_max=2)
  one = single.OneDevice("CPU:0")
  train.train(one, Numbers(), config, folder)
  steps = task_manager.to_evaluate(folder, "scores.csv", 1)
  scorer = score.Scorer(Numbers(), folder, runs=3)
  score.evaluate(steps, Numbers(), folder, "scores.csv", scorer)


def _state(folder):
  step, tensors = checkpoints.last_good(folder)
  rows = hooks.read_scalars(os.path.join(folder, "scalars.csv"))
  names = [
    name
    for name in files.names(folder)
    # A start that goes on writes down what it goes on with.
    if not name.startswith(("events.out.", "operative_config"))
  ]
  return (
    step,
    {k: np.asarray(v).tobytes() for k, v in tensors.items()},
    [(row["step"], row["loss/total"]) for row in rows],
    files.read_text(os.path.join(folder, "checkpoint")),
    names,
    _scores(folder),
    files.names(os.path.join(folder, "samples")),
  )


def _scores(folder):
  rows = score_tables.read_rows(folder, "scores.csv")
  return [(row.step, row.scores) for row in rows]


@pytest.mark.once
@pytest.mark.long
@_NUMBERS
def test_a_training_and_its_scores(numbers, counted, tmp_path):
  names = _check_all(_train_and_score, _state, tmp_path, numbers)
  assert len(names) > 150
  # Every kind of file, and TensorFlow's calls, are among them.
  assert {
    "save_v2",
    "create_file_writer_v2",
    "flock",
    "TensorFlow's flush",
    "fsync",
    "TensorFlow's get_tensor",
    "listdir",
    "load_checkpoint",
    "makedirs",
    "mkdtemp",
    "open",
    "read",
    "remove",
    "replace",
    "write",
  } <= set(names)


# ---- Caches ------------------------------------------------------------------


def _cached(folder):
  with pytest.MonkeyPatch.context() as patch:
    patch.setenv("COMPARE_GAN_CACHE", folder)
    patch.setattr(cache, "_warned", set())
    made = cache.array("x", lambda: np.arange(3))
    again = cache.array("x", lambda: np.arange(3))
    plain = cache.writable_folder()
  np.testing.assert_array_equal(made, range(3))
  np.testing.assert_array_equal(again, range(3))
  assert os.path.isdir(plain)


@_NUMBERS
def test_a_cache_is_never_the_end_of_a_run(numbers, tmp_path, monkeypatch):
  monkeypatch.setattr(checkpoints, "DamagedError", OSError)  # Not even one.
  names = _check_all(_cached, files.names, tmp_path, numbers)
  assert len(names) > 8


def _statistics(folder):
  files.make_folder(folder)
  path = os.path.join(folder, "real.npz")
  rows = np.random.RandomState(0).standard_normal([9, 2])
  statistics.write(path, fid.Moments().add(rows).gaussian())
  return statistics.read(path)


def _mean(folder):
  path = os.path.join(folder, "real.npz")
  return statistics.read(path).mean.tolist(), files.names(folder)


@_NUMBERS
def test_statistics_of_real_images(numbers, tmp_path):
  _check_all(_statistics, _mean, tmp_path, numbers)


# ---- A study -----------------------------------------------------------------


class Plan(fake_plan.Plan):
  """Two runs."""

  def count(self, study):
    return {"runs": 2, "phases": {"listed": 2}}

  def runs(self, study, scores):
    return [self._run(i, "ns", 0.25, i, "listed", 0) for i in (0, 1)], True


class Executor:
  """Runs nothing: a run has a score at once."""

  jobs = 1
  threads = None

  def __init__(self):
    self._done = []

  def submit(self, task):
    row = {
      "step": 1,
      "status": "ok",
      "scores": {"fid": 2.0},
      "protocol_digest": "a",
    }
    with open(os.path.join(task.folder, "scores.jsonl"), "w") as file:
      file.write(json.dumps(row) + "\n")
    self._done.append((task.id, process.Outcome("ok")))

  def wait(self, seconds):
    done, self._done = self._done, []
    return done

  def cancel(self):
    pass

  def close(self):
    pass


def _study(folder):
  fake_plan.conduct(folder, plan=Plan(), executor=Executor())
  tables.write(table.read(folder), folder)


def _table(folder):
  rows = [
    row._replace(seconds=0.0, attempts=0, folder="")
    for row in table.read(folder).rows
  ]
  return rows, files.names(folder), files.names(os.path.join(folder, "runs"))


@_NUMBERS
def test_a_study(numbers, tmp_path):
  names = _check_all(_study, _table, tmp_path, numbers)
  assert len(names) > 80
