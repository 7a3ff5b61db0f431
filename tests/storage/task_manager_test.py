"""Which checkpoints are to be evaluated."""

from compare_gan.storage import score_tables
from compare_gan.storage import task_manager
import pytest

from tests.storage import tiny

pytestmark = pytest.mark.versions("TensorFlow lists checkpoints")


def test_only_multiples_and_the_last_one_are_to_be_evaluated(tmp_path):
  for step in (0, 2, 4, 5):
    tiny.checkpoint(tmp_path, step)
  folder = str(tmp_path)
  assert task_manager.to_evaluate(folder, "scores.csv", 4) == [0, 4]
  task_manager.mark_training_done(folder)
  assert task_manager.to_evaluate(folder, "scores.csv", 4) == [0, 4, 5]
  score_tables.add_row(folder, tiny.row(4))
  assert task_manager.to_evaluate(folder, "scores.csv", 4) == [0, 5]


def test_steps_of_another_protocol_are_to_be_evaluated(tmp_path):
  """Whether its rows do is asked of steps that have some."""
  folder = str(tmp_path)
  for step in (0, 4, 8):
    tiny.checkpoint(tmp_path, step)
  for step, protocol in ((0, "aa"), (4, "aa"), (4, "bb")):
    score_tables.add_row(folder, tiny.row(step, protocol=protocol))
  asked = []

  def is_scored(step, rows):
    asked.append((step, [row.protocol_digest for row in rows]))
    return "bb" in asked[-1][1]

  found = task_manager.to_evaluate(folder, "scores.csv", is_scored=is_scored)
  assert found == [0, 8]
  assert asked == [(0, ["aa"]), (4, ["aa", "bb"])]


def test_evaluator_asks_once_whether_a_step_is_scored(tmp_path):
  folder = str(tmp_path)
  for step in (0, 4, 8):
    tiny.checkpoint(tmp_path, step)
    score_tables.add_row(folder, tiny.row(step))
  task_manager.mark_training_done(folder)
  asked = []

  def is_scored(step, rows):
    asked.append(step)
    return step == 4

  steps = task_manager.new_checkpoints(
    folder, "scores.csv", is_scored=is_scored
  )
  assert list(steps) == [0, 8]  # Their rows are still of another protocol.
  assert asked == [0, 4, 8]


def test_evaluator_waits_for_a_running_training(tmp_path, monkeypatch):
  folder = str(tmp_path / "later")
  sleeps = []

  def sleep(seconds):
    """The training goes on while the evaluator sleeps."""
    sleeps.append(seconds)
    tiny.checkpoint(folder, 2 * len(sleeps))
    if len(sleeps) == 2:
      task_manager.mark_training_done(folder)

  monkeypatch.setattr(task_manager.time, "sleep", sleep)
  steps = []
  for step in task_manager.new_checkpoints(folder, "scores.csv", seconds=7):
    steps.append(step)
    if step == 2:  # That of step 4 stays without a row.
      score_tables.add_row(folder, tiny.row(step))
  assert steps == [2, 4]
  assert sleeps == [7, 7]
