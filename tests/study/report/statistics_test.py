"""Statistics of studies, on tables whose answers are known."""

import math

from compare_gan.study.report import significance
from compare_gan.study.report import statistics
import numpy as np
import pytest
from scipy import stats

from tests.study import examples
from tests.study import null
from tests.study.examples import norms
from tests.study.examples import row
from tests.study.examples import table

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


def _setting(costs, phase="fixed_sets", round=0, **cell):
  costs = tuple(np.atleast_1d(np.float64(costs)).tolist())
  return statistics.Setting(cell, {}, phase, round, 0, (), costs)


# ---- Settings ----------------------------------------------------------------


def test_value_of_a_setting_is_the_median_over_its_seeds():
  rows = [
    row(score, {"norm": "sn"}, {"lr": 1}, s)
    for s, score in enumerate([3.0, 9.0, 4.0])
  ]
  rows.append(row(7.0, {"norm": "sn"}, {"lr": 2}))
  first, second = statistics.settings(table(rows))
  assert (first.value, first.n, first.n_ok) == (4.0, 3, 3)
  assert (second.value, second.settings) == (7.0, {"lr": 2})


def test_failures_and_collapses_cost_infinity():
  rows = [
    row(3.0, seed=0),
    row(None, seed=1),
    row(1.0, seed=2, status="collapsed"),
    row(float("nan"), seed=3),
  ]
  [setting] = statistics.settings(table(rows))
  assert setting.costs == (3.0, math.inf, math.inf, math.inf)
  assert (setting.value, setting.n_ok, setting.n) == (math.inf, 1, 4)


def test_fresh_seeds_are_those_of_repeat_best():
  rows = [
    row(1.0, settings={"lr": 1}, seed=0),
    row(3.0, settings={"lr": 1}, seed=1, phase="repeat_best"),
    row(2.0, settings={"lr": 2}, seed=0, phase="repeat_best"),
  ]
  first, second = statistics.settings(table(rows))
  assert first.fresh == (3.0,)
  assert second.fresh == ()  # Nothing else was there to choose it.


def test_what_has_not_ended_or_was_refused_does_not_count():
  rows = [
    row(3.0),
    row(None, seed=1, status="running"),
    row(None, seed=2, status="waiting"),
    row(None, seed=3, status="refused"),
  ]
  [setting] = statistics.settings(table(rows))
  assert setting.costs == (3.0,)


def test_where_more_is_better_costs_are_negative():
  [setting] = statistics.settings(table([row(8.0)], minimize=False))
  assert setting.value == -8.0


def test_setting_belongs_to_its_first_phase():
  rows = [
    row(2.0, seed=1, phase="repeat_best", order=9),
    row(1.0, seed=0, phase="fixed_sets", order=1),
  ]
  [setting] = statistics.settings(table(rows))
  assert (setting.phase, setting.n) == ("fixed_sets", 2)


# ---- The best of many --------------------------------------------------------


def test_box_of_the_top_percent():
  box = statistics.top_percent(np.arange(100.0)[::-1], 5)
  assert (box.n_top, box.n, box.low, box.median, box.high) == (5, 100, 0, 2, 4)
  assert (box.quartile_1, box.quartile_3) == (1, 3)


@pytest.mark.parametrize("n,shown", [(1, 1), (20, 1), (21, 2), (3, 1)])
def test_box_shows_at_least_one_setting(n, shown):
  assert statistics.top_percent(np.arange(float(n)), 5).n_top == shown


def test_box_of_failures_is_infinite():
  assert statistics.top_percent([math.inf], 5).median == math.inf


def test_best_table_has_the_two_best_of_each_cell():
  found = statistics.best_table(
    [_setting(x, norm=norm) for norm in ("none", "sn") for x in (5, 3, 4)]
    + [_setting(1, norm="sn")]
  )
  assert [best.cell["norm"] for best in found] == ["sn", "none"]
  assert [[each.value for each in best.top] for best in found] == [
    [1, 3],
    [3, 4],
  ]
  assert [best.n for best in found] == [4, 3]


# ---- Budgets -----------------------------------------------------------------


def test_expected_best_of_uniform_scores_is_one_in_k_plus_one():
  # E[min of k of the numbers 1..n] = (n + 1) / (k + 1).
  n = 99
  costs = np.arange(1, n + 1) / (n + 1)
  ks = np.arange(1, n + 1)
  np.testing.assert_allclose(
    statistics.expected_best(costs, ks), 1 / (ks + 1), rtol=1e-12
  )


