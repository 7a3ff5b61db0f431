"""How many runs the memory has room for at once.

The need of a run is `study.memory_mb` if that is set, because the run is ended
if it uses more, else the estimate of needs.py. Runs start in the order of the
plan; the next one waits until there is room for it. A run that is estimated to
need more than the total is not started, because a kernel that runs out of
memory might kill any other process.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

from compare_gan.memory import memory_limit

USUAL_MB = 1500  # for a small training, including 500 for TensorFlow


class Need(NamedTuple):
  """The memory that a run needs, and where this number comes from."""

  mb: float
  source: str  # "by an estimate"
  is_estimate: bool = True


class Room:
  """Divides memory among the runs of a study.

  Args:
    memory: shared by the runs.
    jobs: the largest number of runs at once.
    need: `need(run)` -> Need, of a plan.Run.
  """

  def __init__(
    self,
    memory: memory_limit.Memory,
    jobs: int,
    need: Callable[[Any], Need],
  ) -> None:
    self._owner = memory.owner
    self._free = memory.free / 2**20
    self._total = memory.total / 2**20
    self._jobs = jobs
    self._need = need

  def why_never(self, run: Any) -> str:
    """Returns why a run can never start here, "" if it can."""
    need = self._need(run)
    if not need.is_estimate or need.mb <= self._total:
      return ""
    return (
      f"It needs {_gib(need.mb)} {need.source}, and the total is "
      f"{_gib(self._total)} ({self._owner}), so it was not started. On a "
      "machine with more memory, `compare_gan study retry --status memory` "
      "queues it again; --executor_option total_mb sets the total."
    )

  def has_place(self, run: Any, at_work: Sequence[Any]) -> bool:
    """Returns whether a run can start in addition to those at work."""
    if len(at_work) >= self._jobs:
      return False
    if not at_work:
      return True
    return self._needed([*at_work, run]) <= self._free

  def describe(self, waiting: Iterable[Any]) -> str:
    """Returns a line on how many runs start at once and why.

    It is "" if none of them can start.

    Args:
      waiting: the runs, in their order.
    """
    begun: list[Any] = []
    next_ = None
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
      f"{self._need(begun[0]).source}; {_gib(self._free)} of "
      f"{_gib(self._total)} are free ({self._owner})"
    )
    if next_ is None or len(begun) == self._jobs:
      return f"{line}."
    more = _gib(self._need(next_).mb)
    return (
      f"{line}. The next one needs {more}, which does not fit, despite "
      f"--jobs={self._jobs}."
    )

  def _needed(self, runs):
    return sum(self._need(run).mb for run in runs)


def _gib(mb):
  return f"{mb / 1024:.1f} GiB"
