"""The level of all tests, what they return, and Holm's correction."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

LEVEL = 0.05  # A difference with a lower p is called shown.


class Estimate(NamedTuple):
  """An estimate of a difference with its interval of 95 % and its test."""

  value: float
  low: float  # nan if there are too few values for an interval
  high: float
  p: float


def holm(ps: Sequence[float]) -> np.ndarray:
  """Returns p-values after Holm's correction for len(ps) tests."""
  values = np.asarray(ps, np.float64)
  order = np.argsort(values, kind="stable")
  scaled = values[order] * np.arange(len(values), 0, -1)
  adjusted = np.empty(len(values))
  adjusted[order] = np.minimum(1.0, np.maximum.accumulate(scaled))
  return adjusted
