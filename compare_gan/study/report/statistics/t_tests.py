"""Student's and Welch's t: tests and intervals of means."""

from collections.abc import Sequence
import math
from typing import Union

from compare_gan.study.report.statistics import significance
import numpy as np
from scipy import stats


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


def t_test(x: Union[Sequence[float], np.ndarray]) -> significance.Estimate:
  """Returns the mean, Student's interval and p of differences."""
  x = np.asarray(x, np.float64)
  mean, low_high = float(x.mean()), t_interval(x)
  deviation = x.std(ddof=1) / math.sqrt(len(x)) if len(x) > 1 else math.nan
  return significance.Estimate(
    mean, *low_high, _t_p(mean, deviation, len(x) - 1)
  )


def _t_p(mean, deviation, df):
  if math.isnan(deviation):
    return 1.0
  if not deviation:
    return 0.0 if mean else 1.0
  return float(2 * stats.t.sf(abs(mean) / deviation, df))


def welch(
  a: Union[Sequence[float], np.ndarray], b: Union[Sequence[float], np.ndarray]
) -> significance.Estimate:
  """Returns mean b - mean a with Welch's interval and p."""
  a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
  mean = float(b.mean() - a.mean())
  if min(len(a), len(b)) < 2:
    return significance.Estimate(mean, math.nan, math.nan, 1.0)
  parts = a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)
  deviation = math.sqrt(sum(parts))
  if not deviation:
    return significance.Estimate(mean, mean, mean, _t_p(mean, 0.0, 1))
  df = sum(parts) ** 2 / sum(
    part**2 / (len(x) - 1) for part, x in zip(parts, (a, b))
  )
  half = stats.t.ppf(1 - significance.LEVEL / 2, df) * deviation
  p = _t_p(mean, deviation, df)
  return significance.Estimate(mean, mean - half, mean + half, p)
