"""The best settings of a value or a cell, and box plots of them."""

from collections.abc import Iterable
from collections.abc import Sequence
import math
from typing import NamedTuple
from typing import Union

from compare_gan.study.report.statistics import costs as costs_lib
from compare_gan.study.report.statistics import settings as settings_lib
import numpy as np


class Box(NamedTuple):
  """A box plot of the best `n_top` of `n` settings."""

  n_top: int
  n: int
  low: float
  quartile_1: float
  median: float
  quartile_3: float
  high: float
  points: tuple


def top_percent(
  costs: Union[Sequence[float], np.ndarray], percent: float
) -> Box:
  """Returns the Box of the best `percent` of costs, at least one of them."""
  costs = np.sort(np.asarray(costs, np.float64))
  n_top = max(1, math.ceil(round(percent / 100 * len(costs), 9)))
  points = costs[:n_top]
  inside = costs_lib.finite(points)
  if not len(inside):
    return Box(n_top, len(costs), *(math.inf,) * 5, points=tuple(points))
  five = np.percentile(inside, [0, 25, 50, 75, 100]).tolist()
  low, first, middle, third, high = five
  shown = tuple(points.tolist())
  return Box(n_top, len(costs), low, first, middle, third, high, shown)


class Best(NamedTuple):
  """The best settings of a cell, of `n` that were tried."""

  cell: dict
  n: int
  top: tuple


def best_of_cells(
  all_settings: Iterable[settings_lib.Setting], top: int = 2
) -> list[Best]:
  """Returns the Best of every cell, the cell with the best setting first."""
  cells: dict[tuple, list[settings_lib.Setting]] = {}
  for each in all_settings:
    cells.setdefault(settings_lib.hashable(each.cell), []).append(each)
  found = []
  for group in cells.values():
    ordered = sorted(group, key=lambda each: (each.value, each.order))
    found.append(Best(ordered[0].cell, len(group), tuple(ordered[:top])))
  return sorted(found, key=lambda best: (best.top[0].value, best.top[0].order))
