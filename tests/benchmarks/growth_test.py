"""Rows of a table of growth, and the processes that measure them."""

import pytest

from benchmarks import growth


def _found(batch, seconds, work, peak):
  return {
    "batch": batch,
    "cycle_s": seconds,
    "gflop_per_cycle": work,
    "moved_gb": 1.0,
    "peak_rss_gib": peak,
    "estimate_gib": 2.0,
  }


def test_what_a_row_says_of_the_best_one_and_of_the_one_before():
  first, second = growth.rows(
    {"8": _found(8, 0.5, 50, 1.0), "16": _found(16, 0.5, 100, 1.5)}
  )
  #            s/step   GFLOP  GB   GFLOP/s of best peak estimate MiB/image
  assert first == [
    "8",
    "0.500",
    "50.0",
    "1.00",
    "100",
    "0.50",
    "1.00",
    "2.00",
  ] + [""]
  assert second[4:] == ["200", "1.00", "1.50", "2.00", "64.0"]  # 512 MiB of 8


def test_what_grows_need_not_be_the_batch():
  rows = growth.rows({"a": _found(8, 1, 9, 1.0), "b": _found(8, 2, 9, 2.0)})
  assert [row[-1] for row in rows] == ["", ""]


def test_a_value_that_does_not_work_has_a_row():
  rows = growth.rows({"8": _found(8, 1, 9, 1.0), "16": {"failed": -9}})
  assert rows[1] == ["16", "the process ended with -9"]


def test_the_value_is_put_into_every_line():
  parsed = growth._arguments(
    ["--grow=a = {}", "--grow=b = [{}, 1]", "--by=3,5"]
  )
  words = growth.command(parsed, "5")
  assert words[-2:] == ["--gin_bindings=a = 5", "--gin_bindings=b = [5, 1]"]
  assert words[1:3] == ["-m", "benchmarks.train_step"]


def test_a_line_without_a_place_for_the_value_is_refused(capsys):
  with pytest.raises(SystemExit):
    growth._arguments(["--grow=a = 1", "--by=3"])
  assert "has no {} for the value" in capsys.readouterr().err
