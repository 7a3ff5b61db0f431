"""Tests of ranks, beside scipy and recorded numbers."""

import math

from compare_gan.study.report.statistics import permutations
from compare_gan.study.report.statistics import rank_tests
from compare_gan.study.report.statistics import significance
from compare_gan.study.report.statistics import t_tests
import numpy as np
import pytest
from scipy import stats

from tests.study.report.statistics import recorded

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


def _agree(found):
  """Whether an interval leaves out 0 exactly if p is below the level."""
  if math.isnan(found.low):
    return found.p >= significance.LEVEL
  outside = found.low > 0 or found.high < 0
  return outside == (found.p < significance.LEVEL)


@recorded.cases("differences_with_ties_and_zeros")
def test_ties_and_zeros(case):
  values, x = case["values"], case["differences"]
  p, n = rank_tests.wilcoxon(x)
  recorded.require_close(p, values["wilcoxon_exact_p"])
  assert n == values["n_nonzero"]
  recorded.require_close(
    permutations.sign_flip(x), values["signflip_of_mean_exact_p"]
  )


@pytest.mark.parametrize("n", [3, 8, 15])
def test_wilcoxon_is_that_of_scipy(n):
  x = np.random.RandomState(n).normal(0.4, 1.0, n)
  p, used = rank_tests.wilcoxon(x)
  assert used == n
  assert p == pytest.approx(stats.wilcoxon(x).pvalue)


def test_wilcoxon_of_many_is_about_normal():
  x = np.random.RandomState(0).normal(0.1, 1.0, 150)
  p, _ = rank_tests.wilcoxon(x)
  assert p == pytest.approx(stats.wilcoxon(x).pvalue, rel=1e-6)
  exact = rank_tests.wilcoxon(x[:100])[0]
  assert exact == pytest.approx(stats.wilcoxon(x[:100]).pvalue, rel=0.02)


def test_wilcoxon_with_ties_and_zeros_counts_all_signs():
  # Ranks 1.5, 1.5, 3: sums 0, 1.5 x 2, 3 x 2, 4.5 x 2, 6; 6 in 1 of 8 ways.
  assert rank_tests.wilcoxon([1.0, 1.0, 2.0, 0.0]) == (0.25, 3)
  # 4.5 or more in 3 of 8 ways.
  assert rank_tests.wilcoxon([-1.0, 1.0, 2.0]) == (0.75, 3)
  assert rank_tests.wilcoxon([0.0, 0.0]) == (1.0, 0)


def test_hodges_lehmann_by_hand():
  # Of six, the interval leaves out no Walsh average: p = 2 / 64 at most.
  found = rank_tests.signed_rank([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
  assert found == (3.5, 1.0, 6.0, 1 / 32)
  assert math.isnan(rank_tests.signed_rank([1.0, 2.0, 3.0]).low)


def test_intervals_agree_with_their_tests():
  random = np.random.RandomState(0)
  claims = 0
  for i in range(600):
    n = random.randint(2, 15)
    # Whole numbers have ties and zeros, normal ones have none.
    x = (
      random.randint(-3, 6, [2, n]) * 1.0
      if i % 2
      else (random.normal(0.5, 1.0, [2, n]))
    )
    found = [
      rank_tests.signed_rank(x[0]),
      t_tests.t_test(x[0]),
      rank_tests.mann_whitney(*x - [[1.0], [0.0]]),
      t_tests.welch(x[0], x[1][:2]),
    ]
    assert all(map(_agree, found)), x
    claims += sum(each.p < significance.LEVEL for each in found)
  assert 200 < claims < 2000  # Both cases were seen.


def test_intervals_of_many_agree_with_the_normal_approximation():
  random = np.random.RandomState(0)
  for shift in np.linspace(0.0, 0.4, 30):
    x = random.normal(shift, 1.0, [2, 120])
    assert _agree(rank_tests.signed_rank(x[0]))
    assert _agree(rank_tests.mann_whitney(x[0] - 0.2, x[1]))
