"""Tables of scores, who is to be evaluated, and the best checkpoint."""

import csv
import json
import multiprocessing
import os
import threading

from compare_gan.evaluation import protocol as protocol_lib
from compare_gan.storage import checkpoints
from compare_gan.storage import files
from compare_gan.storage import model_dir
from compare_gan.storage import task_manager
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow lists checkpoints")


def _row(step, value=1.5, protocol="aa", **changes):
  return {
    "checkpoint_path": f"model.ckpt-{step}",
    "step": step,
    "status": "ok",
    "scores": {"fid": value},
    "lists": {"fid": [value - 0.5, value + 0.5]},
    "intervals": {},
    "errors": {},
    "protocol": {},
    "protocol_digest": protocol,
    "config": {"options.z_dim": "128"},
    **changes,
  }


def _table(folder, filename="scores.csv"):
  with open(os.path.join(folder, filename), newline="") as file:
    return list(csv.DictReader(file))


def _checkpoint(folder, step):
  checkpoints.write(str(folder), step, {"x": tf.constant(float(step))})


def test_columns_of_the_original_come_first(tmp_path):
  task_manager.add_row(str(tmp_path), _row(5))
  header = (tmp_path / "scores.csv").read_text().splitlines()[0]
  assert header == (
    "checkpoint_path,step,fid_score_list,fid_score_mean,fid_score_std,"
    "options.z_dim,status,protocol"
  )


def test_why_a_metric_has_no_intervals_stays_with_its_scores(tmp_path):
  def add(metric, **changes):
    scores = {"scores": {metric: 1.0}, "lists": {metric: [1.0]}}
    names = {"metrics": {metric: [metric]}}
    task_manager.add_row(str(tmp_path), _row(5, **scores, **names, **changes))
    [row] = task_manager.read_rows(str(tmp_path))
    return row.get("without_intervals")

  assert add("gilbo", without_intervals={"gilbo": "x"}) == {"gilbo": "x"}
  assert add("fid", without_intervals={"fid": "y"}) == {
    "gilbo": "x",
    "fid": "y",
  }
  assert add("fid", intervals={"fid": [0, 1]}) == {"gilbo": "x"}
  assert add("gilbo") is None


def test_cells_hold_mean_spread_and_values(tmp_path):
  task_manager.add_row(str(tmp_path), _row(5, 2.5))
  [row] = _table(tmp_path)
  assert row["fid_score_list"] == "2.000_3.000"
  assert row["fid_score_mean"] == "2.500"
  assert row["fid_score_std"] == "0.5"
  assert row["status"] == "ok"


def test_small_scores_keep_their_digits(tmp_path):
  row = _row(5, lists={"kid": [0.00083562282]})
  task_manager.add_row(str(tmp_path), row)
  assert _table(tmp_path)[0]["kid_mean"] == "0.000835623"


def test_later_metrics_are_added_and_no_row_is_lost(tmp_path):
  task_manager.add_row(str(tmp_path), _row(5))
  task_manager.add_row(str(tmp_path), _row(10, lists={"is": [7.0]}))
  first, second = _table(tmp_path)
  assert (first["fid_score_mean"], first["is_mean"]) == ("1.500", "")
  assert (second["fid_score_mean"], second["is_mean"]) == ("", "7.000")


def test_rows_of_the_original_are_kept(tmp_path):
  (tmp_path / "scores.csv").write_text(
    "checkpoint_path,step,fid_score_mean,options.z_dim\nold/a,7,31.400,128\n"
  )
  task_manager.add_row(str(tmp_path), _row(5))
  ours, old = _table(tmp_path)
  assert (ours["step"], old["step"]) == ("5", "7")
  assert (old["checkpoint_path"], old["fid_score_mean"]) == ("old/a", "31.400")


def test_same_step_and_protocol_is_replaced(tmp_path):
  task_manager.add_row(str(tmp_path), _row(5, 1.5))
  task_manager.add_row(str(tmp_path), _row(5, 2.5))
  task_manager.add_row(str(tmp_path), _row(5, 3.5, protocol="bb"))
  assert [row["fid_score_mean"] for row in _table(tmp_path)] == [
    "2.500",
    "3.500",
  ]


