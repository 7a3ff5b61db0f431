"""Comparisons of two values, on tables whose effects are known."""

import math

from compare_gan.study.report.statistics import comparisons as comparisons_lib
from compare_gan.study.report.statistics import rank_tests
from compare_gan.study.report.statistics import significance
import numpy as np
import pytest

from tests.study import null
from tests.study.examples import norms
from tests.study.examples import row
from tests.study.examples import table

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


def _sides(found):
  return [(each.first, each.second) for each in found]


def _comparisons(found, axis):
  return comparisons_lib.all_comparisons(found)[axis]


def test_settings_match_that_differ_in_one_axis():
  rows = [
    row(5.0, {"norm": "none", "penalty": "gp"}, {"lr": 1}, seed=0),
    row(3.0, {"norm": "sn", "penalty": "gp"}, {"lr": 1}, seed=0),
    row(9.0, {"norm": "none", "penalty": "gp"}, {"lr": 3}, seed=0),
    row(8.0, {"norm": "sn", "penalty": "gp"}, {"lr": 2}, seed=0),
    row(7.0, {"norm": "sn", "penalty": "none"}, {"lr": 3}, seed=0),
  ]
  found = comparisons_lib.matches(table(rows), "norm", "sn", "none")
  assert _sides(found) == [([[3.0]], [[5.0]])]
  assert found[0].cell == (("penalty", "gp"),)
  assert found[0].settings == (("lr", 1),)


def test_seeds_of_a_setting_need_not_match():
  rows = [
    row(5.0, {"norm": "none"}, {"lr": 1}, seed=0),
    row(3.0, {"norm": "sn"}, {"lr": 1}, seed=7),
    row(4.0, {"norm": "sn"}, {"lr": 1}, seed=8),
  ]
  found = comparisons_lib.matches(table(rows), "norm", "sn", "none")
  assert _sides(found) == [([[3.0], [4.0]], [[5.0]])]


def test_settings_that_one_side_lacks_are_passed_over_by_a_median():
  rows = [row(5.0, {"penalty": "none"}, {"lr": 1})]
  rows += [
    row(score, {"penalty": "gp"}, {"lr": 1, "lamba": lamba})
    for lamba, score in [(0.1, 1.0), (1, 3.0), (10, 4.0)]
  ]
  rows.append(row(2.0, {"penalty": "gp"}, {"lr": 2, "lamba": 1}))
  found = table(rows, axes={"penalty": ["gp", "none"]})
  assert _sides(comparisons_lib.matches(found, "penalty", "gp", "none")) == [
    ([[1.0, 3.0, 4.0]], [[5.0]])
  ]
  [compared] = _comparisons(found, "penalty")
  assert compared.found.mean == 2.0
  assert compared.runs == (3, 1)


def test_values_are_compared_with_the_baseline_only():
  rows = [
    row(score, {"penalty": penalty}, {"lr": lr})
    for penalty, score in (("none", 5.0), ("gp", 3.0), ("r1", 2.0))
    for lr in range(6)
  ]
  axes = {"penalty": ["none", "gp", "r1"]}
  all_pairs = _comparisons(table(rows, axes=axes), "penalty")
  against = _comparisons(
    table(rows, axes=axes, baselines={"penalty": "none"}), "penalty"
  )
  assert [each.n_tests for each in all_pairs] == [3, 3, 3]
  assert [(each.first, each.second) for each in against] == [
    ("gp", "none"),
    ("r1", "none"),
  ]
  assert [each.n_tests for each in against] == [2, 2]
  assert [each.found.mean for each in against] == [2.0, 3.0]


def test_settings_of_other_names_do_not_match():
  rows = [
    row(5.0, {"norm": "none"}, {"lr": 1, "beta1": 0}),
    row(5.0, {"norm": "sn"}, {"lr": 1, "beta2": 0}),
  ]
  assert not comparisons_lib.matches(table(rows), "norm", "none", "sn")


def test_known_effect_comes_out():
  base = np.random.RandomState(0).lognormal(3, 1, 12)
  gain = np.tile([2.9, 3.1, 3.0], 4)
  found = null.table((base + gain)[:, None], base[:, None])
  [compared] = _comparisons(found, "norm")
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
  [compared] = _comparisons(null.table(first, second), "norm")
  assert compared.found.p == pytest.approx(wilcoxon([1, 1, 1, 1, 1, -2]))
  assert compared.found.better == (5, 1) and compared.found.seeds == (3, 3)
  assert not compared.shown


def wilcoxon(x):
  return rank_tests.wilcoxon(x)[0]


def test_where_more_is_better_the_sign_turns():
  found = norms([1.0, 1.0], [3.0, 4.0], minimize=False)
  [compared] = _comparisons(found, "norm")
  assert compared.found.mean == -2.5  # "none" is worse


def test_failures_cost_the_worst_value_of_both():
  first = [[math.inf, 4.0], [5.0, 5.0], [math.inf, math.inf]]
  second = [[1.0, 3.0], [9.0, 3.0], [math.inf, math.inf]]
  [compared] = _comparisons(null.table(first, second), "norm")
  # 9 in place of the failure: 6.5 and 5 beside 2 and 6.
  assert compared.found.mean == (2.0 - 6.5 + 6.0 - 5.0) / 2
  assert compared.worst == 9.0
  assert compared.failed == (3, 2) and compared.runs == (6, 6)
  assert compared.n_dropped == 1 and compared.found.n == 2
  assert compared.survivors == (2.0 - 4.0 + 6.0 - 5.0) / 2


def test_values_that_only_fail_are_not_compared():
  found = norms([None, None], [None, None])
  assert _comparisons(found, "norm") == []


def test_family_of_holm_is_the_whole_report():
  random = np.random.RandomState(0)
  rows = [
    row(random.normal(), {"norm": norm, "penalty": penalty}, {"lr": lr})
    for norm in ("none", "sn", "ln")
    for penalty in ("none", "gp")
    for lr in range(4)
  ]
  axes = {"norm": ["none", "sn", "ln"], "penalty": ["none", "gp"]}
  found = comparisons_lib.all_comparisons(table(rows, axes=axes))
  family = found["norm"] + found["penalty"]
  assert {each.n_tests for each in family} == {4} and len(family) == 4
  np.testing.assert_allclose(
    [each.p_holm for each in family],
    significance.holm([each.found.p for each in family]),
  )


def test_too_few_settings_are_outside_the_family():
  rows = [
    row(float(i), {"norm": norm, "penalty": penalty}, {"lr": lr})
    for i, (norm, penalty, lr) in enumerate(
      [(norm, "none", lr) for norm in ("none", "sn") for lr in range(6)]
      + [("none", "gp", lr) for lr in range(5)]
    )
  ]
  found = comparisons_lib.all_comparisons(table(rows))
  assert [each.tested for each in found["norm"]] == [True]
  [few] = found["penalty"]
  assert not few.tested and few.n_tests == 1 and math.isnan(few.p_holm)
  assert not few.shown
