"""A row of scores as a line of JSON."""

import dataclasses
import json

from compare_gan.storage.score_row import ScoreRow
import pytest

_LINE = {
  "checkpoint_path": "a/model.ckpt-5",
  "step": 5,
  "status": "ok",
  "scores": {"fid": 1.5},
  "lists": {"fid": [1.5]},
  "intervals": {},
  "errors": {},
  "protocol": {"form": 2},
  "protocol_digest": "aa",
  "config": {"options.z_dim": "128"},
}


def test_a_line_of_an_earlier_version_stays_as_it_is():
  row = ScoreRow.from_json(_LINE)
  assert (row.metrics, row.better, row.without_intervals) == ({}, {}, {})
  assert row.as_json() == _LINE


@pytest.mark.parametrize("step", [0, 5])
def test_a_row_is_its_line(step):
  row = ScoreRow(step=step, scores={"fid": 1.5}, better={"fid": "lower"})
  line = json.loads(json.dumps(row.as_json()))
  assert line["step"] == step
  assert ScoreRow.from_json(line) == row


def test_what_no_model_has_made_names_no_checkpoint():
  line = ScoreRow(
    scores={"fid": 1.5}, errors={}, protocol_digest="aa"
  ).as_json()
  assert list(line) == ["status", "scores", "errors", "protocol_digest"]


def test_keys_of_later_versions_are_kept():
  line = {**_LINE, "device": "gpu", "note": None}
  assert ScoreRow.from_json(line).as_json() == line


def test_null_is_as_good_as_no_key():
  row = ScoreRow.from_json({**_LINE, "better": None})
  assert row == ScoreRow.from_json(_LINE)


def test_status_says_whether_a_row_is_of_metrics():
  row = ScoreRow(status="no kid", errors={"kid": "ValueError: no"})
  assert row.is_of_metrics
  assert not dataclasses.replace(row, status="NaN in images").is_of_metrics
