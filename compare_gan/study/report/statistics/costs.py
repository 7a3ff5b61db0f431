"""Costs: scores with a sign such that lower is better, failures included.

Everything is computed on costs, in float64. A cost is the score, or minus the
score if higher is better. A training that ended without a score, or collapsed,
costs infinity; in means it costs the worst value that was seen. Trainings do
not count if they have not ended, or if they were refused because their
architecture cannot express their cell.
"""

from collections.abc import Iterable
from collections.abc import Sequence
import math
from typing import Any
from typing import Optional
from typing import Union

from compare_gan.study.run import table as table_lib
import numpy as np

_NOT_ENDED = ("running", "waiting", "refused")


def sign(study: dict[str, Any]) -> float:
  """Returns the factor that turns a score into a cost and back."""
  return 1.0 if table_lib.is_minimized(study) else -1.0


def cost(row: table_lib.Row, study: dict[str, Any]) -> Optional[float]:
  """Returns the cost of a run: inf if it failed, None if it does not count."""
  if row.status in _NOT_ENDED:
    return None
  score = table_lib.value(row, study)  # None if it did not end well.
  if score is None or not math.isfinite(score):
    return math.inf
  return sign(study) * float(score)


def median(costs: Iterable[float]) -> float:
  """Returns the median of a few numbers, which may be infinite."""
  ordered = sorted(costs)
  n = len(ordered)
  return float(ordered[(n - 1) // 2] + ordered[n // 2]) / 2


def iqr(costs: Union[Sequence[float], np.ndarray]) -> float:
  """Returns the distance between the quartiles."""
  first, third = np.percentile(costs, [25, 75])
  return float(third - first)


def finite(costs: Union[Sequence[float], np.ndarray]) -> np.ndarray:
  """Returns the finite costs as an array."""
  costs = np.asarray(costs, np.float64)
  return costs[np.isfinite(costs)]


def failures_as_worst(
  costs: Union[Sequence[float], np.ndarray], worst: float
) -> np.ndarray:
  """Returns costs with `worst` in place of infinity.

  One infinite cost makes an expectation infinite, so a failure counts as the
  worst value that any setting of the study reached.
  """
  costs = np.asarray(costs, np.float64)
  return np.where(np.isfinite(costs), costs, worst)
