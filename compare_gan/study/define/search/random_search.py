"""A phase that draws settings at random."""

from collections.abc import Sequence
from typing import Any
from typing import Optional

from compare_gan.study.define.search import phase
from compare_gan.study.define.search import ranges as ranges_lib
import gin


@gin.configurable("random_search", module="compare_gan.study.search")
class RandomSearch(phase.Phase):
  """Settings drawn from ranges.

  Draw i of a setting is at the same position of its range in all groups, so
  that groups can be compared in pairs.

  Args:
    n: the number of settings.
    ranges: {name: range}.
    where: {binding: {name: range}}.
    first: a setting that comes first and is one of the n; None for none.
    name, seeds: see phase.Phase. The draws depend on the name.
  """

  def __init__(
    self,
    n: int = gin.REQUIRED,
    ranges: dict[str, Sequence[Any]] = gin.REQUIRED,
    where: Optional[dict[str, dict[str, Sequence[Any]]]] = None,
    first: Optional[dict[str, float]] = None,
    name: str = "random_search",
    seeds: Optional[int] = None,
  ) -> None:
    super().__init__(name, seeds)
    phase.require_count("random_search.n", n)
    ranges_lib.check(ranges, where)
    self._n, self._ranges, self._where = n, ranges, where
    self._first = first

  def names(self) -> list[str]:
    return sorted(
      {*ranges_lib.all_names(self._ranges, self._where), *(self._first or {})}
    )

  def settings(
    self, history: phase.History, round: int, seed: int
  ) -> list[dict[str, float]]:
    group = history.group
    ranges = ranges_lib.ranges_for(group, self._ranges, self._where)
    draws = {
      name: ranges_lib.random_numbers(seed, self.name, name).uniform(
        size=self._n
      )
      for name in ranges
    }
    first = [] if self._first is None else [self._first]
    drawn = (
      {name: range_.value_at(draws[name][i]) for name, range_ in ranges.items()}
      for i in range(self._n - len(first))
    )
    return phase.without_inert(group, [*first, *drawn])
