"""Boxes and lists of the best settings."""

import math

from compare_gan.study.report.statistics import best_settings
import numpy as np
import pytest

from tests.study import examples

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


def test_box_of_the_top_percent():
  box = best_settings.top_percent(np.arange(100.0)[::-1], 5)
  assert (box.n_top, box.n, box.low, box.median, box.high) == (5, 100, 0, 2, 4)
  assert (box.quartile_1, box.quartile_3) == (1, 3)


@pytest.mark.parametrize("n,shown", [(1, 1), (20, 1), (21, 2), (3, 1)])
def test_box_shows_at_least_one_setting(n, shown):
  assert best_settings.top_percent(np.arange(float(n)), 5).n_top == shown


def test_box_of_failures_is_infinite():
  assert best_settings.top_percent([math.inf], 5).median == math.inf


def test_best_table_has_the_two_best_of_each_cell():
  found = best_settings.best_of_cells(
    [
      examples.setting(x, norm=norm)
      for norm in ("none", "sn")
      for x in (5, 3, 4)
    ]
    + [examples.setting(1, norm="sn")]
  )
  assert [best.cell["norm"] for best in found] == ["sn", "none"]
  assert [[each.value for each in best.top] for best in found] == [
    [1, 3],
    [3, 4],
  ]
  assert [best.n for best in found] == [4, 3]
