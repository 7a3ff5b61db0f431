"""Intervals and tests: by hand, by simulation, and beside scipy."""

import math

from compare_gan.study import significance
import numpy as np
import pytest
from scipy import stats

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


def test_t_interval_is_students():
  x = [1.0, 2.0, 4.0, 4.5, 7.0]
  low, high = significance.t_interval(x)
  half = 2.7764451 * np.std(x, ddof=1) / math.sqrt(5)
  np.testing.assert_allclose([low, high], [3.7 - half, 3.7 + half], rtol=1e-6)
  assert math.isnan(significance.t_interval([1.0])[0])


def test_bootstrap_interval_of_many_pairs_is_about_the_normal_one():
  x = np.random.RandomState(0).normal(size=400)
  found = significance.bootstrap_interval([[each] for each in x])
  half = 1.96 * x.std() / 20
  np.testing.assert_allclose(
    found, [x.mean() - half, x.mean() + half], atol=0.012
  )


def test_bootstrap_draws_whole_settings():
  # Within a setting the pairs agree: 2 settings with 50 pairs are still few.
  low, high = significance.bootstrap_interval([[0.0] * 50, [1.0] * 50])
  assert (low, high) == (0.0, 1.0)


@pytest.mark.parametrize("n", [3, 8, 15])
def test_wilcoxon_is_that_of_scipy(n):
  x = np.random.RandomState(n).normal(0.4, 1.0, n)
  p, used = significance.wilcoxon(x)
  assert used == n
  assert p == pytest.approx(stats.wilcoxon(x).pvalue)


def test_wilcoxon_of_many_is_about_normal():
  x = np.random.RandomState(0).normal(0.1, 1.0, 150)
  p, _ = significance.wilcoxon(x)
  assert p == pytest.approx(stats.wilcoxon(x).pvalue, rel=1e-6)
  exact = significance.wilcoxon(x[:100])[0]
  assert exact == pytest.approx(stats.wilcoxon(x[:100]).pvalue, rel=0.02)


def test_wilcoxon_with_ties_and_zeros_counts_all_signs():
  # Ranks 1.5, 1.5, 3: sums 0, 1.5 x 2, 3 x 2, 4.5 x 2, 6; 6 in 1 of 8 ways.
  assert significance.wilcoxon([1.0, 1.0, 2.0, 0.0]) == (0.25, 3)
  # 4.5 or more in 3 of 8 ways.
  assert significance.wilcoxon([-1.0, 1.0, 2.0]) == (0.75, 3)
  assert significance.wilcoxon([0.0, 0.0]) == (1.0, 0)


def test_wilcoxon_keeps_its_level():
  random = np.random.RandomState(0)
  ps = [significance.wilcoxon(random.normal(size=12))[0] for _ in range(600)]
  assert np.mean(np.less(ps, 0.05)) < 0.07


def test_smallest_p():
  assert significance.smallest_p(4) == significance.wilcoxon([1, 2, 3, 4])[0]
  assert significance.smallest_p(0) == 1.0


def test_holm_by_hand():
  np.testing.assert_allclose(
    significance.holm([0.01, 0.04, 0.03, 0.5]), [0.04, 0.09, 0.09, 0.5]
  )
  np.testing.assert_allclose(significance.holm([0.6, 0.6]), [1.0, 1.0])
  assert len(significance.holm([])) == 0