def test_other_metrics_are_added_to_the_row(tmp_path):
  folder = str(tmp_path)
  task_manager.add_row(folder, _row(5, 1.5))
  kid = {"scores": {"kid": 0.25}, "lists": {"kid": [0.25, 0.25]}}
  task_manager.add_row(folder, _row(5, **kid))
  [row] = task_manager.read_rows(folder)
  assert row["scores"] == {"fid": 1.5, "kid": 0.25}
  assert row["lists"] == {"fid": [1.0, 2.0], "kid": [0.25, 0.25]}
  assert row["status"] == "ok"
  [cells] = _table(tmp_path)
  assert (cells["fid_score_mean"], cells["kid_mean"]) == ("1.500", "0.25")


def _card_row(step, *metrics, value=1.5, **facts):
  """Returns a row whose card knows its metrics, each with one score."""
  entries = {
    name: {"parameters": parameters, "uses": []} for name, parameters in metrics
  }
  card = {"form": 2, "metrics": entries, **facts}
  names = [name for name, _ in metrics]
  return _row(
    step,
    protocol=protocol_lib.digest(card),
    scores=dict.fromkeys(names, value),
    lists={name: [value] for name in names},
    metrics={name: [name] for name in names},
  ) | {"protocol": card}


_FID, _KID, _OTHER_KID = ("fid", {}), ("kid", {"size": 9}), ("kid", {"size": 8})


def test_metrics_beside_are_of_the_same_protocol(tmp_path):
  folder = str(tmp_path)
  task_manager.add_row(folder, _card_row(5, _FID))
  task_manager.add_row(folder, _card_row(5, _KID))
  [row] = task_manager.read_rows(folder)
  assert set(row["scores"]) == {"fid", "kid"}
  both = _card_row(5, _FID, _KID)
  assert row["protocol"] == both["protocol"]
  assert row["protocol_digest"] == both["protocol_digest"]


def test_other_parameters_of_a_metric_are_another_protocol(tmp_path):
  folder = str(tmp_path)
  task_manager.add_row(folder, _card_row(5, _FID, _KID))
  task_manager.add_row(folder, _card_row(5, _OTHER_KID, value=2.5))
  task_manager.add_row(folder, _card_row(5, _FID, _KID, value=3.5))
  assert [row["scores"] for row in task_manager.read_rows(folder)] == [
    {"fid": 3.5, "kid": 3.5},
    {"kid": 2.5},
  ]


def test_metrics_beside_leave_the_best_alone(tmp_path):
  folder = str(tmp_path)
  for step, metrics, value in (
    (1, [_FID], 2.0),
    (2, [_FID, _KID], 3.0),
    (3, [_FID, _OTHER_KID], 1.0),
  ):
    _checkpoint(folder, step)
    row = _card_row(step, *metrics, value=value)
    assert task_manager.keep_best(folder, row, "fid") == (step != 2)
  assert checkpoints.all_steps(str(tmp_path / "best")) == [3]


def test_other_facts_are_another_protocol_of_the_best(tmp_path):
  folder = str(tmp_path)
  for step, seed, value in ((1, 42, 2.0), (2, 1, 3.0)):
    _checkpoint(folder, step)
    row = _card_row(step, _FID, value=value, seed=seed)
    assert task_manager.keep_best(folder, row, "fid")


def test_a_newer_value_has_no_older_interval(tmp_path):
  folder = str(tmp_path)
  given = {"fid": [1.0, 2.0], "kid": [0.1, 0.2]}
  task_manager.add_row(folder, _row(5, 1.5, intervals=given))
  task_manager.add_row(folder, _row(5, 3.5))
  [row] = task_manager.read_rows(folder)
  assert row["scores"] == {"fid": 3.5}
  assert row["intervals"] == {"kid": [0.1, 0.2]}


_FAILED = {
  "errors": {"precision_recall": "ValueError: no", "prd": "ValueError: no"},
  "status": "no prd, precision_recall",
}
_FOUND = {
  "scores": {"recall": 0.5},
  "lists": {"recall": [0.5]},
  "metrics": {"precision_recall": ["recall"]},
}


@pytest.mark.parametrize("order", [1, -1], ids=["then", "before"])
def test_only_metrics_without_a_value_have_an_error(tmp_path, order):
  for change in (_FAILED, _FOUND)[::order]:
    task_manager.add_row(str(tmp_path), _row(5, **change))
  [row] = task_manager.read_rows(str(tmp_path))
  assert row["errors"] == {"prd": "ValueError: no"}
  assert row["status"] == "no prd"
  assert row["scores"] == {"fid": 1.5, "recall": 0.5}


