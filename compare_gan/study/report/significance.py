"""Whether the costs of two values differ, and by how much: tests, intervals.

Two values are compared on matched settings. The setting is the unit: the costs
of its seeds are averaged, and the test is over the differences of settings,
because the true difference varies from setting to setting and all seeds of one
setting share it. Seeds that were counted as independent pairs would call one
of two equal values better in up to 34 of 100 studies. With a single setting
the seeds are the unit, and the claim is about this setting only.

  settings  test                                 estimate and interval
  6 ..      exact Wilcoxon signed-rank           Hodges-Lehmann, inverted test
  2 .. 5    Student's t, no claim                mean, Student's t
  1         equal seeds: exact Mann-Whitney      median of pairs, inverted test
            unequal seeds: Welch's t             mean, Welch's t

An interval always agrees with the p beside it: it leaves out 0 where p < .05.
"""

from collections.abc import Callable
from collections.abc import Sequence
import functools
import itertools
import math
from typing import NamedTuple
from typing import Optional
from typing import Union

import numpy as np
from scipy import stats

LEVEL = 0.05  # below which an answer calls a difference shown
LEAST_SETTINGS = 6  # whose smallest p, 2^-5, is below LEVEL
_EXACT = 100  # ranks up to which distributions are enumerated
_EXACT_FLIPS = 16
_RANDOM_FLIPS = 10000

WILCOXON = "exact Wilcoxon over settings"
WILCOXON_NORMAL = "Wilcoxon over settings, normal approximation"
T = "t over settings, assumes normal differences"
MANN_WHITNEY = "exact Mann-Whitney over seeds"
MANN_WHITNEY_NORMAL = "Mann-Whitney over seeds, normal approximation"
WELCH = "Welch's t over seeds"
NO_TEST = "none: a side has one seed"


class Estimate(NamedTuple):
  """An estimate of a difference with its interval of 95 % and its test."""

  value: float
  low: float  # nan: too few for an interval
  high: float
  p: float


# ---- Over settings -----------------------------------------------------------


def t_interval(
  x: Union[Sequence[float], np.ndarray], level: float = 0.95
) -> tuple[float, float]:
  """Returns mean -+ t s / sqrt(n), Student's interval of a mean."""
  x = np.asarray(x, np.float64)
  if len(x) < 2:
    return math.nan, math.nan
  half = stats.t.ppf(0.5 + level / 2, len(x) - 1) * x.std(ddof=1)
  half /= math.sqrt(len(x))
  return float(x.mean() - half), float(x.mean() + half)


def t_test(x: Union[Sequence[float], np.ndarray]) -> Estimate:
  """Returns the mean, Student's interval and p of differences."""
  x = np.asarray(x, np.float64)
  mean, low_high = float(x.mean()), t_interval(x)
  deviation = x.std(ddof=1) / math.sqrt(len(x)) if len(x) > 1 else math.nan
  return Estimate(mean, *low_high, _t_p(mean, deviation, len(x) - 1))


def _t_p(mean, deviation, df):
  if math.isnan(deviation):
    return 1.0
  if not deviation:
    return 0.0 if mean else 1.0
  return float(2 * stats.t.sf(abs(mean) / deviation, df))


def wilcoxon(x: Union[Sequence[float], np.ndarray]) -> tuple[float, int]:
  """Returns the two-sided p of Wilcoxon's signed-rank test, and its n.

  Zeros are left out. With up to 100 differences p is exact, ties included: the
  signs are flipped in all 2^n ways. Beyond, the normal approximation. An
  infinite difference has the highest rank.
  """
  x = np.asarray(x, np.float64)
  x = x[x != 0]
  if not len(x):
    return 1.0, 0
  ranks = stats.rankdata(np.abs(x))
  return _rank_null(ranks).p(ranks[x > 0].sum()), len(x)


