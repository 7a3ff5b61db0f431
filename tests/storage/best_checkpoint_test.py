"""The best checkpoint, whoever evaluates and whenever it dies."""

import json
import os
import threading

from compare_gan.storage import checkpoints
from compare_gan.storage import files
from compare_gan.storage import model_dir
from compare_gan.storage import score_tables
import pytest

from tests.storage import tiny

pytestmark = pytest.mark.versions("TensorFlow lists checkpoints")


def test_metrics_beside_leave_the_best_alone(tmp_path):
  folder = str(tmp_path)
  for step, metrics, value in (
    (1, [tiny.FID], 2.0),
    (2, [tiny.FID, tiny.KID], 3.0),
    (3, [tiny.FID, tiny.OTHER_KID], 1.0),
  ):
    tiny.checkpoint(folder, step)
    row = tiny.card_row(step, *metrics, value=value)
    assert score_tables.keep_best(folder, row, "fid") == (step != 2)
  assert checkpoints.all_steps(str(tmp_path / "best")) == [3]


def test_other_facts_are_another_protocol_of_the_best(tmp_path):
  folder = str(tmp_path)
  for step, seed, value in ((1, 42, 2.0), (2, 1, 3.0)):
    tiny.checkpoint(folder, step)
    row = tiny.card_row(step, tiny.FID, value=value, seed=seed)
    assert score_tables.keep_best(folder, row, "fid")


def test_best_checkpoint_is_kept(tmp_path):
  folder = str(tmp_path)
  for step, value in ((1, 3.0), (2, 1.0), (3, 2.0)):
    tiny.checkpoint(folder, step)
    kept = score_tables.keep_best(folder, tiny.row(step, value), "fid")
    assert kept == (step < 3)
  best = checkpoints.last_good(str(tmp_path / "best"))
  assert best[0] == 2 and best[1]["x"] == 2.0
  card = json.loads((tmp_path / "best" / "best.json").read_text())
  assert (card["step"], card["value"], card["by"]) == (2, 1.0, "fid")
  assert checkpoints.all_steps(str(tmp_path / "best")) == [2]


def test_best_may_be_the_largest(tmp_path):
  for step, value in ((1, 3.0), (2, 1.0)):
    tiny.checkpoint(tmp_path, step)
    score_tables.keep_best(str(tmp_path), tiny.row(step, value), "-fid")
  assert checkpoints.all_steps(str(tmp_path / "best")) == [1]


def _keep(folder, step, value, by, **changes):
  tiny.checkpoint(folder, step)
  name = by.removeprefix("-")
  row = tiny.row(step, scores={name: value}, **changes)
  return score_tables.keep_best(str(folder), row, by)


@pytest.mark.parametrize(
  "name,better,kept",
  [
    ("mine", "higher", 1),
    ("mine", "lower", 2),
    ("fid", "higher", 1),  # The row's word counts.
  ],
)
def test_best_is_by_the_direction_of_the_row(tmp_path, name, better, kept):
  for step, value in ((1, 3.0), (2, 1.0), (3, 2.0)):
    _keep(tmp_path, step, value, name, better={name: better})
  assert checkpoints.all_steps(str(tmp_path / "best")) == [kept]
  card = json.loads((tmp_path / "best" / "best.json").read_text())
  assert (card["by"], card["better"]) == (name, better)


def test_rows_without_directions_have_those_of_the_metrics(tmp_path):
  assert _keep(tmp_path, 1, 1.0, "recall_classifier")
  assert _keep(tmp_path, 2, 3.0, "recall_classifier")
  assert not _keep(tmp_path, 3, 2.0, "recall_classifier")


@pytest.mark.parametrize("better", [{}, {"mine": None}, {"mine": "neither"}])
def test_best_needs_a_direction(tmp_path, better):
  with pytest.raises(ValueError, match="evaluate.best_by = 'mine': no metric"):
    _keep(tmp_path, 1, 1.0, "mine", better=better)
  assert _keep(tmp_path, 1, 1.0, "-mine", better=better)


@pytest.mark.parametrize("by", ["-inception_score", "inception_score"])
def test_cards_of_earlier_versions_are_compared_by_value(tmp_path, by):
  """They had "-" before a name for higher, and no direction."""
  _keep(tmp_path, 1, 2.0, "inception_score")
  path = tmp_path / "best" / "best.json"
  card = json.loads(path.read_text())
  del card["better"]
  path.write_text(json.dumps({**card, "by": by}))
  assert not _keep(tmp_path, 2, 1.0, "inception_score")
  assert _keep(tmp_path, 3, 3.0, "inception_score")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_best_is_a_number(tmp_path, value):
  tiny.checkpoint(tmp_path, 1)
  assert not score_tables.keep_best(str(tmp_path), tiny.row(1, value), "fid")


def test_scores_of_another_protocol_do_not_count(tmp_path):
  for step, value, protocol in ((1, 1.0, "aa"), (2, 3.0, "bb")):
    tiny.checkpoint(tmp_path, step)
    score_tables.keep_best(
      str(tmp_path), tiny.row(step, value, protocol), "fid"
    )
  assert checkpoints.all_steps(str(tmp_path / "best")) == [2]