def test_expected_best_of_independent_uniform_draws_too():
  n = 100000
  costs = (np.arange(n) + 0.5) / n
  ks = np.array([1, 2, 5, 10, 100])
  np.testing.assert_allclose(
    statistics.expected_best_iid(costs, ks), 1 / (ks + 1), rtol=1e-3
  )


def test_expected_best_by_hand():
  # Pairs of {1, 2, 4}: minima 1, 1, 2; of nine ordered draws 1 x 5, 2 x 3, 4.
  np.testing.assert_allclose(
    statistics.expected_best([4, 1, 2], [1, 2, 3]), [7 / 3, 4 / 3, 1]
  )
  np.testing.assert_allclose(
    statistics.expected_best_iid([4, 1, 2], [1, 2]), [7 / 3, 15 / 9]
  )


def test_simulation_of_one_block_agrees_with_the_exact_curve():
  costs = np.random.RandomState(0).lognormal(size=12)
  mean, low, high = statistics.simulated_best([costs], draws=4000)
  exact = statistics.expected_best(costs, range(1, 13))
  np.testing.assert_allclose(mean, exact, atol=0.06)
  assert mean[-1] == pytest.approx(costs.min())
  assert (low <= mean + 1e-12).all() and (mean <= high + 1e-12).all()


def test_simulation_tries_one_block_after_the_other():
  mean, low, high = statistics.simulated_best([[5.0, 5.0], [1.0, 1.0]], 50)
  np.testing.assert_array_equal(mean, [5, 5, 1, 1])
  np.testing.assert_array_equal(low, high)


def test_blocks_are_phases_in_order_and_their_rounds():
  group = [
    _setting(1, "gp_bandit", 1),
    _setting(2, "gp_bandit", 0),
    _setting(math.inf, "fixed_sets"),
    _setting(4, "gp_bandit", 1),
  ]
  found = statistics.blocks(group, ["fixed_sets", "gp_bandit"], worst=9.0)
  assert [list(block) for block in found] == [[9], [2], [1, 4]]


def test_failures_count_as_the_worst_in_a_budget():
  group = [_setting(1), _setting(math.inf)]
  curve = statistics.budget_curve(group, ["fixed_sets"], worst=7.0)
  np.testing.assert_allclose(curve.exact, [4.0, 1.0])
  np.testing.assert_allclose(curve.iid, [4.0, 2.5])


def test_winners_by_budget():
  curves = {"sn": [3, 2, 2, 2], "ln": [9, 4, 1, 1, 1]}
  assert statistics.winners(curves) == [(1, 2, "sn"), (3, 4, "ln")]


def test_budgets_of_many_settings_are_some_of_them():
  ks = statistics.budgets(1000)
  assert ks[0] == 1 and ks[-1] == 1000 and len(ks) <= 80
  assert list(statistics.budgets(3)) == [1, 2, 3]


# ---- Effects -----------------------------------------------------------------


def _sides(found):
  return [(each.first, each.second) for each in found]


def test_settings_match_that_differ_in_one_axis():
  rows = [
    row(5.0, {"norm": "none", "penalty": "gp"}, {"lr": 1}, seed=0),
    row(3.0, {"norm": "sn", "penalty": "gp"}, {"lr": 1}, seed=0),
    row(9.0, {"norm": "none", "penalty": "gp"}, {"lr": 3}, seed=0),
    row(8.0, {"norm": "sn", "penalty": "gp"}, {"lr": 2}, seed=0),
    row(7.0, {"norm": "sn", "penalty": "none"}, {"lr": 3}, seed=0),
  ]
  found = statistics.matches(table(rows), "norm", "sn", "none")
  assert _sides(found) == [([[3.0]], [[5.0]])]
  assert found[0].cell == (("penalty", "gp"),)
  assert found[0].settings == (("lr", 1),)


def test_seeds_of_a_setting_need_not_match():
  rows = [
    row(5.0, {"norm": "none"}, {"lr": 1}, seed=0),
    row(3.0, {"norm": "sn"}, {"lr": 1}, seed=7),
    row(4.0, {"norm": "sn"}, {"lr": 1}, seed=8),
  ]
  found = statistics.matches(table(rows), "norm", "sn", "none")
  assert _sides(found) == [([[3.0], [4.0]], [[5.0]])]


