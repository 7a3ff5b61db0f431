"""The tables of scores."""

import csv
import json
import multiprocessing
import os

from compare_gan.storage import score_tables
import pytest

from tests.storage import tiny

pytestmark = pytest.mark.versions("TensorFlow lists checkpoints")


def _table(folder, filename="scores.csv"):
  with open(os.path.join(folder, filename), newline="") as file:
    return list(csv.DictReader(file))


def test_columns_of_the_original_come_first(tmp_path):
  score_tables.add_row(str(tmp_path), tiny.row(5))
  header = (tmp_path / "scores.csv").read_text().splitlines()[0]
  assert header == (
    "checkpoint_path,step,fid_score_list,fid_score_mean,fid_score_std,"
    "options.z_dim,status,protocol"
  )


def test_why_a_metric_has_no_intervals_stays_with_its_scores(tmp_path):
  def add(metric, **changes):
    scores = {"scores": {metric: 1.0}, "lists": {metric: [1.0]}}
    names = {"metrics": {metric: [metric]}}
    score_tables.add_row(
      str(tmp_path), tiny.row(5, **scores, **names, **changes)
    )
    [row] = score_tables.read_rows(str(tmp_path))
    return row.without_intervals

  assert add("gilbo", without_intervals={"gilbo": "x"}) == {"gilbo": "x"}
  assert add("fid", without_intervals={"fid": "y"}) == {
    "gilbo": "x",
    "fid": "y",
  }
  assert add("fid", intervals={"fid": [0, 1]}) == {"gilbo": "x"}
  assert not add("gilbo")


def test_cells_hold_mean_spread_and_values(tmp_path):
  score_tables.add_row(str(tmp_path), tiny.row(5, 2.5))
  [row] = _table(tmp_path)
  assert row["fid_score_list"] == "2.000_3.000"
  assert row["fid_score_mean"] == "2.500"
  assert row["fid_score_std"] == "0.5"
  assert row["status"] == "ok"


def test_small_scores_keep_their_digits(tmp_path):
  row = tiny.row(5, lists={"kid": [0.00083562282]})
  score_tables.add_row(str(tmp_path), row)
  assert _table(tmp_path)[0]["kid_mean"] == "0.000835623"


def test_later_metrics_are_added_and_no_row_is_lost(tmp_path):
  score_tables.add_row(str(tmp_path), tiny.row(5))
  score_tables.add_row(str(tmp_path), tiny.row(10, lists={"is": [7.0]}))
  first, second = _table(tmp_path)
  assert (first["fid_score_mean"], first["is_mean"]) == ("1.500", "")
  assert (second["fid_score_mean"], second["is_mean"]) == ("", "7.000")


def test_rows_of_the_original_are_kept(tmp_path):
  (tmp_path / "scores.csv").write_text(
    "checkpoint_path,step,fid_score_mean,options.z_dim\nold/a,7,31.400,128\n"
  )
  score_tables.add_row(str(tmp_path), tiny.row(5))
  ours, old = _table(tmp_path)
  assert (ours["step"], old["step"]) == ("5", "7")
  assert (old["checkpoint_path"], old["fid_score_mean"]) == ("old/a", "31.400")


def test_same_step_and_protocol_is_replaced(tmp_path):
  score_tables.add_row(str(tmp_path), tiny.row(5, 1.5))
  score_tables.add_row(str(tmp_path), tiny.row(5, 2.5))
  score_tables.add_row(str(tmp_path), tiny.row(5, 3.5, protocol="bb"))
  assert [row["fid_score_mean"] for row in _table(tmp_path)] == [
    "2.500",
    "3.500",
  ]


