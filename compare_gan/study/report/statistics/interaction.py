"""Medians over settings by the values of two axes."""

from collections.abc import Sequence
from typing import Any

from compare_gan.study.report.statistics import costs as costs_lib
from compare_gan.study.report.statistics import settings as settings_lib
import numpy as np


def medians_of_pairs(
  all_settings: Sequence[settings_lib.Setting],
  first: str,
  second: str,
  values: dict[str, Sequence[Any]],
) -> tuple[np.ndarray, np.ndarray]:
  """Returns (medians, counts) [A, B] over settings, by values of two axes.

  Args:
    all_settings: Settings.
    first, second: axes.
    values: {axis: [its values]}.
  """
  shape = [len(values[first]), len(values[second])]
  medians, counts = np.full(shape, np.nan), np.zeros(shape, int)
  for i, a in enumerate(values[first]):
    group = settings_lib.settings_with_value(all_settings, first, a)
    for j, b in enumerate(values[second]):
      costs = [
        each.value
        for each in settings_lib.settings_with_value(group, second, b)
      ]
      counts[i, j] = len(costs)
      if costs:
        medians[i, j] = costs_lib.median(costs)
  return medians, counts
