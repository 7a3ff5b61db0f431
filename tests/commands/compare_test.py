"""Two rows beside each other, and which of them is better."""

import json
import re

from compare_gan.__main__ import main
import pytest


def _write(tmp_path, *cards):
  """Returns the paths of rows with an FID of 1 and 2 under some cards."""
  paths = []
  for value, card in enumerate(cards, start=1):
    paths.append(str(tmp_path / f"{value}.json"))
    row = {"scores": {"fid": value}, "protocol": card}
    (tmp_path / f"{value}.json").write_text(json.dumps(row))
  return paths


_CARD = {
  "form": 2,
  "seed": 42,
  "metrics": {"fid": {"parameters": {"k": 5}, "uses": []}},
}
_OTHER = {
  **_CARD,
  "metrics": {"fid": {"parameters": {"k": 3}, "uses": []}},
}


def test_unlike_protocols_are_refused_and_named(tmp_path, capsys):
  assert main(["compare", *_write(tmp_path, _CARD, _OTHER)]) == 1
  said = capsys.readouterr()
  assert "The protocols differ" in said.err and "--force" in said.err
  assert "fid.k: 5 and 3" in said.err and not said.out


def test_unlike_protocols_are_flagged_when_forced(tmp_path, capsys):
  paths = _write(tmp_path, _CARD, _OTHER)
  assert main(["compare", *paths, "--force"]) == 0
  lines = capsys.readouterr().out.splitlines()
  assert lines[0] == "DIFFERENT fid.k: 5 and 3"
  assert " ".join(lines[1].split()) == (
    "fid 1 2 first is better (lower) DIFFERENT"
  )


def test_rows_of_earlier_versions_are_compared_with_a_note(tmp_path, capsys):
  paths = _write(tmp_path, {"seed": 42}, _CARD)
  assert main(["compare", *paths]) == 0
  lines = capsys.readouterr().out.splitlines()
  assert lines[0].startswith("UNKNOWN The first was scored by an earlier")
  assert "fid.k" in lines[0]
  assert "DIFFERENT" not in lines[1]


@pytest.mark.parametrize(
  "content,message",
  [
    (None, "'.*x.json' does not exist. Give a file that `evaluate --json`"),
    (b"{", "'.*x.json' is not JSON"),
    (b"\xff\xfe", "'.*x.json' is not JSON"),
    (b"[1]", "'.*x.json' holds no scores with their protocol"),
    (b'{"scores": {}}', "'.*x.json' holds no scores with their protocol"),
    (b'{"scores": 1, "protocol": {}}', "holds no scores with their protocol"),
  ],
)
def test_what_is_no_row_is_said(tmp_path, capsys, content, message):
  if content is not None:
    (tmp_path / "x.json").write_bytes(content)
  path = str(tmp_path / "x.json")
  assert main(["compare", path, path]) == 1
  assert re.search(message, capsys.readouterr().err)


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