def signed_rank(x: Union[Sequence[float], np.ndarray]) -> Estimate:
  """Returns the Hodges-Lehmann estimate with Wilcoxon's interval and p.

  The estimate is the median of the Walsh averages (x_i + x_j) / 2, i <= j; the
  interval leaves out as many of them at each end as keep it in agreement with
  the test. Differences of zero are left out of all three.
  """
  x = np.asarray(x, np.float64)
  p, _ = wilcoxon(x)
  x = x[x != 0]
  if not len(x):
    return Estimate(0.0, math.nan, math.nan, p)
  walsh = np.add.outer(x, x)[np.triu_indices(len(x))] / 2
  left_out = _rank_null(stats.rankdata(np.abs(x))).left_out()
  return _inverted(np.sort(walsh), left_out, p)


def _inverted(ordered, left_out, p):
  """Returns the Estimate of ordered averages or differences.

  Where ties make some of them exactly 0 and p rejects 0, an end may be 0: the
  interval is open there. It then begins at the next one.
  """
  middle = float(np.median(ordered))
  if left_out is None:
    return Estimate(middle, math.nan, math.nan, p)
  low, high = ordered[left_out], ordered[-1 - left_out]
  if p < LEVEL and low == 0 < high:
    low = ordered[ordered > 0][0]
  if p < LEVEL and low < 0 == high:
    high = ordered[ordered < 0][-1]
  return Estimate(middle, float(low), float(high), p)


