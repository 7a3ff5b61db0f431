"""The loop: how far it goes, what it saves, and where it goes on."""

import os
import socket

from compare_gan.datasets import abstract_dataset
from compare_gan.estimator import hooks
from compare_gan.estimator.devices import single
from compare_gan.estimator.estimator import Estimator
from compare_gan.estimator.run_config import RunConfig
from compare_gan.storage import checkpoints
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("tf.function and tf.distribute run the loop")


class Counter:
  """A model that counts: `total` is the sum of all that it was fed."""

  batches_per_step = 2

  def __init__(self):
    self.global_step = tf.Variable(0, dtype=tf.int64, name="global_step")
    self.total = tf.Variable(0.0, name="total")
    self.variables = (self.global_step, self.total)

  def train_step(self, batches):
    self.global_step.assign_add(1)
    for batch in batches:
      self.total.assign_add(batch["x"])
    return {"loss/total": tf.identity(self.total)}


def _input(start):
  """Batch t holds t."""
  numbers = tf.data.Dataset.range(start, 1000)
  batches = numbers.map(lambda t: {"x": tf.cast(t, tf.float32)})
  return abstract_dataset.with_options(batches)


class Recorder(hooks.Hook):
  def __init__(self):
    self.calls = []

  def begin(self, model, step, max_steps):
    self.calls.append(("begin", step, max_steps))

  def after_loop(self, step, steps, seconds, scalars):
    self.calls.append((step, steps, float(scalars["loss/total"])))

  def end(self, step):
    self.calls.append(("end", step))


def _train(model, model_dir, max_steps, save=10, loop=4, recorder=None):
  config = RunConfig(None, False, loop, save, 1000)
  estimator = Estimator(
    model, config, single.OneDevice("CPU:0"), str(model_dir)
  )
  estimator.train(_input, max_steps, [recorder] if recorder else [])


def test_every_batch_is_seen_once(tmp_path):
  model = Counter()
  _train(model, tmp_path, 7)
  assert int(model.global_step) == 7
  assert float(model.total) == sum(range(14))


def test_checkpoints_at_start_at_intervals_and_at_the_end(tmp_path):
  _train(Counter(), tmp_path, 7, save=3)
  assert sorted(checkpoints.all_steps(str(tmp_path))) == [0, 3, 6, 7]


def test_loops_end_where_checkpoints_are_due(tmp_path):
  recorder = Recorder()
  _train(Counter(), tmp_path, 12, save=6, loop=4, recorder=recorder)
  ends = [call[0] for call in recorder.calls if isinstance(call[0], int)]
  assert {6, 12} <= set(ends)
  steps = [call[1] for call in recorder.calls if isinstance(call[0], int)]
  assert max(steps) <= 4 and sum(steps) == 12


def test_hooks_see_begin_loops_and_end(tmp_path):
  recorder = Recorder()
  _train(Counter(), tmp_path, 2, recorder=recorder)
  assert recorder.calls[0] == ("begin", 0, 2)
  assert recorder.calls[1] == (1, 1, 1.0)
  assert recorder.calls[2] == (2, 1, 6.0)
  assert recorder.calls[3] == ("end", 2)


def test_training_goes_on_with_the_next_batch(tmp_path):
  whole = Counter()
  _train(whole, tmp_path / "whole", 9)
  part = Counter()
  _train(part, tmp_path / "part", 4)
  step, values = checkpoints.last_good(str(tmp_path / "part"))
  again = Counter()
  for v in again.variables:
    v.assign(values[v.name.split(":")[0]])
  assert step == int(again.global_step) == 4
  _train(again, tmp_path / "part", 9)
  np.testing.assert_array_equal(again.total, whole.total)


def test_finished_training_does_nothing(tmp_path):
  model, recorder = Counter(), Recorder()
  model.global_step.assign(5)
  _train(model, tmp_path, 5, recorder=recorder)
  assert not recorder.calls and float(model.total) == 0.0


def test_old_checkpoints_are_removed(tmp_path):
  config = RunConfig(None, False, 1, 1, 2)
  one = single.OneDevice("CPU:0")
  Estimator(Counter(), config, one, str(tmp_path)).train(_input, 4)
  assert sorted(checkpoints.all_steps(str(tmp_path))) == [3, 4]
  assert not [p for p in tmp_path.iterdir() if "ckpt-2." in p.name]


class SecondOfTwo(single.OneDevice):
  """A host that is not the chief; the chief asks for loops of 3 steps."""

  is_chief = False

  def shard(self):
    return {"num_shards": 2, "shard": 1}

  def sum_over_hosts(self, numbers):
    assert numbers[0] == 0
    return [3, *numbers[1:]]


def test_a_host_beside_the_chief_writes_nothing_and_follows(tmp_path):
  asked, recorder, model = [], Recorder(), Counter()

  def input_fn(start, **shard):
    asked.append((start, shard))
    return _input(start)

  config = RunConfig(None, False, 1, 1, 1000)
  Estimator(model, config, SecondOfTwo("CPU:0"), str(tmp_path / "model")).train(
    input_fn, 6, [recorder]
  )
  assert asked == [(0, {"num_shards": 2, "shard": 1})]
  assert int(model.global_step) == 6
  assert not recorder.calls
  assert not (tmp_path / "model").exists()


class Lost(single.OneDevice):
  def explain(self, error):
    raise ConnectionError(f"lost: {error.message}") from error


def test_errors_of_steps_are_explained_by_the_devices(tmp_path):
  class Failing(Counter):
    def train_step(self, batches):
      tf.debugging.assert_less(batches[0]["x"], 3.0, message="peer")
      return super().train_step(batches)

  config = RunConfig(None, False, 1, 1, 1000)
  with pytest.raises(ConnectionError, match="(?s)lost: .*peer"):
    Estimator(Failing(), config, Lost("CPU:0"), str(tmp_path)).train(_input, 6)
  assert max(checkpoints.all_steps(str(tmp_path))) == 2


def test_going_on_removes_what_a_killed_process_left(tmp_path):
  _train(Counter(), tmp_path, 2)
  left = tmp_path / f".writing-{socket.gethostname()}-{os.getpid()}-abc"
  left.mkdir()
  (tmp_path / "checkpoint").write_text("")
  model = Counter()
  model.global_step.assign(2)
  _train(model, tmp_path, 2)
  assert not left.exists()
  assert tf.train.latest_checkpoint(str(tmp_path)).endswith("model.ckpt-2")