def test_removed_checkpoint_has_a_row_and_leaves_the_best_alone(tmp_path):
  folder = str(tmp_path)
  tiny.checkpoint(folder, 1)
  assert score_tables.record(folder, tiny.row(1, 3.0), best_by="fid")
  assert not score_tables.record(folder, tiny.row(2, 1.0), best_by="fid")
  assert checkpoints.last_good(str(tmp_path / "best"))[1]["x"] == 1.0
  assert model_dir.best_step(str(tmp_path / "best")) == 1
  assert [row.step for row in score_tables.read_rows(folder)] == [1, 2]


def test_checkpoint_that_goes_while_it_is_copied_is_not_kept(
  tmp_path, monkeypatch
):
  folder = str(tmp_path)
  for step in (1, 2):
    tiny.checkpoint(folder, step)
  score_tables.keep_best(folder, tiny.row(1, 3.0), "fid")
  names = set(os.listdir(tmp_path / "best"))
  copy = files.copy

  def train_on(source, target):
    os.remove(tmp_path / "model.ckpt-2.index")
    monkeypatch.setattr(files, "copy", copy)
    copy(source, target)

  monkeypatch.setattr(files, "copy", train_on)
  assert not score_tables.keep_best(folder, tiny.row(2, 1.0), "fid")
  assert set(os.listdir(tmp_path / "best")) == names


def test_slower_and_worse_evaluation_waits_for_the_better_one(
  tmp_path, monkeypatch
):
  """It decides by best.json as it is then, not as it was when it began."""
  folder, call = str(tmp_path), files.call
  for step in (1, 2):
    tiny.checkpoint(folder, step)
  slower = threading.Thread(
    target=score_tables.keep_best, args=(folder, tiny.row(1, 3.0), "fid")
  )

  def start_the_other(function, *args, **kwargs):
    if getattr(function, "__name__", "") == "copyfile" and not slower.ident:
      slower.start()
      slower.join(0.5)
      assert slower.is_alive()
    return call(function, *args, **kwargs)

  monkeypatch.setattr(files, "call", start_the_other)
  assert score_tables.keep_best(folder, tiny.row(2, 1.0), "fid")
  slower.join()
  assert model_dir.best_step(str(tmp_path / "best")) == 2
  assert checkpoints.all_steps(str(tmp_path / "best")) == [2]


# ---- Evaluators that are killed ----------------------------------------------


class Death(BaseException):
  """The end of a simulated process. Nothing may catch it."""


class Dying:
  """Stands in for files.call; dies before or after one of the calls.

  Args:
    at: k, to die before the call k / 2, or after it for an odd k.
  """

  def __init__(self, at=None):
    self.count = 0
    self._at = at
    self._call = files.call

  def __call__(self, function, *args, **kwargs):
    self._pass()
    result = self._call(function, *args, **kwargs)
    self._pass()
    return result

  def _pass(self):
    self.count += 1
    if self._at is not None and self.count > self._at:
      raise Death(self._at)  # From then on at every call.


def _training(folder):
  """A model_dir that a training went on in, whose first checkpoint is best."""
  for start in (0, 10):
    files.write_text(f"{folder}/operative_config-{start}.gin", f"# {start}\n")
  files.write_text(f"{folder}/model.json", "{}")
  for step in (5, 10, 15):
    tiny.checkpoint(folder, step)
  score_tables.record(folder, tiny.row(10, 3.0), best_by="fid")


def _assert_usable(folder):
  best = os.path.join(folder, "best")
  step = model_dir.best_step(best)
  assert checkpoints.read(best, step)["x"] == step
  card = json.loads(files.read_text(f"{best}/best.json"))
  assert card["value"] == {10: 3.0, 5: 1.0, 15: 1.0}[step]
  start = 10 if step > 10 else 0
  config = files.read_text(model_dir.config_path(best, step))
  assert config == f"# {start}\n"
  return step


@pytest.mark.long
@pytest.mark.parametrize("step", [5, 15])
def test_an_evaluator_that_dies_leaves_a_usable_best(
  tmp_path, monkeypatch, step
):
  def evaluate(folder, dying):
    with monkeypatch.context() as patch:
      patch.setattr(files, "call", dying)
      score_tables.record(folder, tiny.row(step, 1.0), best_by="fid")

  whole, unbroken = str(tmp_path / "whole"), Dying()
  os.mkdir(whole)
  _training(whole)
  evaluate(whole, unbroken)
  assert _assert_usable(whole) == step
  assert unbroken.count > 60
  found = set()
  for point in range(unbroken.count):
    folder = str(tmp_path / str(point))
    os.mkdir(folder)
    _training(folder)
    with pytest.raises(Death):
      evaluate(folder, Dying(point))
    found.add(_assert_usable(folder))
    assert score_tables.read_rows(folder)[0].scores
    # Another evaluator, who finds the step without a row, makes it again.
    if step not in {row.step for row in score_tables.read_rows(folder)}:
      evaluate(folder, Dying())
    for part in ("", "best"):
      assert _content(folder, part) == _content(whole, part)
  assert found == {10, step}


def _content(folder, part):
  folder = os.path.join(folder, part)
  return {
    name: files.read_bytes(os.path.join(folder, name))
    for name in os.listdir(folder)
    if name != "best" and not name.endswith((".writing", ".lock"))
  }
