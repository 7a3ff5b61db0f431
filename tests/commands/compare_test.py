"""Two rows beside each other, and which of them is better."""

import json

from compare_gan.__main__ import main
import pytest


def _compare(tmp_path, capsys, first, second, *flags, **more):
  paths = []
  for name, scores in (("a", first), ("b", second)):
    row = {"scores": scores, "protocol": {}, **more}
    paths.append(str(tmp_path / f"{name}.json"))
    (tmp_path / f"{name}.json").write_text(json.dumps(row))
  assert main(["compare", *paths, *flags]) == 0
  return [" ".join(x.split()) for x in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(
  "name,first,second,words",
  [
    ("fid_pixels", 1.0, 2.0, "first is better (lower)"),
    ("fid_pixels", 2.0, 1.0, "second is better (lower)"),
    ("inception_score", 1.0, 2.0, "second is better (higher)"),
    ("recall_pixels", 2.0, 1.0, "first is better (higher)"),
    ("kid", 1.0, 1.0, "equal (lower is better)"),
    ("memorization_pixels", 1.0, 2.0, ""),
    ("mine", 1.0, 2.0, ""),
  ],
)
def test_rows_without_directions_have_those_of_the_metrics(
  tmp_path, capsys, name, first, second, words
):
  lines = _compare(tmp_path, capsys, {name: first}, {name: second})
  assert lines == [f"{name} {first:g} {second:g} {words}".rstrip()]


def test_directions_of_rows_count(tmp_path, capsys):
  better = {"better": {"mine": "higher", "fid": None}}
  scores = {"mine": 1.0, "fid": 1.0}, {"mine": 2.0, "fid": 2.0}
  assert _compare(tmp_path, capsys, *scores, **better) == [
    "fid 1 2",
    "mine 1 2 second is better (higher)",
  ]


def test_a_score_that_one_side_lacks_is_not_compared(tmp_path, capsys):
  lines = _compare(tmp_path, capsys, {}, {"fid": 2.0})
  assert lines == ["fid 2 (lower is better)"]
