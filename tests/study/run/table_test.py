"""The table is read from plain files, quickly and without heavy packages."""

import json
import pathlib
import subprocess
import sys
import time

from compare_gan.evaluation import protocol
from compare_gan.storage.score_row import ScoreRow
from compare_gan.study.run import journal
from compare_gan.study.run import process
from compare_gan.study.run import table
import pytest

from tests import plain_shell

STUDY = {
  "format": 1,
  "name": "made",
  "axes": {"norm": ["none", "sn"]},
  "score": "fid",
  "minimize": True,
  "checkpoint": "last",
  "seeds": 1,
  "runs": 2,
}


def line(step, status="ok", digest="abc", **scores):
  return {
    "step": step,
    "status": status,
    "scores": scores,
    "errors": {},
    "protocol": {},
    "protocol_digest": digest,
  }


def make(folder, lines_of_runs, status="ok"):
  """Makes a study's folder of the rows of its runs' scores."""
  (folder / "study.json").write_text(json.dumps(STUDY))
  written = journal.Journal(str(folder))
  runs = []
  for order, lines in enumerate(lines_of_runs):
    id_ = f"{order:016x}"
    runs.append(
      {
        "id": id_,
        "cell": {"norm": "sn"},
        "settings": {"lr": 0.1},
        "seed": order,
        "phase": "cells",
        "round": 0,
        "order": order,
      }
    )
    place = folder / "runs" / id_
    place.mkdir(parents=True)
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (place / "scores.jsonl").write_text(text)
    written.start(id_, 1)
    written.end(id_, 1, process.Outcome(status, seconds=2.0))
  journal.JsonLines(str(folder / "runs.jsonl")).append(*runs)
  return table.read(str(folder))


def _line_of(step, *metrics, seed=42, **scores):
  entries = {name: {"parameters": {}, "uses": []} for name in metrics}
  card = {"form": 2, "seed": seed, "metrics": entries}
  return {
    **line(step, digest=protocol.digest(card), **scores),
    "protocol": card,
    "metrics": {name: [name] for name in metrics},
  }


def test_metrics_beside_are_of_the_same_protocol(tmp_path):
  """The last checkpoint was scored by a metric that the others lack."""
  lines = [
    _line_of(100, "fid", fid=5.0),
    _line_of(200, "fid", seed=1, fid=1.0),
    _line_of(200, "fid", fid=3.0),
    _line_of(300, "fid", "kid", fid=4.0, kid=1.0),
  ]
  [row, other] = make(tmp_path, [lines, lines[:1]]).rows
  assert [point["step"] for point in row.checkpoints] == [100, 200, 300]
  assert row.scores["fid"]["best"] == 3.0
  assert row.protocol == other.protocol != ""


LINES = [
  line(100, fid=5.0, inception_score=2.0, kid=0.3),
  line(200, fid=3.0, inception_score=4.0, kid=0.2),
  line(300, fid=4.0, inception_score=3.0, kid=0.1),
]


@pytest.mark.parametrize(
  "metric,rule,expected",
  [
    ("fid", "last", 4.0),
    ("fid", "best", 3.0),
    ("fid", "min", 3.0),
    ("kid", "last", 0.1),
    ("kid", "best", 0.2),
    ("kid", "min", 0.1),
    ("inception_score", "last", 3.0),
    ("inception_score", "best", 4.0),
    ("inception_score", "min", 4.0),  # the best one: larger is better
    (None, None, 4.0),
    ("swd", "last", None),
  ],
)
def test_rules_of_checkpoints(metric, rule, expected, tmp_path):
  found = make(tmp_path, [LINES])
  assert table.value(found.rows[0], found.study, metric, rule) == expected


def test_best_of_a_score_that_is_to_be_large():
  study = {**STUDY, "score": "kid", "minimize": False}
  found = table.summarize(list(map(ScoreRow.from_json, LINES)), study)
  assert found["kid"] == {"last": 0.1, "best": 0.3, "min": 0.3}
  assert found["fid"]["best"] == 5.0


