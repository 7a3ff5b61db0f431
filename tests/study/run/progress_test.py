"""What is shown of a study at work."""

import io
import time

from compare_gan.study.run import journal
from compare_gan.study.run import process
from compare_gan.study.run import progress

from tests.study import fake_plan


class Terminal(io.StringIO):
  def isatty(self):
    return True


def shown(stream, scores=None):
  """Shows a study of which one run has ended and another is at work."""
  made = fake_plan.study()
  runs, _ = fake_plan.Plan().runs(made, {})
  seen = progress.Progress(made, stream)
  states = {
    runs[0].id: journal.State("ok", seconds=10.0),
    runs[1].id: journal.State("running"),
    runs[6].id: journal.State("failed", seconds=30.0),
  }
  flying = {runs[1].id: time.monotonic() - 3}
  seen.show(runs, states, {runs[0].id: 0.25, runs[6].id: None}, flying, 10, 2)
  return seen, runs


def test_elsewhere_than_on_a_terminal_changes_are_lines():
  stream = io.StringIO()
  seen, runs = shown(stream)
  assert stream.getvalue() == ""
  seen.started(runs[2], 2)
  seen.ended(runs[0], process.Outcome("ok", seconds=10.0), False, 0.25)
  seen.ended(runs[3], process.Outcome("failed", "No disk."), True, None)
  start, ok, failed = stream.getvalue().splitlines()
  assert f"start      loss=ns lr=0.25 seed=3 ({runs[2].id}), attempt 2" in start
  # The median of 10 and 30 s, ten runs, two at once.
  assert "fid 0.25 (10 s)  [2 of 12, 0:01:40 left]" in ok
  assert "No disk. (0 s) It is tried again." in failed


def test_a_terminal_has_one_table():
  stream = Terminal()
  seen, runs = shown(stream)
  text = stream.getvalue()
  assert "Study fake: 2 of 12 runs have ended, 1 running, 0:01:40 left" in text
  assert "running: loss=ns lr=0.25 seed=2" in text
  lines = [line.split() for line in text.splitlines()]
  assert ["cell", "ok", "failed", "running", "waiting", "best", "fid"] in lines
  assert ["loss=ns", "1", "1", "4", "0.25"] in lines
  assert ["loss=w", "1", "5"] in lines
  seen.started(runs[2], 1)
  assert stream.getvalue() == text


def test_a_table_is_drawn_over_the_one_before():
  stream = Terminal()
  seen, _ = shown(stream)
  seen.close()
  height = 5  # the head, the table and what is at work
  assert f"\x1b[{height}F\x1b[J" in stream.getvalue()


def test_a_table_that_is_too_high_is_cut(monkeypatch):
  monkeypatch.setenv("LINES", "4")
  monkeypatch.setenv("COLUMNS", "30")
  stream = Terminal()
  shown(stream)
  lines = stream.getvalue().splitlines()
  assert "... and 2 more cells" in lines
  assert max(len(line.split("\x1b[J")[-1]) for line in lines) < 30


def test_time_left_is_unknown_at_first():
  assert progress.time_left([], 5, 2) == ""
  took = [journal.State("ok", seconds=s) for s in (1.0, 60.0, 3600.0)]
  assert progress.time_left(took, 3, 2) == "0:02:00 left"
