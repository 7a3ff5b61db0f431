"""How many settings or seeds a claim needs."""

import itertools
import math

from compare_gan.study.report.statistics import significance
from scipy import stats


def smallest_p(n: int) -> float:
  """Returns the least p that n differences without ties can have."""
  return min(1.0, 2.0 ** (1 - n))


def smallest_p_of_seeds(first: int, second: int) -> float:
  """Returns the least p that these numbers of seeds of one setting can have."""
  if not first or not second:
    return 1.0
  ways = stats.hypergeom.pmf(first, first + second, first, first)
  return float(min(1.0, 2 * ways))


def least_settings(tests: int) -> int:
  """Returns how few settings can be significant after Holm over `tests`."""
  return _least(lambda n: smallest_p(n) * max(tests, 1))


def least_seeds(tests: int) -> int:
  """Returns how few seeds of each value can be significant with one setting."""
  return _least(lambda n: smallest_p_of_seeds(n, n) * max(tests, 1))


def _least(corrected):
  return next(
    n for n in itertools.count(1) if corrected(n) < significance.LEVEL
  )


def settings_needed(
  delta: float,
  tau: float,
  sigma: float,
  seeds: int,
  tests: int = 1,
  power: float = 0.8,
) -> int:
  """Returns how many settings it takes to find a difference.

  It is the number for a normal mean, plus 2 for the ranks, and at least
  `least_settings`.

  Args:
    delta: the mean difference to find.
    tau: standard deviation of the true difference between settings.
    sigma: standard deviation of a cost between seeds.
    seeds: the number of seeds of each setting and value.
    tests: the number of tests in Holm's correction.
    power: the probability of finding it.
  """
  z = stats.norm.isf(significance.LEVEL / (2 * tests)) + stats.norm.ppf(power)
  n = (z / delta) ** 2 * (tau**2 + 2 * sigma**2 / seeds)
  return max(math.ceil(n) + 2, least_settings(tests))
