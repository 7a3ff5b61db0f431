"""Intervals of means, and tests whether paired costs differ."""

import math

import numpy as np
from scipy import stats

LEVEL = 0.05  # below which an answer calls a difference significant


def t_interval(x, level=0.95):
  """Returns mean -+ t s / sqrt(n), Student's interval of a mean."""
  x = np.asarray(x, np.float64)
  if len(x) < 2:
    return math.nan, math.nan
  half = stats.t.ppf(0.5 + level / 2, len(x) - 1) * x.std(ddof=1)
  half /= math.sqrt(len(x))
  return float(x.mean() - half), float(x.mean() + half)


def bootstrap_interval(clusters, level=0.95, resamples=2000, seed=0):
  """Returns the percentile interval of the mean over resampled clusters.

  Pairs of one setting resemble each other, so that whole settings are drawn;
  single pairs if there is one setting only.

  Args:
    clusters: lists of differences.
    level, resamples, seed: of the interval.
  """
  if len(clusters) == 1:
    clusters = [[x] for x in clusters[0]]
  if len(clusters) < 2:
    return math.nan, math.nan
  sums = np.array([np.sum(cluster) for cluster in clusters])
  sizes = np.array([len(cluster) for cluster in clusters])
  random = np.random.RandomState(seed)
  drawn = random.randint(0, len(sums), [resamples, len(sums)])
  means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
  tails = [50 * (1 - level), 100 - 50 * (1 - level)]
  return tuple(np.percentile(means, tails).tolist())


def wilcoxon(x):
  """Returns the two-sided p of Wilcoxon's signed-rank test, and its n.

  Zeros are left out. With up to 100 differences p is exact, ties included: the
  signs are flipped in all 2^n ways. Beyond, the normal approximation. An
  infinite difference has the highest rank.
  """
  x = np.asarray(x, np.float64)
  x = x[x != 0]
  n = len(x)
  if not n:
    return 1.0, 0
  ranks = stats.rankdata(np.abs(x))
  positive = ranks[x > 0].sum()
  if n <= 100:
    return _exact_p(ranks, positive), n
  deviation = math.sqrt((ranks**2).sum() / 4)
  z = abs(positive - ranks.sum() / 2) / deviation
  return float(min(1.0, 2 * stats.norm.sf(z))), n


def _exact_p(ranks, positive):
  """Returns p from the distribution of the sum of ranks under random signs."""
  doubled = np.rint(2 * ranks).astype(int)  # Ranks of ties end in .5.
  ways = np.zeros(doubled.sum() + 1)
  ways[0] = 1.0
  for rank in doubled:  # Half of the ways has this rank in its sum.
    ways[rank:] = 0.5 * (ways[rank:] + ways[: len(ways) - rank])
    ways[:rank] *= 0.5
  at = int(round(2 * positive))
  return float(min(1.0, 2 * min(ways[: at + 1].sum(), ways[at:].sum())))


def smallest_p(n):
  """Returns the least p that n differences without ties can have."""
  return min(1.0, 2.0 ** (1 - n))


def holm(ps):
  """Returns p-values after Holm's correction for as many tests as there are."""
  ps = np.asarray(ps, np.float64)
  order = np.argsort(ps, kind="stable")
  scaled = ps[order] * np.arange(len(ps), 0, -1)
  adjusted = np.empty(len(ps))
  adjusted[order] = np.minimum(1.0, np.maximum.accumulate(scaled))
  return adjusted
