"""Rank correlations of metrics."""

import math

from compare_gan.study.report.statistics import (
  rank_correlation as correlation_lib,
)
import numpy as np
import pytest
from scipy import stats

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


def test_rank_correlation_is_spearmans():
  random = np.random.RandomState(0)
  scores = np.round(random.normal(size=[3, 30]), 1)  # with ties
  scores[1] += scores[0]
  found, counts = correlation_lib.rank_correlation(scores)
  np.testing.assert_allclose(found, stats.spearmanr(scores.T)[0])
  assert (counts == 30).all()


def test_rank_correlation_leaves_out_what_is_missing():
  nan = math.nan
  found, counts = correlation_lib.rank_correlation(
    [[1, 2, 3, nan], [9, 4, 1, 2], [nan, 1, 2, nan], [5, 5, 5, 5]]
  )
  assert found[0, 1] == -1.0 and counts[0, 1] == 3
  assert math.isnan(found[0, 2]) and counts[0, 2] == 2
  assert math.isnan(found[1, 3])