def test_settings_that_one_side_lacks_are_passed_over_by_a_median():
  rows = [row(5.0, {"penalty": "none"}, {"lr": 1})]
  rows += [
    row(score, {"penalty": "gp"}, {"lr": 1, "lamba": lamba})
    for lamba, score in [(0.1, 1.0), (1, 3.0), (10, 4.0)]
  ]
  rows.append(row(2.0, {"penalty": "gp"}, {"lr": 2, "lamba": 1}))
  found = table(rows, axes={"penalty": ["gp", "none"]})
  assert _sides(statistics.matches(found, "penalty", "gp", "none")) == [
    ([[1.0, 3.0, 4.0]], [[5.0]])
  ]
  [compared] = statistics.comparisons(found, "penalty")
  assert compared.found.mean == 2.0
  assert compared.runs == (3, 1)


def test_settings_of_other_names_do_not_match():
  rows = [
    row(5.0, {"norm": "none"}, {"lr": 1, "beta1": 0}),
    row(5.0, {"norm": "sn"}, {"lr": 1, "beta2": 0}),
  ]
  assert not statistics.matches(table(rows), "norm", "none", "sn")


def test_known_effect_comes_out():
  base = np.random.RandomState(0).lognormal(3, 1, 12)
  gain = np.tile([2.9, 3.1, 3.0], 4)
  found = null.table((base + gain)[:, None], base[:, None])
  [compared] = statistics.comparisons(found, "norm")
  assert (compared.first, compared.second) == ("none", "sn")
  assert compared.found.mean == pytest.approx(-3.0)
  low, high = compared.found.interval
  assert low < -3.0 < high < 0.0
  assert compared.found.p == pytest.approx(2 / 2**12)
  assert (compared.found.n, compared.found.unit) == (12, "settings")
  assert compared.shown


def test_seeds_are_averaged_and_are_no_pairs():
  # Six settings of which five gain 1, whatever their seeds do.
  first = [[3.0, 5.0, 7.0]] * 6
  second = [[4.0, 6.0, 8.0]] * 5 + [[2.0, 4.0, 3.0]]
  [compared] = statistics.comparisons(null.table(first, second), "norm")
  assert compared.found.p == pytest.approx(wilcoxon([1, 1, 1, 1, 1, -2]))
  assert compared.found.better == (5, 1) and compared.found.seeds == (3, 3)
  assert not compared.shown


def wilcoxon(x):
  return significance.wilcoxon(x)[0]


def test_where_more_is_better_the_sign_turns():
  found = norms([1.0, 1.0], [3.0, 4.0], minimize=False)
  [compared] = statistics.comparisons(found, "norm")
  assert compared.found.mean == -2.5  # "none" is worse


def test_failures_cost_the_worst_value_of_both():
  first = [[math.inf, 4.0], [5.0, 5.0], [math.inf, math.inf]]
  second = [[1.0, 3.0], [9.0, 3.0], [math.inf, math.inf]]
  [compared] = statistics.comparisons(null.table(first, second), "norm")
  # 9 in place of the failure: 6.5 and 5 beside 2 and 6.
  assert compared.found.mean == (2.0 - 6.5 + 6.0 - 5.0) / 2
  assert compared.worst == 9.0
  assert compared.failed == (3, 2) and compared.runs == (6, 6)
  assert compared.n_dropped == 1 and compared.found.n == 2
  assert compared.survivors == (2.0 - 4.0 + 6.0 - 5.0) / 2


def test_values_that_only_fail_are_not_compared():
  found = norms([None, None], [None, None])
  assert statistics.comparisons(found, "norm") == []


def test_family_of_holm_is_the_whole_report():
  random = np.random.RandomState(0)
  rows = [
    row(random.normal(), {"norm": norm, "penalty": penalty}, {"lr": lr})
    for norm in ("none", "sn", "ln")
    for penalty in ("none", "gp")
    for lr in range(4)
  ]
  axes = {"norm": ["none", "sn", "ln"], "penalty": ["none", "gp"]}
  found = statistics.all_comparisons(table(rows, axes=axes))
  family = found["norm"] + found["penalty"]
  assert {each.n_tests for each in family} == {4} and len(family) == 4
  np.testing.assert_allclose(
    [each.p_holm for each in family],
    significance.holm([each.found.p for each in family]),
  )
  assert statistics.comparisons(table(rows, axes=axes), "norm") == found["norm"]