def test_images_that_are_no_numbers_have_no_scores(tmp_path):
  task_manager.add_row(str(tmp_path), _row(5))
  nothing = {"scores": {}, "lists": {}, "status": "NaN in fake images"}
  task_manager.add_row(str(tmp_path), _row(5, **nothing))
  [row] = task_manager.read_rows(str(tmp_path))
  assert (row["scores"], row["status"]) == ({}, "NaN in fake images")


def test_error_of_a_metric_has_a_column(tmp_path):
  task_manager.add_row(str(tmp_path), _row(5, errors={"prd": "ValueError: no"}))
  assert _table(tmp_path)[0]["prd_error"] == "ValueError: no"


def _add_twenty(folder, first, barrier):
  barrier.wait()
  for step in range(first, first + 20):
    task_manager.add_row(folder, _row(step))


@pytest.mark.once
@pytest.mark.long
def test_evaluators_at_once_lose_nothing(tmp_path):
  # Not "fork": what other tests have loaded may not survive one.
  context = multiprocessing.get_context("spawn")
  barrier = context.Barrier(2, timeout=60)
  workers = [
    context.Process(target=_add_twenty, args=(str(tmp_path), first, barrier))
    for first in (0, 20)
  ]
  for worker in workers:
    worker.start()
  for worker in workers:
    worker.join()
  assert [worker.exitcode for worker in workers] == [0, 0]
  assert [int(row["step"]) for row in _table(tmp_path)] == list(range(40))
  lines = (tmp_path / "scores.jsonl").read_text().splitlines()
  assert [json.loads(line)["step"] for line in lines] == list(range(40))


def test_only_multiples_and_the_last_one_are_to_be_evaluated(tmp_path):
  for step in (0, 2, 4, 5):
    _checkpoint(tmp_path, step)
  folder = str(tmp_path)
  assert task_manager.to_evaluate(folder, "scores.csv", 4) == [0, 4]
  task_manager.mark_training_done(folder)
  assert task_manager.to_evaluate(folder, "scores.csv", 4) == [0, 4, 5]
  task_manager.add_row(folder, _row(4))
  assert task_manager.to_evaluate(folder, "scores.csv", 4) == [0, 5]


def test_steps_of_another_protocol_are_to_be_evaluated(tmp_path):
  """Whether its rows do is asked of steps that have some."""
  folder = str(tmp_path)
  for step in (0, 4, 8):
    _checkpoint(tmp_path, step)
  for step, protocol in ((0, "aa"), (4, "aa"), (4, "bb")):
    task_manager.add_row(folder, _row(step, protocol=protocol))
  asked = []

  def is_scored(step, rows):
    asked.append((step, [row["protocol_digest"] for row in rows]))
    return "bb" in asked[-1][1]

  found = task_manager.to_evaluate(folder, "scores.csv", is_scored=is_scored)
  assert found == [0, 8]
  assert asked == [(0, ["aa"]), (4, ["aa", "bb"])]


def test_evaluator_asks_once_whether_a_step_is_scored(tmp_path):
  folder = str(tmp_path)
  for step in (0, 4, 8):
    _checkpoint(tmp_path, step)
    task_manager.add_row(folder, _row(step))
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
    _checkpoint(folder, 2 * len(sleeps))
    if len(sleeps) == 2:
      task_manager.mark_training_done(folder)

  monkeypatch.setattr(task_manager.time, "sleep", sleep)
  steps = []
  for step in task_manager.new_checkpoints(folder, "scores.csv", seconds=7):
    steps.append(step)
    if step == 2:  # That of step 4 stays without a row.
      task_manager.add_row(folder, _row(step))
  assert steps == [2, 4]
  assert sleeps == [7, 7]


def test_best_checkpoint_is_kept(tmp_path):
  folder = str(tmp_path)
  for step, value in ((1, 3.0), (2, 1.0), (3, 2.0)):
    _checkpoint(folder, step)
    kept = task_manager.keep_best(folder, _row(step, value), "fid")
    assert kept == (step < 3)
  best = checkpoints.last_good(str(tmp_path / "best"))
  assert best[0] == 2 and best[1]["x"] == 2.0
  card = json.loads((tmp_path / "best" / "best.json").read_text())
  assert (card["step"], card["value"], card["by"]) == (2, 1.0, "fid")
  assert checkpoints.all_steps(str(tmp_path / "best")) == [2]


def test_best_may_be_the_largest(tmp_path):
  for step, value in ((1, 3.0), (2, 1.0)):
    _checkpoint(tmp_path, step)
    task_manager.keep_best(str(tmp_path), _row(step, value), "-fid")
  assert checkpoints.all_steps(str(tmp_path / "best")) == [1]


