"""How often trainings fail, and how far their scores spread."""

from collections.abc import Sequence
import math
from typing import NamedTuple

from compare_gan.study.report.statistics import costs as costs_lib
from compare_gan.study.report.statistics import settings as settings_lib


class Stability(NamedTuple):
  """How far scores spread."""

  n: int  # trainings that ended
  n_failed: int
  failed_share: float
  seed_iqr: float  # median over settings of the IQR over seeds
  setting_iqr: float  # IQR of the settings' values


def spread_of_scores(group: Sequence[settings_lib.Setting]) -> Stability:
  """Returns the Stability of some Settings; NaN for a spread of too few."""
  n, n_ok = (sum(each.n for each in group), sum(each.n_ok for each in group))
  over_seeds = [
    costs_lib.iqr(costs_lib.finite(each.costs))
    for each in group
    if each.n_ok >= 2
  ]
  values = costs_lib.finite([each.value for each in group])
  return Stability(
    n,
    n - n_ok,
    (n - n_ok) / n if n else math.nan,
    costs_lib.median(over_seeds) if over_seeds else math.nan,
    costs_lib.iqr(values) if len(values) >= 2 else math.nan,
  )
