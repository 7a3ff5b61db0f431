"""The expected best cost as a function of the number of settings tried.

The question is that of https://arxiv.org/abs/1711.10337.
"""

from collections.abc import Iterable
from collections.abc import Sequence
import math
from typing import Any
from typing import NamedTuple
from typing import Union

from compare_gan.study.report.statistics import costs as costs_lib
from compare_gan.study.report.statistics import permutations
from compare_gan.study.report.statistics import settings as settings_lib
from compare_gan.study.report.statistics import significance
import numpy as np
from scipy import stats


def budget_sizes(n: int, most: int = 80) -> np.ndarray:
  """Returns the k at which curves are drawn: all of 1..n, or `most` of them."""
  return (
    np.unique(np.rint(np.geomspace(1, n, most)))
    if n > most
    else (np.arange(1, n + 1))
  )


def expected_best(
  costs: Union[Sequence[float], np.ndarray], ks: Iterable[int]
) -> np.ndarray:
  """Returns E[min of k] of k settings drawn without replacement.

  P(min = x_(i)) = C(n - i, k - 1) / C(n, k) for the i-th smallest of n costs.

  Args:
    costs: n of them.
    ks: numbers from 1 to n.
  """
  x = np.sort(np.asarray(costs, np.float64))
  return np.array([np.dot(_chances_of_best(len(x), k), x) for k in ks])


def _chances_of_best(n, k):
  """Returns P(min of k = x_(i)), i = 1..n."""
  i = np.arange(1, n)
  # P(min = x_(i + 1)) / P(min = x_(i)), and P(min = x_(1)) = k / n.
  ratios = np.maximum(n - i - k + 1, 0) / (n - i)
  return k / n * np.cumprod(np.append(1.0, ratios))


def expected_best_iid(
  costs: Union[Sequence[float], np.ndarray], ks: Iterable[int]
) -> np.ndarray:
  """Returns E[min of k] of k independent draws from the costs' distribution.

  P(min >= x_(i)) = ((n - i + 1) / n)^k for the i-th smallest of n costs, drawn
  with replacement.
  """
  x = np.sort(np.asarray(costs, np.float64))
  at_least = np.arange(len(x), -1, -1) / len(x)
  return np.array([np.dot(-np.diff(at_least**k), x) for k in ks])