def test_other_metrics_are_added_to_the_row(tmp_path):
  folder = str(tmp_path)
  score_tables.add_row(folder, tiny.row(5, 1.5))
  kid = {"scores": {"kid": 0.25}, "lists": {"kid": [0.25, 0.25]}}
  score_tables.add_row(folder, tiny.row(5, **kid))
  [row] = score_tables.read_rows(folder)
  assert row.scores == {"fid": 1.5, "kid": 0.25}
  assert row.lists == {"fid": [1.0, 2.0], "kid": [0.25, 0.25]}
  assert row.status == "ok"
  [cells] = _table(tmp_path)
  assert (cells["fid_score_mean"], cells["kid_mean"]) == ("1.500", "0.25")


def test_metrics_beside_are_of_the_same_protocol(tmp_path):
  folder = str(tmp_path)
  score_tables.add_row(folder, tiny.card_row(5, tiny.FID))
  score_tables.add_row(folder, tiny.card_row(5, tiny.KID))
  [row] = score_tables.read_rows(folder)
  assert set(row.scores) == {"fid", "kid"}
  both = tiny.card_row(5, tiny.FID, tiny.KID)
  assert row.protocol == both.protocol
  assert row.protocol_digest == both.protocol_digest


def test_other_parameters_of_a_metric_are_another_protocol(tmp_path):
  folder = str(tmp_path)
  score_tables.add_row(folder, tiny.card_row(5, tiny.FID, tiny.KID))
  score_tables.add_row(folder, tiny.card_row(5, tiny.OTHER_KID, value=2.5))
  score_tables.add_row(folder, tiny.card_row(5, tiny.FID, tiny.KID, value=3.5))
  assert [row.scores for row in score_tables.read_rows(folder)] == [
    {"fid": 3.5, "kid": 3.5},
    {"kid": 2.5},
  ]


def test_a_newer_value_has_no_older_interval(tmp_path):
  folder = str(tmp_path)
  given = {"fid": [1.0, 2.0], "kid": [0.1, 0.2]}
  score_tables.add_row(folder, tiny.row(5, 1.5, intervals=given))
  score_tables.add_row(folder, tiny.row(5, 3.5))
  [row] = score_tables.read_rows(folder)
  assert row.scores == {"fid": 3.5}
  assert row.intervals == {"kid": [0.1, 0.2]}


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
    score_tables.add_row(str(tmp_path), tiny.row(5, **change))
  [row] = score_tables.read_rows(str(tmp_path))
  assert row.errors == {"prd": "ValueError: no"}
  assert row.status == "no prd"
  assert row.scores == {"fid": 1.5, "recall": 0.5}


def test_images_that_are_no_numbers_have_no_scores(tmp_path):
  score_tables.add_row(str(tmp_path), tiny.row(5))
  nothing = {"scores": {}, "lists": {}, "status": "NaN in fake images"}
  score_tables.add_row(str(tmp_path), tiny.row(5, **nothing))
  [row] = score_tables.read_rows(str(tmp_path))
  assert (row.scores, row.status) == ({}, "NaN in fake images")


def test_error_of_a_metric_has_a_column(tmp_path):
  score_tables.add_row(
    str(tmp_path), tiny.row(5, errors={"prd": "ValueError: no"})
  )
  assert _table(tmp_path)[0]["prd_error"] == "ValueError: no"


def _add_twenty(folder, first, barrier):
  barrier.wait()
  for step in range(first, first + 20):
    score_tables.add_row(folder, tiny.row(step))


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


def test_two_evaluations_of_a_step_have_the_directions_of_both(tmp_path):
  for name in ("fid", "recall"):
    row = tiny.row(
      1, scores={name: 1.0}, lists={name: [1.0]}, better={name: "x"}
    )
    score_tables.add_row(str(tmp_path), row)
  [row] = score_tables.read_rows(str(tmp_path))
  assert row.better == {"fid": "x", "recall": "x"}


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
  assert score_tables.bindings(text) == {
    "macro.MACRO": "3",
    "options.batch_size": "4",
    "a/options.batch_size": "5",
    "options.gan_class": "@ModularGAN",
    "evaluate.metrics": "[@fid, @b/kid()]",
    "z.stddev": "%MACRO",
    "dataset.name": "cifar10",
  }
