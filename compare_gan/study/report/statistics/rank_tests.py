"""Wilcoxon's and Mann and Whitney's rank tests, with their intervals.

Estimates are those of Hodges and Lehmann. An interval inverts its test: it
excludes 0 exactly if p < .05.
"""

from collections.abc import Sequence
import math
from typing import NamedTuple
from typing import Optional
from typing import Union

from compare_gan.study.report.statistics import significance
import numpy as np
from scipy import stats

EXACT = 100  # ranks up to which distributions are enumerated


def wilcoxon(x: Union[Sequence[float], np.ndarray]) -> tuple[float, int]:
  """Returns the two-sided p of Wilcoxon's signed-rank test, and its n.

  Zeros are left out. With up to 100 differences p is exact, ties included: the
  signs are flipped in all 2^n ways. With more it is a normal approximation. An
  infinite difference has the highest rank.
  """
  x = np.asarray(x, np.float64)
  x = x[x != 0]
  if not len(x):
    return 1.0, 0
  ranks = stats.rankdata(np.abs(x))
  return _rank_null(ranks).p(ranks[np.greater(x, 0)].sum()), len(x)


def signed_rank(x: Union[Sequence[float], np.ndarray]) -> significance.Estimate:
  """Returns the Hodges-Lehmann estimate with Wilcoxon's interval and p.

  The estimate is the median of the Walsh averages (x_i + x_j) / 2, i <= j. The
  interval leaves out averages at each end, as many as make it agree with the
  test. All three leave out differences of zero.
  """
  x = np.asarray(x, np.float64)
  p, _ = wilcoxon(x)
  x = x[x != 0]
  if not len(x):
    return significance.Estimate(0.0, math.nan, math.nan, p)
  walsh = np.add.outer(x, x)[np.triu_indices(len(x))] / 2
  left_out = _rank_null(stats.rankdata(np.abs(x))).left_out()
  return _inverted(np.sort(walsh), left_out, p)


def _inverted(ordered, left_out, p):
  """Returns the Estimate of ordered averages or differences.

  If ties make some of them exactly 0 and p rejects 0, an end may be 0. The
  interval is open at this end, so the next value becomes its end.
  """
  middle = float(np.median(ordered))
  if left_out is None:
    return significance.Estimate(middle, math.nan, math.nan, p)
  low, high = ordered[left_out], ordered[-1 - left_out]
  if p < significance.LEVEL and low == 0 < high:
    low = ordered[ordered > 0][0]
  if p < significance.LEVEL and low < 0 == high:
    high = ordered[ordered < 0][-1]
  return significance.Estimate(middle, float(low), float(high), p)


class _Null(NamedTuple):
  """The distribution of a sum of ranks under the null hypothesis.

  `ways[i]` is the exact probability that the sum is `least` + i / 2; the mean
  is in the middle. With more than EXACT ranks `ways` is None, and the sum is
  taken as normal.
  """

  ways: Optional[np.ndarray]
  least: float
  mean: float
  deviation: float

  def p(self, rank_sum: float) -> float:
    """Returns the two-sided p: that a sum is at least as far from the mean."""
    if self.ways is None:
      z = abs(rank_sum - self.mean) / self.deviation if self.deviation else 0.0
      return float(min(1.0, 2 * stats.norm.sf(z)))
    at = int(round(2 * (rank_sum - self.least)))
    at = min(at, len(self.ways) - 1 - at)
    return float(min(1.0, self._both_tails()[at]))

  def left_out(self) -> Optional[int]:
    """Returns how many averages the interval leaves out at each end, or None.

    It is the largest sum below the mean with p < LEVEL, counted from the least
    sum that is possible without ties.
    """
    if self.ways is None:
      z = stats.norm.isf(significance.LEVEL / 2)
      below = self.mean - self.least - z * self.deviation
      return math.ceil(below) - 1 if below > 0 else None
    rejected = (self._both_tails() < significance.LEVEL) & (self.ways > 0)
    rejected = np.flatnonzero(rejected[: len(self.ways) // 2])
    return int(rejected[-1]) // 2 if len(rejected) else None

  def _both_tails(self):
    return np.cumsum(self.ways) + np.cumsum(self.ways[::-1])


def _rank_null(ranks):
  """Returns the _Null of the sum of the ranks that get a random sign of +."""
  mean, deviation = ranks.sum() / 2, math.sqrt((ranks**2).sum() / 4)
  if len(ranks) > EXACT:
    return _Null(None, 0.0, mean, deviation)
  doubled = np.rint(2 * ranks).astype(int)  # Ranks of ties end in .5.
  ways = np.zeros(doubled.sum() + 1)
  ways[0] = 1.0
  for rank in doubled:  # Half of the sums include this rank.
    ways[rank:] = 0.5 * (ways[rank:] + ways[: len(ways) - rank])
    ways[:rank] *= 0.5
  return _Null(ways, 0.0, mean, deviation)


def mann_whitney(
  a: Union[Sequence[float], np.ndarray], b: Union[Sequence[float], np.ndarray]
) -> significance.Estimate:
  """Returns the Hodges-Lehmann shift from a to b, its interval and its p.

  Exact for up to 100 costs, ties included: the ranks are divided in all ways.
  """
  a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
  ranks = stats.rankdata(np.concatenate([a, b]))
  null = _shuffle_null(ranks, len(b))
  p = null.p(ranks[len(a) :].sum())
  pairs = np.sort(np.subtract.outer(b, a).ravel())
  return _inverted(pairs, null.left_out(), p)


def _shuffle_null(ranks, n):
  """Returns the _Null of the sum of n ranks that are drawn at random."""
  total = len(ranks)
  mean = n * ranks.mean()
  deviation = math.sqrt(n * (total - n) / total * ranks.var(ddof=1))
  least = n * (n + 1) / 2
  if total > EXACT:
    return _Null(None, least, mean, deviation)
  doubled = np.sort(np.rint(2 * ranks).astype(int))
  ways = np.zeros([n + 1, int(round(2 * (2 * mean - least))) + 1])
  ways[0, 0] = 1.0
  for rank in doubled:
    for drawn in range(n, 0, -1):
      ways[drawn, rank:] += ways[drawn - 1, : ways.shape[1] - rank]
  return _Null(
    ways[n, int(2 * least) :] / ways[n].sum(), least, mean, deviation
  )
