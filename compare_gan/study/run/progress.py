"""Shows the progress of a study: a table on a terminal, lines elsewhere."""

import collections
from collections.abc import Iterable
from collections.abc import Sequence
import math
import shutil
import statistics
import sys
import time
from typing import Any
from typing import Optional
from typing import TextIO

from compare_gan.study.run import journal
from compare_gan.study.run import process
from compare_gan.study.run import table

_EVERY_S = 0.5  # between two drawings on a terminal
_AT_WORK = 8  # runs at work that are named
# In the order of columns; an empty column is left out.
_STATUSES = (
  "ok",
  "collapsed",
  "failed",
  "timeout",
  "memory",
  "refused",
  "running",
  "waiting",
)


class Progress:
  """Shows a study at work.

  Args:
    study: a definition.Study; its name, score and direction are used.
    stream: the stream to write to; None for stderr.
  """

  def __init__(self, study: Any, stream: Optional[TextIO] = None) -> None:
    self._study = study
    self._minimize = study.is_minimized
    self._stream = stream or sys.stderr
    self._live = self._stream.isatty()
    self._drawn = 0  # lines of the table on the terminal
    self._last = -math.inf
    self._lines: list[str] = []
    self._left = ""

  # ---- Changes ---------------------------------------------------------------

  def started(self, run: Any, attempt: int) -> None:
    """Shows that a run has started."""
    again = f", attempt {attempt}" if attempt > 1 else ""
    self._say(f"start      {name(run)}{again}")

  def ended(
    self,
    run: Any,
    outcome: process.Outcome,
    again: bool,
    score: Optional[float],
  ) -> None:
    """Shows how a run has ended."""
    told = outcome.reason
    if outcome.status == "ok":
      told = f"{self._study.score} {_number(score)}"
    more = " It is tried again." if again else ""
    self._say(
      f"{outcome.status:10} {name(run)}: {told} ({outcome.seconds:.0f} s)"
      f"{more}{self._left}"
    )

  def _say(self, text):
    if not self._live:
      self._stream.write(f"{time.strftime('%H:%M:%S')} {text}\n")
      self._stream.flush()

  # ---- The table -------------------------------------------------------------

  def show(
    self,
    runs: Sequence[Any],
    states: dict[str, journal.State],
    scores: dict[str, Optional[float]],
    at_work: dict[str, float],
    left: int,
    jobs: int,
  ) -> None:
    """Draws the table on a terminal; elsewhere only keeps it for `close`.

    Args:
      runs: [plan.Run] that are known.
      states: {run id: journal.State}.
      scores: {run id: score or None} of runs that have ended.
      at_work: {run id: time.monotonic() of the start}.
      left: how many runs have not ended yet.
      jobs: how many run at once.
    """
    eta = time_left(states.values(), left, jobs)
    ended = sum(run.id in scores for run in runs)
    self._left = f"  [{ended} of {ended + left}{', ' * bool(eta)}{eta}]"
    entries = [
      (run.cell, _status(states, run), scores.get(run.id)) for run in runs
    ]
    self._lines = table_lines(self._study.score, self._minimize, entries)
    now = time.monotonic()
    if self._live and now - self._last >= _EVERY_S:
      self._last = now
      head = (
        f"Study {self._study.name}: {ended} of {ended + left} runs have "
        f"ended, {len(at_work)} running{', ' * bool(eta)}{eta}"
      )
      self._draw([head, *self._lines], _lines_at_work(runs, at_work, now))

  def _draw(self, lines, last):
    columns, height = shutil.get_terminal_size()
    room = max(3, height - len(last) - 1)
    if len(lines) > room:
      hidden = len(lines) - room + 1
      lines = [*lines[: room - 1], f"... and {hidden} more cells"]
    lines = [line[: columns - 1] for line in [*lines, *last]]
    # Move up to the first line of the table, and erase all below.
    up = f"\x1b[{self._drawn}F" if self._drawn else "\r"
    self._stream.write(f"{up}\x1b[J" + "\n".join(lines) + "\n")
    self._stream.flush()
    self._drawn = len(lines)

  def close(self) -> None:
    """Leaves the last table on a terminal; prints it elsewhere."""
    if self._lines:
      if self._live:
        self._draw(self._lines, [])
      else:
        self._stream.write("\n".join(self._lines) + "\n")
        self._stream.flush()


def table_lines(
  score: str,
  minimize: bool,
  entries: Iterable[tuple[dict[str, Any], str, Optional[float]]],
) -> list[str]:
  """Returns the table: for each cell its runs by status and its best score.

  Args:
    score: the name of the score.
    minimize: whether lower is better.
    entries: [(cell, status, score or None)], one for each run.
  """
  counted: dict[str, collections.Counter[str]] = {}
  best: dict[str, float] = {}
  better = min if minimize else max
  for cell, status, found in entries:
    title = table.cell_title(cell) or "all"
    counted.setdefault(title, collections.Counter())[status] += 1
    if found is not None:
      best[title] = better(best.get(title, found), found)
  shown = [s for s in _STATUSES if any(c[s] for c in counted.values())]
  width = max([len("cell"), *map(len, counted)])
  head = "".join(f"{status:>11}" for status in shown)
  lines = [f"{'cell':{width}}{head}  best {score}"]
  for title, statuses in counted.items():
    numbers = "".join(f"{statuses[status] or '':>11}" for status in shown)
    score = _number(best.get(title))
    lines.append(f"{title:{width}}{numbers}  {score}".rstrip())
  return lines


def lines_of_study(found: table.Table) -> list[str]:
  """Returns the lines that show a study's table, for `study status`."""
  study = found.study
  ended = sum(row.status in journal.FINAL for row in found.rows)
  entries = [
    (row.cell, row.status, table.value(row, study)) for row in found.rows
  ]
  return [
    f"Study {study['name']}: {ended} of {study['runs']} runs have ended.",
    *table_lines(study["score"], table.is_minimized(study), entries),
  ]


def _status(states, run):
  return states.get(run.id, journal.State()).status


def _lines_at_work(runs, at_work, now):
  by_id = {run.id: run for run in runs}
  lines = [
    f"running: {name(by_id[run_id])}, {_time(now - began)}"
    for run_id, began in list(at_work.items())[:_AT_WORK]
    if run_id in by_id
  ]
  if len(at_work) > _AT_WORK:
    lines.append(f"... and {len(at_work) - _AT_WORK} more")
  return lines


def time_left(states: Iterable[journal.State], left: int, jobs: int) -> str:
  """Returns "h:mm:ss left", from the median time of a run; "" if unknown."""
  took = [s.seconds for s in states if s.status in journal.FINAL and s.seconds]
  if not took or not left:
    return ""
  return f"{_time(statistics.median(took) * math.ceil(left / jobs))} left"


def name(run: Any) -> str:
  """Returns the cell, the settings, the seed and the id of a run as text."""
  settings = {k: f"{v:g}" for k, v in run.settings.items()}
  title = table.cell_title({**run.cell, **settings, "seed": run.seed})
  return f"{title} ({run.id})"


def _number(score):
  return "" if score is None else f"{score:.5g}"


def _time(seconds):
  minutes, seconds = divmod(math.ceil(seconds), 60)
  hours, minutes = divmod(minutes, 60)
  return f"{hours}:{minutes:02d}:{seconds:02d}"
