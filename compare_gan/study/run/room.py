"""How many runs the memory has room for at once.

A run counts with what it needs itself: `study.memory_mb` if that is set, since
it is ended beyond it, else the estimate of needs.py. Runs begin in the order of
the plan; the next one waits until there is room for it. One that is estimated
to need more than there is altogether is not started: a kernel that is short of
memory kills what it likes.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple
from typing import Optional

from compare_gan.memory import memory_limit

USUAL_MB = 1500  # what a small training needs, TensorFlow's 500 included


class Need(NamedTuple):
  """What a run needs, and who says so."""

  mb: float
  source: str  # "by an estimate"
  is_estimate: bool = True


class Room:
  """Divides memory among the runs of a study.

  Args:
    memory: what they share; None if there is no limit, or nobody knows.
    jobs: how many of them there are at once at most.
    need: `need(run)` -> Need, of a plan.Run.
  """

  def __init__(
    self,
    memory: Optional[memory_limit.Memory],
    jobs: int,
    need: Callable[[Any], Need],
  ) -> None:
    self._memory = memory
    self._jobs = jobs
    self._need = need
    self._free = memory.free / 2**20 if memory else None
    self._total = memory.total / 2**20 if memory else None

  def why_never(self, run: Any) -> str:
    """Returns why a run cannot be started here, "" if it can."""
    if self._memory is None:
      return ""
    need = self._need(run)
    if not need.is_estimate or need.mb <= self._total:
      return ""
    return (
      f"It needs {_gib(need.mb)} {need.source}, and all there is are "
      f"{_gib(self._total)} ({self._memory.owner}): it was not started. Where "
      "there is more, `compare_gan study retry --status memory` lets it wait "
      "again; --executor_option total_mb says how much there is."
    )

  def has_place(self, run: Any, at_work: Sequence[Any]) -> bool:
    """Returns whether a run can begin beside those that are at work."""
    if len(at_work) >= self._jobs:
      return False
    if self._memory is None or not at_work:
      return True
    return self._needed([*at_work, run]) <= self._free

  def in_words(self, waiting: Iterable[Any]) -> str:
    """Returns, in a line, how many runs begin at once and why.

    Args:
      waiting: the runs, in their order. "" if none of them can begin.
    """
    if self._memory is None:
      return (
        f"Runs at once: {self._jobs}. How much memory there is is not known "
        "here; on macOS psutil says it. --executor_option total_mb does too."
      )
    begun, next_ = [], None
    for run in waiting:
      if self.why_never(run):
        continue
      if not self.has_place(run, begun):
        next_ = run
        break
      begun.append(run)
    if not begun:
      return ""
    line = (
      f"Runs at once: {len(begun)}. They need {_gib(self._needed(begun))} "
      f"{self._need(begun[0]).source}, and {_gib(self._free)} of "
      f"{_gib(self._total)} are free ({self._memory.owner})"
    )
    if next_ is None or len(begun) == self._jobs:
      return f"{line}."
    more = _gib(self._need(next_).mb)
    return (
      f"{line}: no room for the next one's {more}, though --jobs={self._jobs}."
    )

  def _needed(self, runs):
    return sum(self._need(run).mb for run in runs)


def _gib(mb):
  return f"{mb / 1024:.1f} GiB"