def test_too_few_settings_are_outside_the_family():
  rows = [
    row(float(i), {"norm": norm, "penalty": penalty}, {"lr": lr})
    for i, (norm, penalty, lr) in enumerate(
      [(norm, "none", lr) for norm in ("none", "sn") for lr in range(6)]
      + [("none", "gp", lr) for lr in range(5)]
    )
  ]
  found = statistics.all_comparisons(table(rows))
  assert [each.tested for each in found["norm"]] == [True]
  [few] = found["penalty"]
  assert not few.tested and few.n_tests == 1 and math.isnan(few.p_holm)
  assert not few.shown


def test_median_best_has_an_interval_where_settings_are_independent():
  costs = np.random.RandomState(0).rand(24)

  def curve(phase):
    group = [_setting(cost, phase) for cost in costs]
    return statistics.budget_curve(group, [phase], worst=1.0)

  drawn = curve("random_search")
  assert drawn.last == 4
  low, high = significance.median_best(costs, 4)[:2]
  assert (drawn.median_low[3], drawn.median_high[3]) == (low, high)
  assert np.isnan(drawn.median_high[4:]).all()
  searched = curve("gp_bandit")
  assert searched.last == 0 and np.isnan(searched.median_low).all()


def test_budgets_of_equal_values_seldom_differ():
  random = np.random.RandomState(0)
  ps = [
    statistics.budget_test([random.lognormal(size=12) for _ in "ab"], 2)
    for _ in range(200)
  ]
  assert np.sum(np.less(ps, 0.05)) <= 20  # Binomial(200, .05): .1 % above
  assert (
    statistics.budget_test([np.arange(12.0), np.arange(12) + 9.0], 2) < 0.01
  )


# ---- Tables ------------------------------------------------------------------


def test_interaction_is_a_median_for_each_pair_of_values():
  values = {"norm": ["none", "sn"], "penalty": ["none", "gp"]}
  group = [
    _setting(1, norm="none", penalty="none"),
    _setting(2, norm="none", penalty="none"),
    _setting(6, norm="none", penalty="none"),
    _setting(5, norm="sn", penalty="gp"),
  ]
  medians, counts = statistics.interaction(group, "norm", "penalty", values)
  np.testing.assert_array_equal(medians, [[2, np.nan], [np.nan, 5]])
  np.testing.assert_array_equal(counts, [[3, 0], [0, 1]])


def test_rank_correlation_is_spearmans():
  random = np.random.RandomState(0)
  scores = np.round(random.normal(size=[3, 30]), 1)  # with ties
  scores[1] += scores[0]
  found, counts = statistics.rank_correlation(scores)
  np.testing.assert_allclose(found, stats.spearmanr(scores.T)[0])
  assert (counts == 30).all()


def test_rank_correlation_leaves_out_what_is_missing():
  nan = math.nan
  found, counts = statistics.rank_correlation(
    [[1, 2, 3, nan], [9, 4, 1, 2], [nan, 1, 2, nan], [5, 5, 5, 5]]
  )
  assert found[0, 1] == -1.0 and counts[0, 1] == 3
  assert math.isnan(found[0, 2]) and counts[0, 2] == 2
  assert math.isnan(found[1, 3])


def test_stability():
  found = statistics.stability(
    [_setting([1, 2, 3]), _setting([5, 9, math.inf]), _setting([math.inf])]
  )
  assert (found.n, found.n_failed) == (7, 2)
  assert found.failed_share == pytest.approx(2 / 7)
  assert found.seed_iqr == 1.5  # of 1 and 2
  assert found.setting_iqr == 3.5  # between the medians 2 and 9


def test_summary_has_all_axes_and_pairs_of_axes():
  rows = [
    row(score, {"norm": norm, "penalty": penalty})
    for score, norm, penalty in [
      (1.0, "none", "none"),
      (2.0, "none", "gp"),
      (4.0, "sn", "none"),
      (None, "sn", "gp"),
    ]
  ]
  found = statistics.summary(table(rows))
  assert set(found.boxes) == set(found.curves) == set(examples.STUDY["axes"])
  assert list(found.interactions) == [("norm", "penalty")]
  assert found.worst == 4.0
  assert found.comparisons["norm"][0].found.n == 2
