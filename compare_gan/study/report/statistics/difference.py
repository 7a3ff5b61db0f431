"""Whether the costs of two values differ, and by how much: tests, intervals.

Two values are compared on matched settings. The setting is the unit: the costs
of its seeds are averaged, and the test is over the differences of settings,
because the true difference varies from setting to setting and all seeds of one
setting share it. If seeds were counted as independent pairs, one of two equal
values would be called better in up to 34 of 100 studies. With a single setting
the seeds are the unit, and the claim is about this setting only.

  settings  test                                 estimate and interval
  6 ..      exact Wilcoxon signed-rank           Hodges-Lehmann, inverted test
  2 .. 5    Student's t, no claim                mean, Student's t
  1         equal seeds: exact Mann-Whitney      median of pairs, inverted test
            unequal seeds: Welch's t             mean, Welch's t

An interval always agrees with its p: it excludes 0 if p < .05.
"""

from collections.abc import Sequence
import itertools
import math
from typing import NamedTuple
from typing import Optional

from compare_gan.study.report.statistics import permutations
from compare_gan.study.report.statistics import rank_tests
from compare_gan.study.report.statistics import sample_size
from compare_gan.study.report.statistics import significance
from compare_gan.study.report.statistics import t_tests
import numpy as np
from scipy import stats

LEAST_SETTINGS = 6  # Their smallest p, 2^-5, is below LEVEL.
WILCOXON = "exact Wilcoxon over settings"
WILCOXON_NORMAL = "Wilcoxon over settings, normal approximation"
T = "t over settings, assumes normal differences"
MANN_WHITNEY = "exact Mann-Whitney over seeds"
MANN_WHITNEY_NORMAL = "Mann-Whitney over seeds, normal approximation"
WELCH = "Welch's t over seeds"
NO_TEST = "none: a side has one seed"


class Difference(NamedTuple):
  """How much better the first value is: cost of second - cost of first."""

  unit: str  # "settings" or "seeds"
  test: str
  n: int  # settings
  n_nonzero: int  # settings with a difference that is not 0
  better: tuple[int, int]  # how many settings each of the two is better in
  seeds: tuple[int, int]  # fewest and most seeds of a setting and value
  sizes: tuple[int, int]  # seeds of the first value and of the second
  mean: float  # the mean of the settings' differences
  estimate: float  # the one that the interval and p belong to
  interval: tuple[float, float]
  t: tuple[float, float]  # Student's interval of the mean, Welch's if n = 1
  p: float
  smallest_p: float  # the least p that this many units can have
  probability: float  # the probability that the first has the lower cost
  p_probability: float  # by sign flips over settings; exploratory
  tau: float  # standard deviation of the true difference between settings
  sigma: float  # standard deviation of a cost between seeds

  @property
  def testable(self) -> bool:
    """Whether a claim is possible at all, so that it counts in Holm's family.

    It depends on how many settings and seeds there are, not on their costs.
    """
    if self.unit == "settings":
      return self.n >= LEAST_SETTINGS
    return self.smallest_p < significance.LEVEL


def worst_of(*sides: Sequence[Sequence[float]]) -> float:
  """Returns the largest finite cost of [settings][seeds], nan without any."""
  costs = [cost for side in sides for seeds in side for cost in seeds]
  return max(filter(math.isfinite, costs), default=math.nan)


def failures_as_worst(
  costs: Sequence[Sequence[float]], worst: float
) -> list[list[float]]:
  """Returns [settings][seeds] with `worst` in place of failures (inf).

  Any rule that treats both values alike keeps the tests exact. Leaving failures
  out would not: the value that fails more often would look better.
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
    first: for each matched setting, the list of its seeds' costs.
    second: the same for the second value; the seeds need not match.
    with_failures: first and second with infinite costs for failures. The
      probability to be better is computed from these, so that a failure is
      worse than any other cost.
  """
  d = np.array([np.mean(b) - np.mean(a) for a, b in zip(first, second)])
  d[np.abs(d) <= 1e-12 * max(map(abs, itertools.chain(*first, *second)))] = 0.0
  pairs = zip(*(with_failures or (first, second)))
  better = np.array([_share_better(a, b) for a, b in pairs])
  lengths = [len(seeds) for side in (first, second) for seeds in side]
  test, found = _test(first, second, d)
  one = len(d) == 1
  n_nonzero = int(np.count_nonzero(d))
  by_welch = t_tests.welch(first[0], second[0])
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
    t=(by_welch.low, by_welch.high) if one else t_tests.t_interval(d),
    p=found.p,
    smallest_p=(
      sample_size.smallest_p_of_seeds(len(first[0]), len(second[0]))
      if one
      else sample_size.smallest_p(n_nonzero)
    ),
    probability=float(better.mean()),
    p_probability=math.nan if one else permutations.sign_flip(better - 0.5),
    **_spreads(first, second, d),
  )


def _test(first, second, d):
  """Returns (name of the test, Estimate); see the table at the top."""
  if len(d) >= LEAST_SETTINGS:
    exact = np.count_nonzero(d) <= rank_tests.EXACT
    return WILCOXON if exact else WILCOXON_NORMAL, rank_tests.signed_rank(d)
  if len(d) > 1:
    return T, t_tests.t_test(d)
  a, b = first[0], second[0]
  if min(len(a), len(b)) < 2:
    return NO_TEST, t_tests.welch(a, b)
  if len(a) != len(b):
    return WELCH, t_tests.welch(a, b)
  exact = len(a) + len(b) <= rank_tests.EXACT
  return (
    MANN_WHITNEY if exact else MANN_WHITNEY_NORMAL,
    rank_tests.mann_whitney(a, b),
  )


def _share_better(a, b):
  """Returns the share of pairs of seeds with a < b; a tie counts half."""
  ties = np.equal.outer(a, b)
  return float(np.mean(np.less.outer(a, b) + 0.5 * ties))


def _spreads(first, second, d):
  """Returns {"tau", "sigma"}, estimated from the variance of differences d.

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
  """Returns p for a difference of two shares of failures; exploratory.

  It is from sign flips over settings, or from Fisher's exact test if there is
  one setting.

  Args:
    first: (failed, all) runs of each setting.
    second: the same for the other value.
  """
  if len(first) == 1:
    (a, n), (b, m) = first[0], second[0]
    return float(stats.fisher_exact([[a, n - a], [b, m - b]])[1])
  return permutations.sign_flip(
    [b / m - a / n for (a, n), (b, m) in zip(first, second)]
  )