def test_own_best_is_by_the_direction_that_rows_record():
  rows = [
    {**line(step, fid=1.0, mine=mine, other=1.0), "better": better}
    for step, mine, better in (
      (1, 2.0, {"mine": "higher", "other": None}),
      (2, 3.0, {"mine": "higher", "other": None}),
      (3, 1.0, {}),
    )
  ]
  found = table.summarize(list(map(ScoreRow.from_json, rows)), STUDY)
  assert found["mine"] == {"last": 1.0, "best": 2.0, "min": 3.0}
  assert found["other"] == {"last": 1.0, "best": 1.0}  # Nobody knows its best.
  assert found["fid"]["min"] == 1.0  # A row of before: by the metrics.


def test_directions_are_read_from_the_rows(tmp_path):
  rows = [
    {**line(1, mine=2.0), "better": {"mine": "higher"}},
    line(2, mine=1.0),
  ]
  assert make(tmp_path, [rows]).rows[0].scores["mine"]["min"] == 2.0


def test_a_study_that_goes_against_its_metric_has_a_note():
  score = {"score": "inception_score"}
  assert table.note_on_direction({**score, "minimize": False}) == ""
  note = table.note_on_direction({**score, "minimize": True})
  assert "lower inception_score counts as better" in note
  assert "declares 'higher'" in note
  assert table.note_on_direction({"score": "mine", "minimize": False}) == ""


def test_what_is_no_number_is_no_score(tmp_path):
  rows = [line(1, fid=2.0), line(2, fid=float("nan"), kid=float("inf"))]
  found = make(tmp_path, [rows])
  assert found.rows[0].scores == {"fid": {"min": 2.0, "best": 2.0}}
  assert table.value(found.rows[0], found.study) is None
  assert found.rows[0].checkpoints[1] == {"step": 2, "scores": {}}


def test_a_run_that_did_not_end_well_has_no_value(tmp_path):
  found = make(tmp_path, [LINES], "collapsed")
  assert found.rows[0].scores["fid"]["best"] == 3.0
  assert table.value(found.rows[0], found.study) is None


def test_checkpoints_are_those_of_the_last_protocol(tmp_path):
  rows = [line(1, digest="old", fid=9.0), line(1, digest="new", fid=2.0)]
  found = make(tmp_path, [rows])
  assert found.rows[0].checkpoints == [{"step": 1, "scores": {"fid": 2.0}}]
  assert found.rows[0].protocol == "new"


def test_rows_are_in_the_order_of_the_plan(tmp_path):
  make(tmp_path, [LINES, LINES])
  path = tmp_path / "runs.jsonl"
  first, second = path.read_text().splitlines()
  # Shards list a run each; the order is the plan's.
  path.write_text(second + "\n")
  (tmp_path / "runs-1.jsonl").write_text(f"{first}\n{second}\n")
  rows = table.read(str(tmp_path)).rows
  assert [row.order for row in rows] == [0, 1]


def test_another_folder_is_a_sentence(tmp_path):
  with pytest.raises(FileNotFoundError, match="it has no study.json"):
    table.read(str(tmp_path))
  (tmp_path / "study.json").write_text('{"format": 2}')
  with pytest.raises(ValueError, match="has format 2; this version reads 1"):
    table.read(str(tmp_path))


def test_reading_needs_neither_tensorflow_nor_gin():
  code = (
    "import sys; from compare_gan.study.run import table; print(*sys.modules)"
  )
  loaded = subprocess.run(
    [sys.executable, "-c", code],
    capture_output=True,
    text=True,
    check=True,
    cwd=pathlib.Path(__file__).parents[3],
    env=plain_shell.checkout(),
  ).stdout.split()
  assert not {"tensorflow", "gin", "numpy"} & set(loaded)


@pytest.mark.slow
def test_two_thousand_runs(tmp_path, capsys):
  card = {f"{name}.{name}": "x" * 40 for name in map(str, range(80))}
  rows = [{**row, "protocol": card, "config": card} for row in LINES]
  make(tmp_path, [rows] * 2000)
  began = time.monotonic()
  assert len(table.read(str(tmp_path)).rows) == 2000
  with capsys.disabled():
    print(f"\n2,000 runs are read in {time.monotonic() - began:.2f} s.")
