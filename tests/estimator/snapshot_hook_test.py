"""When snapshots are written, and which ones a restart removes."""

import types

from compare_gan.estimator import snapshot_hook
from compare_gan.storage import snapshots
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("reads tf.Variables")


def _model(*names):
  variables = [tf.Variable([1.0], name=name) for name in names]
  return types.SimpleNamespace(variables=variables)


def _run(folder, model, start, loops, max_steps=7):
  hook = snapshot_hook.Snapshots(str(folder), "/Average_", every_steps=2)
  hook.begin(model, start, max_steps)
  for step in loops:
    model.variables[-1].assign([step])
    hook.after_loop(step, 1, 1.0, {})


def test_snapshots_are_of_every_few_steps_and_of_the_last(tmp_path):
  _run(tmp_path, _model("w", "w/Average_0.1"), 0, [1, 2, 3, 4, 7])
  assert snapshots.steps(str(tmp_path)) == [2, 4, 7]
  found = snapshots.read(str(tmp_path), 4)
  assert {name: float(x[0]) for name, x in found.items()} == {
    "w/Average_0.1": 4.0
  }


def test_a_restart_removes_what_it_makes_again(tmp_path):
  model = _model("w", "w/Average_0.1")
  _run(tmp_path, model, 0, [2, 4, 6])
  _run(tmp_path, model, 3, [])
  assert snapshots.steps(str(tmp_path)) == [2]


def test_a_model_without_averages_leaves_nothing(tmp_path):
  _run(tmp_path, _model("w"), 0, [2, 4])
  assert not list(tmp_path.iterdir())
