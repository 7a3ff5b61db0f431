"""Shares of failures and spreads."""

import math

from compare_gan.study.report.statistics import stability as stability_lib
import pytest

from tests.study import examples

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


def test_stability():
  found = stability_lib.spread_of_scores(
    [
      examples.setting([1, 2, 3]),
      examples.setting([5, 9, math.inf]),
      examples.setting([math.inf]),
    ]
  )
  assert (found.n, found.n_failed) == (7, 2)
  assert found.failed_share == pytest.approx(2 / 7)
  assert found.seed_iqr == 1.5  # of 1 and 2
  assert found.setting_iqr == 3.5  # between the medians 2 and 9
