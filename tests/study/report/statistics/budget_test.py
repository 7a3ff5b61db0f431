"""The best cost to expect by budget, on costs with known answers."""

import math

from compare_gan.study.report.statistics import budget
import numpy as np
import pytest

from tests.study import examples
from tests.study.report.statistics import recorded

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


def test_expected_best_of_uniform_scores_is_one_in_k_plus_one():
  # E[min of k of the numbers 1..n] = (n + 1) / (k + 1).
  n = 99
  costs = np.arange(1, n + 1) / (n + 1)
  ks = np.arange(1, n + 1)
  np.testing.assert_allclose(
    budget.expected_best(costs, ks), 1 / (ks + 1), rtol=1e-12
  )


def test_expected_best_of_independent_uniform_draws_too():
  n = 100000
  costs = (np.arange(n) + 0.5) / n
  ks = np.array([1, 2, 5, 10, 100])
  np.testing.assert_allclose(
    budget.expected_best_iid(costs, ks), 1 / (ks + 1), rtol=1e-3
  )


def test_expected_best_by_hand():
  # Pairs of {1, 2, 4}: minima 1, 1, 2; of nine ordered draws 1 x 5, 2 x 3, 4.
  np.testing.assert_allclose(
    budget.expected_best([4, 1, 2], [1, 2, 3]), [7 / 3, 4 / 3, 1]
  )
  np.testing.assert_allclose(
    budget.expected_best_iid([4, 1, 2], [1, 2]), [7 / 3, 15 / 9]
  )


def test_simulation_of_one_block_agrees_with_the_exact_curve():
  costs = np.random.RandomState(0).lognormal(size=12)
  mean, low, high = budget.simulated_best([costs], draws=4000)
  exact = budget.expected_best(costs, range(1, 13))
  np.testing.assert_allclose(mean, exact, atol=0.06)
  assert mean[-1] == pytest.approx(costs.min())
  assert (low <= mean + 1e-12).all() and (mean <= high + 1e-12).all()


def test_simulation_tries_one_block_after_the_other():
  mean, low, high = budget.simulated_best([[5.0, 5.0], [1.0, 1.0]], 50)
  np.testing.assert_array_equal(mean, [5, 5, 1, 1])
  np.testing.assert_array_equal(low, high)


def test_blocks_are_phases_in_order_and_their_rounds():
  group = [
    examples.setting(1, "gp_bandit", 1),
    examples.setting(2, "gp_bandit", 0),
    examples.setting(math.inf, "fixed_sets"),
    examples.setting(4, "gp_bandit", 1),
  ]
  found = budget.blocks(group, ["fixed_sets", "gp_bandit"], worst=9.0)
  assert [list(block) for block in found] == [[9], [2], [1, 4]]


def test_failures_count_as_the_worst_in_a_budget():
  group = [examples.setting(1), examples.setting(math.inf)]
  curve = budget.budget_curve(group, ["fixed_sets"], worst=7.0)
  np.testing.assert_allclose(curve.exact, [4.0, 1.0])
  np.testing.assert_allclose(curve.iid, [4.0, 2.5])


def test_winners_by_budget():
  curves = {"sn": [3, 2, 2, 2], "ln": [9, 4, 1, 1, 1]}
  assert budget.winners(curves) == [(1, 2, "sn"), (3, 4, "ln")]


def test_budgets_of_many_settings_are_some_of_them():
  ks = budget.budget_sizes(1000)
  assert ks[0] == 1 and ks[-1] == 1000 and len(ks) <= 80
  assert list(budget.budget_sizes(3)) == [1, 2, 3]


def test_median_best_has_an_interval_where_settings_are_independent():
  costs = np.random.RandomState(0).rand(24)

  def curve(phase):
    group = [examples.setting(cost, phase) for cost in costs]
    return budget.budget_curve(group, [phase], worst=1.0)

  drawn = curve("random_search")
  assert drawn.last == 4
  low, high = budget.median_best(costs, 4)[:2]
  assert (drawn.median_low[3], drawn.median_high[3]) == (low, high)
  assert np.isnan(drawn.median_high[4:]).all()
  searched = curve("gp_bandit")
  assert searched.last == 0 and np.isnan(searched.median_low).all()


def test_budgets_of_equal_values_seldom_differ():
  random = np.random.RandomState(0)
  ps = [
    budget.budget_test([random.lognormal(size=12) for _ in "ab"], 2)
    for _ in range(200)
  ]
  assert np.sum(np.less(ps, 0.05)) <= 20  # Binomial(200, .05): .1 % above
  assert budget.budget_test([np.arange(12.0), np.arange(12) + 9.0], 2) < 0.01


@recorded.cases("best_of_k")
def test_median_best_of_k(case):
  n = len(case["costs"])
  for known in case["values"]["by_k"]:
    k = known["k"]
    found = budget.median_best(case["costs"], k)
    assert found.rank_low == known["rank_low"]
    assert found.rank_high == known["rank_high"]
    low, high = known["interval_95_of_median_best"]
    assert found.low == (-math.inf if low is None else low)
    assert found.high == high
    assert (k <= budget.last_budget(n)) == (low is not None)


@pytest.mark.parametrize(
  "count", [400, pytest.param(4000, marks=pytest.mark.slow)]
)
def test_median_best_is_covered(count):
  random = np.random.RandomState(0)
  for n, k in [(24, 1), (24, 4), (60, 11)]:
    # Costs uniform: the median best of k is the quantile itself.
    truth = 1 - 0.5 ** (1 / k)
    found = (budget.median_best(random.rand(n), k) for _ in range(count))
    covered = np.mean([each.low <= truth <= each.high for each in found])
    assert covered > 0.95 - 1.5 / math.sqrt(count) * 0.5
    assert covered < 1.0