class _Null(NamedTuple):
  """The distribution of a sum of ranks if nothing differs.

  Exact: `ways[i]` is the probability that the sum is `least` + i / 2, the mean
  being in the middle. Beyond _EXACT ranks it is None, and the sum is normal.
  """

  ways: object
  least: float
  mean: float
  deviation: float

  def p(self, rank_sum: float) -> float:
    """Returns the two-sided p: of sums as far from the mean, or farther."""
    if self.ways is None:
      z = abs(rank_sum - self.mean) / self.deviation if self.deviation else 0.0
      return float(min(1.0, 2 * stats.norm.sf(z)))
    at = int(round(2 * (rank_sum - self.least)))
    at = min(at, len(self.ways) - 1 - at)
    return float(min(1.0, self._both_tails()[at]))

  def left_out(self) -> Optional[int]:
    """Returns how many averages the interval leaves out at each end, or None.

    It is the largest sum below the mean, counted from the least possible one
    without ties, with p < LEVEL.
    """
    if self.ways is None:
      z = stats.norm.isf(LEVEL / 2)
      below = self.mean - self.least - z * self.deviation
      return math.ceil(below) - 1 if below > 0 else None
    rejected = (self._both_tails() < LEVEL) & (self.ways > 0)
    rejected = np.flatnonzero(rejected[: len(self.ways) // 2])
    return int(rejected[-1]) // 2 if len(rejected) else None

  def _both_tails(self):
    return np.cumsum(self.ways) + np.cumsum(self.ways[::-1])


def _rank_null(ranks):
  """Returns the _Null of the sum of those ranks whose random sign is +."""
  mean, deviation = ranks.sum() / 2, math.sqrt((ranks**2).sum() / 4)
  if len(ranks) > _EXACT:
    return _Null(None, 0.0, mean, deviation)
  doubled = np.rint(2 * ranks).astype(int)  # Ranks of ties end in .5.
  ways = np.zeros(doubled.sum() + 1)
  ways[0] = 1.0
  for rank in doubled:  # Half of the ways has this rank in its sum.
    ways[rank:] = 0.5 * (ways[rank:] + ways[: len(ways) - rank])
    ways[:rank] *= 0.5
  return _Null(ways, 0.0, mean, deviation)


def sign_flip(x: Union[Sequence[float], np.ndarray]) -> float:
  """Returns the two-sided p of a mean under random signs.

  Exact for up to 16 differences that are not zero; beyond, 10,000 random flips
  of which the observed signs are one more.
  """
  x = np.asarray(x, np.float64)
  x = x[x != 0]
  if not len(x):
    return 1.0
  least = abs(x.sum()) - 1e-12 * np.abs(x).sum()
  if len(x) <= _EXACT_FLIPS:
    return float(np.mean(np.abs(_signs(len(x)) @ x) >= least))
  hits = np.sum(np.abs(_random_signs(len(x)) @ x) >= least)
  return float((1 + hits) / (1 + _RANDOM_FLIPS))


@functools.lru_cache(maxsize=4)
def _random_signs(n):
  flips = np.random.RandomState(0).randint(0, 2, [_RANDOM_FLIPS, n])
  return 2.0 * flips - 1.0


@functools.cache
def _signs(n):
  """Returns the 2^(n - 1) signs [.., n] whose first one is +."""
  rest = itertools.product([-1.0, 1.0], repeat=n - 1)
  return np.array([(1.0, *signs) for signs in rest])


# ---- Over seeds of one setting -----------------------------------------------


def mann_whitney(
  a: Union[Sequence[float], np.ndarray], b: Union[Sequence[float], np.ndarray]
) -> Estimate:
  """Returns the Hodges-Lehmann shift of b to a, its interval and its p.

  Exact for up to 100 costs, ties included: all ways to deal out the ranks.
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
  if total > _EXACT:
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


def welch(
  a: Union[Sequence[float], np.ndarray], b: Union[Sequence[float], np.ndarray]
) -> Estimate:
  """Returns mean b - mean a with Welch's interval and p."""
  a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
  mean = float(b.mean() - a.mean())
  if min(len(a), len(b)) < 2:
    return Estimate(mean, math.nan, math.nan, 1.0)
  parts = a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)
  deviation = math.sqrt(sum(parts))
  if not deviation:
    return Estimate(mean, mean, mean, _t_p(mean, 0.0, 1))
  df = sum(parts) ** 2 / sum(
    part**2 / (len(x) - 1) for part, x in zip(parts, (a, b))
  )
  half = stats.t.ppf(1 - LEVEL / 2, df) * deviation
  p = _t_p(mean, deviation, df)
  return Estimate(mean, mean - half, mean + half, p)


# ---- How many are needed -----------------------------------------------------


def smallest_p(n: int) -> float:
  """Returns the least p that n differences without ties can have."""
  return min(1.0, 2.0 ** (1 - n))


def smallest_p_of_seeds(first: int, second: int) -> float:
  """Returns the least p of so many seeds a side in one setting."""
  if not first or not second:
    return 1.0
  ways = stats.hypergeom.pmf(first, first + second, first, first)
  return float(min(1.0, 2 * ways))


def least_settings(tests: int) -> int:
  """Returns how many settings can be significant after Holm over `tests`."""
  return _least(lambda n: smallest_p(n) * max(tests, 1))


def least_seeds(tests: int) -> int:
  """Returns how many seeds a side can, with one setting."""
  return _least(lambda n: smallest_p_of_seeds(n, n) * max(tests, 1))


def _least(corrected):
  return next(n for n in itertools.count(1) if corrected(n) < LEVEL)


def settings_needed(
  delta: float,
  tau: float,
  sigma: float,
  seeds: int,
  tests: int = 1,
  power: float = 0.8,
) -> int:
  """Returns how many settings find a difference.

  The formula of a normal mean, plus 2 for the ranks, and at least
  `least_settings`.

  Args:
    delta: the mean difference to find.
    tau: standard deviation of the true difference between settings.
    sigma: standard deviation of a cost between seeds.
    seeds: of each setting and value.
    tests: that Holm's correction is for.
    power: the probability to find it.
  """
  z = stats.norm.isf(LEVEL / (2 * tests)) + stats.norm.ppf(power)
  n = (z / delta) ** 2 * (tau**2 + 2 * sigma**2 / seeds)
  return max(math.ceil(n) + 2, least_settings(tests))


def holm(ps: Sequence[float]) -> np.ndarray:
  """Returns p-values after Holm's correction for as many tests as there are."""
  ps = np.asarray(ps, np.float64)
  order = np.argsort(ps, kind="stable")
  scaled = ps[order] * np.arange(len(ps), 0, -1)
  adjusted = np.empty(len(ps))
  adjusted[order] = np.minimum(1.0, np.maximum.accumulate(scaled))
  return adjusted


# ---- Two values --------------------------------------------------------------


class Difference(NamedTuple):
  """How much better the first value is: cost of second - cost of first."""

  unit: str  # "settings" or "seeds"
  test: str
  n: int  # settings
  n_nonzero: int  # of them, those that differ
  better: tuple[int, int]  # in how many settings each of the two is better
  seeds: tuple[int, int]  # of a setting and value, at least and at most
  sizes: tuple[int, int]  # seeds of the first value and of the second
  mean: float  # of the settings' differences
  estimate: float  # that belongs to the interval and to p
  interval: tuple[float, float]
  t: tuple[float, float]  # Student's interval of the mean; Welch's of one
  p: float
  smallest_p: float  # that so many units can have
  probability: float  # that the first has the lower cost
  p_probability: float  # by flips of signs over settings; exploratory
  tau: float  # deviation of the true difference between settings
  sigma: float  # deviation of a cost between seeds

  @property
  def testable(self) -> bool:
    """Whether a claim is possible at all: so it counts in Holm's family.

    It depends on how many settings and seeds there are, not on their costs.
    """
    if self.unit == "settings":
      return self.n >= LEAST_SETTINGS
    return self.smallest_p < LEVEL


def worst_of(*sides: Sequence[Sequence[float]]) -> float:
  """Returns the largest finite cost of [settings][seeds], nan without any."""
  costs = [cost for side in sides for seeds in side for cost in seeds]
  return max(filter(math.isfinite, costs), default=math.nan)


def with_worst(
  costs: Sequence[Sequence[float]], worst: float
) -> list[list[float]]:
  """Returns [settings][seeds] with `worst` in place of failures (inf).

  Any rule that treats both values alike keeps the tests exact. Failures that
  were left out would not: the value that fails more would look better.
  """
  worst = 0.0 if math.isnan(worst) else worst  # All failed: nothing differs.
  return [
    [cost if math.isfinite(cost) else worst for cost in seeds]
    for seeds in costs
  ]


def compare(
  first: Sequence[Sequence[float]],
  second: Sequence[Sequence[float]],
  with_failures: Optional[Sequence[Sequence[Sequence[float]]]] = None,
) -> Difference:
  """Returns the Difference of the finite costs [settings][seeds] of two values.

  Args:
    first: a list of costs, one of each seed, for each matched setting.
    second: of the same settings; the seeds need not match.
    with_failures: the same two, failures being infinite; the probability to be
      better is counted there, where a failure is worse than any other cost.
  """
  d = np.array([np.mean(b) - np.mean(a) for a, b in zip(first, second)])
  d[np.abs(d) <= 1e-12 * max(map(abs, itertools.chain(*first, *second)))] = 0.0
  pairs = zip(*(with_failures or (first, second)))
  better = np.array([_share_better(a, b) for a, b in pairs])
  lengths = [len(seeds) for side in (first, second) for seeds in side]
  test, found = _test(first, second, d)
  one = len(d) == 1
  n_nonzero = int(np.count_nonzero(d))
  by_welch = welch(first[0], second[0])
  return Difference(
    unit="seeds" if one else "settings",
    test=test,
    n=len(d),
    n_nonzero=n_nonzero,
    better=(int(np.sum(d > 0)), int(np.sum(d < 0))),
    seeds=(min(lengths), max(lengths)),
    sizes=(sum(lengths[: len(d)]), sum(lengths[len(d) :])),
    mean=float(d.mean()),
    estimate=found.value,
    interval=(found.low, found.high),
    t=(by_welch.low, by_welch.high) if one else t_interval(d),
    p=found.p,
    smallest_p=(
      smallest_p_of_seeds(len(first[0]), len(second[0]))
      if one
      else smallest_p(n_nonzero)
    ),
    probability=float(better.mean()),
    p_probability=math.nan if one else sign_flip(better - 0.5),
    **_spreads(first, second, d),
  )


def _test(first, second, d):
  """Returns (name of the test, Estimate), by the table at the top."""
  if len(d) >= LEAST_SETTINGS:
    exact = np.count_nonzero(d) <= _EXACT
    return WILCOXON if exact else WILCOXON_NORMAL, signed_rank(d)
  if len(d) > 1:
    return T, t_test(d)
  a, b = first[0], second[0]
  if min(len(a), len(b)) < 2:
    return NO_TEST, welch(a, b)
  if len(a) != len(b):
    return WELCH, welch(a, b)
  exact = len(a) + len(b) <= _EXACT
  return MANN_WHITNEY if exact else MANN_WHITNEY_NORMAL, mann_whitney(a, b)


def _share_better(a, b):
  """Returns the share of pairs of seeds with a below b, ties half."""
  ties = np.equal.outer(a, b)
  return float(np.mean(np.less.outer(a, b) + 0.5 * ties))


def _spreads(first, second, d):
  """Returns {"tau", "sigma"} of the model at the top of compare's costs.

  Var(d) = tau^2 + sigma^2 (1 / seeds of one + 1 / seeds of the other).
  """
  sides = [np.asarray(seeds, np.float64) for seeds in (*first, *second)]
  free = sum(len(seeds) - 1 for seeds in sides)
  if not free:
    return {"tau": math.nan, "sigma": math.nan}
  squares = sum(((seeds - seeds.mean()) ** 2).sum() for seeds in sides)
  noise = squares / free
  if len(d) < 2:
    return {"tau": math.nan, "sigma": math.sqrt(noise)}
  by_seeds = noise * sum(1 / len(seeds) for seeds in sides) / len(d)
  tau = math.sqrt(max(0.0, d.var(ddof=1) - by_seeds))
  return {"tau": tau, "sigma": math.sqrt(noise)}


def compare_shares(
  first: Sequence[tuple[int, int]], second: Sequence[tuple[int, int]]
) -> float:
  """Returns the p of two shares of failures; exploratory.

  Flips of signs over settings; Fisher's exact test with one of them.

  Args:
    first: (failed, all) runs of each setting.
    second: the same of the other value.
  """
  if len(first) == 1:
    (a, n), (b, m) = first[0], second[0]
    return float(stats.fisher_exact([[a, n - a], [b, m - b]])[1])
  return sign_flip([b / m - a / n for (a, n), (b, m) in zip(first, second)])


# ---- The best of k -----------------------------------------------------------


class MedianBest(NamedTuple):
  """An interval of 95 % of the median best of k new settings."""

  low: float  # -inf: no lower end
  high: float
  rank_low: int  # 0: none
  rank_high: int


def median_best(
  costs: Union[Sequence[float], np.ndarray], k: int
) -> MedianBest:
  """Returns the interval from order statistics, free of any distribution.

  Half of all searches of k independent draws have a best below the quantile
  1 - .5^(1/k) of a setting's cost. A lower end exists up to about k = n / 5.3.
  """
  x = np.sort(np.asarray(costs, np.float64))
  n, q = len(x), -math.expm1(math.log(0.5) / k)
  below = stats.binom.cdf(np.arange(n + 1), n, q)  # P(Bin <= i)
  rank_low = int(np.sum(below[:n] <= LEVEL / 2))
  above = stats.binom.sf(np.arange(n), n, q)  # P(Bin >= i + 1)
  found = np.flatnonzero(above <= LEVEL / 2)
  rank_high = int(found[0]) + 1 if len(found) else 0
  return MedianBest(
    float(x[rank_low - 1]) if rank_low else -math.inf,
    float(x[rank_high - 1]) if rank_high else math.inf,
    rank_low,
    rank_high,
  )


def last_budget(n: int) -> int:
  """Returns the largest k whose median best of n has a lower end, 0 if none."""
  # P(Bin(n, q) <= 0) = .5^(n / k) <= LEVEL / 2.
  return int(n / math.log2(2 / LEVEL) + 1e-9)


def permuted(
  groups: Sequence[np.ndarray],
  statistic: Callable[[list[np.ndarray]], Union[float, np.ndarray]],
  permutations: int = 2000,
  seed: int = 0,
) -> float:
  """Returns the p of a statistic of groups whose settings swap their labels.

  Args:
    groups: arrays of costs.
    statistic: function of a list of arrays [..., n], one of each group, to
      [...]; larger is more unusual.
    permutations, seed: of the labels.
  """
  random = np.random.RandomState(seed)
  pooled = np.concatenate(groups)
  cuts = np.cumsum([len(group) for group in groups])[:-1]
  orders = np.argsort(random.rand(permutations, len(pooled)), axis=1)
  least = statistic([np.asarray(group) for group in groups]) - 1e-12
  hits = np.sum(statistic(np.split(pooled[orders], cuts, axis=1)) >= least)
  return float((1 + hits) / (1 + permutations))
