"""What users wait for: how it is timed, and the rows of its table."""

import sys
import time

import pytest

from benchmarks import start


def _program(text):
  return [sys.executable, "-c", text]


def test_a_program_is_killed_at_its_line():
  began = time.monotonic()
  words = _program(
    "import time; print('other'); print('done: 1', flush=True); time.sleep(600)"
  )
  took = start.seconds(words, until="done")
  assert 0 < took <= time.monotonic() - began < 300


@pytest.mark.parametrize("text, until", [("1 / 0", ""), ("print('x')", "done")])
def test_a_program_that_fails_or_never_says_its_line_is_shown(text, until):
  with pytest.raises(RuntimeError, match="failed:\n(Trace|x)"):
    start.seconds(_program(text), until)


def test_a_card_may_have_bindings():
  words = start.training("demo.gin; options.batch_size = 8", "/runs/1")
  assert words[3:] == [
    "--gin_config=demo.gin",
    "--model_dir=/runs/1",
    "--data_fake_dataset",
    "--gin_bindings=options.batch_size = 8",
  ]


def test_rows_compare_with_the_import_of_the_same_round():
  found = {start.IMPORT: [2.0, 5.0, 3.0], "card": [8.0, 9.0, 7.5]}
  row = start.rows(found)[-1].split()
  #                                       of 6, 4 and 4.5
  assert row == ["card", "7.50", "8.00", "4.50"]