def _keep(folder, step, value, by, **changes):
  _checkpoint(folder, step)
  name = by.removeprefix("-")
  row = _row(step, scores={name: value}, **changes)
  return task_manager.keep_best(str(folder), row, by)


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
  with pytest.raises(ValueError, match="evaluate.best_by = 'mine': nothing"):
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


def test_two_evaluations_of_a_step_have_the_directions_of_both(tmp_path):
  for name in ("fid", "recall"):
    row = _row(1, scores={name: 1.0}, lists={name: [1.0]}, better={name: "x"})
    task_manager.add_row(str(tmp_path), row)
  [row] = task_manager.read_rows(str(tmp_path))
  assert row["better"] == {"fid": "x", "recall": "x"}


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_best_is_a_number(tmp_path, value):
  _checkpoint(tmp_path, 1)
  assert not task_manager.keep_best(str(tmp_path), _row(1, value), "fid")


def test_scores_of_another_protocol_do_not_count(tmp_path):
  for step, value, protocol in ((1, 1.0, "aa"), (2, 3.0, "bb")):
    _checkpoint(tmp_path, step)
    task_manager.keep_best(str(tmp_path), _row(step, value, protocol), "fid")
  assert checkpoints.all_steps(str(tmp_path / "best")) == [2]


def test_removed_checkpoint_has_a_row_and_leaves_the_best_alone(tmp_path):
  folder = str(tmp_path)
  _checkpoint(folder, 1)
  assert task_manager.record(folder, _row(1, 3.0), best_by="fid")
  assert not task_manager.record(folder, _row(2, 1.0), best_by="fid")
  assert checkpoints.last_good(str(tmp_path / "best"))[1]["x"] == 1.0
  assert model_dir.best_step(str(tmp_path / "best")) == 1
  assert [row["step"] for row in task_manager.read_rows(folder)] == [1, 2]


def test_checkpoint_that_goes_while_it_is_copied_is_not_kept(
  tmp_path, monkeypatch
):
  folder = str(tmp_path)
  for step in (1, 2):
    _checkpoint(folder, step)
  task_manager.keep_best(folder, _row(1, 3.0), "fid")
  names = set(os.listdir(tmp_path / "best"))
  copy = files.copy

  def train_on(source, target):
    os.remove(tmp_path / "model.ckpt-2.index")
    monkeypatch.setattr(files, "copy", copy)
    copy(source, target)

  monkeypatch.setattr(files, "copy", train_on)
  assert not task_manager.keep_best(folder, _row(2, 1.0), "fid")
  assert set(os.listdir(tmp_path / "best")) == names


def test_slower_and_worse_evaluation_waits_for_the_better_one(
  tmp_path, monkeypatch
):
  """It decides by best.json as it is then, not as it was when it began."""
  folder, call = str(tmp_path), files.call
  for step in (1, 2):
    _checkpoint(folder, step)
  slower = threading.Thread(
    target=task_manager.keep_best, args=(folder, _row(1, 3.0), "fid")
  )

  def start_the_other(function, *args, **kwargs):
    if getattr(function, "__name__", "") == "copyfile" and not slower.ident:
      slower.start()
      slower.join(0.5)
      assert slower.is_alive()
    return call(function, *args, **kwargs)

  monkeypatch.setattr(files, "call", start_the_other)
  assert task_manager.keep_best(folder, _row(2, 1.0), "fid")
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
    _checkpoint(folder, step)
  task_manager.record(folder, _row(10, 3.0), best_by="fid")


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
      task_manager.record(folder, _row(step, 1.0), best_by="fid")

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
    assert task_manager.read_rows(folder)[0]["scores"]
    # Another evaluator, who finds the step without a row, makes it again.
    if step not in {row["step"] for row in task_manager.read_rows(folder)}:
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


def test_bindings_of_a_gin_file():
  text = """
import some.module
MACRO = 3
options.batch_size = 4
a/options.batch_size = 5
options.gan_class = @ModularGAN
evaluate.metrics = [@fid, @b/kid()]
z.stddev = %MACRO
dataset.name = 'cifar10'
"""
  assert task_manager.bindings(text) == {
    "macro.MACRO": "3",
    "options.batch_size": "4",
    "a/options.batch_size": "5",
    "options.gan_class": "@ModularGAN",
    "evaluate.metrics": "[@fid, @b/kid()]",
    "z.stddev": "%MACRO",
    "dataset.name": "cifar10",
  }