def simulated_best(
  blocks: Iterable[Union[Sequence[float], np.ndarray]],
  draws: int = 1000,
  seed: int = 0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """Returns (mean, 5 %, 95 % quantile) of the best of the first k, k = 1..n.

  Args:
    blocks: lists of costs. The blocks are tried one after the other; the order
      within a block is drawn anew each time.
    draws: the number of orders.
    seed: the random seed of the orders.
  """
  random = np.random.RandomState(seed)
  parts = [
    np.asarray(block)[np.argsort(random.rand(draws, len(block)), axis=1)]
    for block in blocks
  ]
  best = np.minimum.accumulate(np.concatenate(parts, axis=1), axis=1)
  low, high = np.percentile(best, [5, 95], axis=0)
  return best.mean(axis=0), low, high


def blocks(
  group: Iterable[settings_lib.Setting], phases: Sequence[str], worst: float
) -> list[np.ndarray]:
  """Returns the costs of Settings by phase and round, the first phase first."""
  order = {phase: i for i, phase in enumerate(phases)}
  found: dict[tuple[int, int], list[float]] = {}
  for each in group:
    key = (order.get(each.phase, len(order)), each.round or 0)
    found.setdefault(key, []).append(each.value)
  return [
    costs_lib.failures_as_worst(found[key], worst) for key in sorted(found)
  ]


class Curve(NamedTuple):
  """The expected best cost of a group by the number of settings tried.

  [low, high] holds the best of 90 % of the orders of these same settings; it is
  not a confidence interval. [median_low, median_high] is a 95 % confidence
  interval of the median best of k new settings; it is nan if the settings are
  not independent draws, or if k is too large for a lower end.
  """

  n: int
  k: np.ndarray
  exact: np.ndarray
  iid: np.ndarray
  simulated: np.ndarray
  low: np.ndarray
  high: np.ndarray
  median_low: np.ndarray
  median_high: np.ndarray
  last: int  # the largest k with this confidence interval


def budget_curve(
  group: Sequence[settings_lib.Setting],
  phases: Sequence[str],
  worst: float,
  draws: int = 1000,
) -> Curve:
  """Returns the Curve of some Settings."""
  costs = costs_lib.failures_as_worst([each.value for each in group], worst)
  ks = budget_sizes(len(costs)).astype(int)
  simulated = simulated_best(blocks(group, phases, worst), draws)
  return Curve(
    len(costs),
    ks,
    expected_best(costs, ks),
    expected_best_iid(costs, ks),
    *(curve[ks - 1] for curve in simulated),
    *_median_best(group, costs, ks),
  )


def _median_best(group, costs, ks):
  """Returns (lower ends, upper ends, last k) of the median best of k."""
  last = last_budget(len(costs)) if are_independent(group) else 0
  found = [
    median_best(costs, k)[:2] if k <= last else (math.nan,) * 2 for k in ks
  ]
  return (*np.array(found).T, last)


def are_independent(group: Sequence[settings_lib.Setting]) -> bool:
  """Returns whether Settings are independent draws: random search, once."""
  return {each.phase for each in group} == {"random_search"} and (
    len({each.round or 0 for each in group}) == 1
  )


def budget_test(
  groups: Iterable[Union[Sequence[float], np.ndarray]], k: int
) -> float:
  """Returns p for a difference between the expected bests of k of some groups.

  The labels of the settings are permuted; the statistic is the distance between
  the highest and the lowest expected best.

  Args:
    groups: lists of at least k costs.
    k: how many settings are tried.
  """

  def distance(groups: list[np.ndarray]) -> Union[float, np.ndarray]:
    bests = [
      np.sort(group) @ _chances_of_best(group.shape[-1], k) for group in groups
    ]
    return np.ptp(bests, axis=0)

  return permutations.permutation_p(
    [np.asarray(each) for each in groups], distance
  )


def winners(
  curves: dict[Any, Union[Sequence[float], np.ndarray]],
) -> list[tuple[int, int, Any]]:
  """Returns [(first k, last k, name of the lowest curve for these k)].

  Args:
    curves: {name: cost by k = 1..n}, compared up to the end of the shortest.
  """
  last = min(map(len, curves.values()))
  found: list[tuple[int, int, Any]] = []
  for k in range(1, last + 1):
    name = min(curves, key=lambda name: curves[name][k - 1])
    if found and found[-1][2] == name:
      found[-1] = (found[-1][0], k, name)
    else:
      found.append((k, k, name))
  return found


class MedianBest(NamedTuple):
  """An interval of 95 % of the median best of k new settings."""

  low: float  # -inf if there is no lower end
  high: float
  rank_low: int  # 0 if there is no lower end
  rank_high: int


def median_best(
  costs: Union[Sequence[float], np.ndarray], k: int
) -> MedianBest:
  """Returns a distribution-free interval from order statistics.

  Half of all searches of k independent draws find a best cost below the
  1 - .5^(1/k) quantile of the costs of settings. A lower end exists up to about
  k = n / 5.3.
  """
  x = np.sort(np.asarray(costs, np.float64))
  n, q = len(x), -math.expm1(math.log(0.5) / k)
  below = stats.binom.cdf(np.arange(n + 1), n, q)  # P(Bin <= i)
  rank_low = int(np.sum(below[:n] <= significance.LEVEL / 2))
  above = stats.binom.sf(np.arange(n), n, q)  # P(Bin >= i + 1)
  found = np.flatnonzero(above <= significance.LEVEL / 2)
  rank_high = int(found[0]) + 1 if len(found) else 0
  return MedianBest(
    float(x[rank_low - 1]) if rank_low else -math.inf,
    float(x[rank_high - 1]) if rank_high else math.inf,
    rank_low,
    rank_high,
  )


def last_budget(n: int) -> int:
  """Returns the largest k for which n costs give a lower end, 0 if none."""
  # P(Bin(n, q) <= 0) = .5^(n / k) <= LEVEL / 2.
  return int(n / math.log2(2 / significance.LEVEL) + 1e-9)
