"""Intervals and tests: by hand, by simulation, and beside recorded numbers.

statistics.json holds what scipy, statsmodels and rliable say of costs that are
written out in it ([settings][seeds]; null for a failure).
"""

import json
import math
import pathlib

from compare_gan.study.report import significance
import numpy as np
import pytest
from scipy import stats

from tests.study import null

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")

_RECORDED = json.loads(
  pathlib.Path(__file__).with_name("statistics.json").read_text()
)


def _cases(kind):
  found = [each for each in _RECORDED["cases"] if each["kind"] == kind]
  return pytest.mark.parametrize("case", found, ids=range(len(found)))


def _close(found, expected):
  np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def _costs(side):
  """Returns recorded costs, infinite where a training failed."""
  return [[math.inf if x is None else x for x in seeds] for seeds in side]


def _agree(found):
  """Whether an interval leaves out 0 exactly if p is below the level."""
  if math.isnan(found.low):
    return found.p >= significance.LEVEL
  outside = found.low > 0 or found.high < 0
  return outside == (found.p < significance.LEVEL)


# ---- Recorded numbers --------------------------------------------------------


@_cases("matched_settings")
def test_matched_settings(case):
  values = case["values"]
  found = significance.compare(case["cost_a"], case["cost_b"])
  _close(found.mean, values["mean"])
  _close(found.t, values["t_interval_95"])
  _close(
    found.probability,
    np.mean(values["probability_that_a_is_better_by_setting"]),
  )
  _close(found.p_probability, values["signflip_of_probability_exact_p"])
  if "sigma2_of_a_run" in values:
    _close(found.sigma**2, values["sigma2_of_a_run"])
    _close(found.tau**2, values["tau2_of_difference"])
  if found.n >= 6:
    _close(found.p, values["wilcoxon_exact_p"])
    _close(found.estimate, values["hodges_lehmann"])
    _close(found.interval, values["hodges_lehmann_interval_95"])
  else:
    _close(found.p, values["t_p"])
    _close(found.estimate, values["mean"])
    _close(found.interval, values["t_interval_95"])


@_cases("matched_settings")
def test_sign_flip_of_the_mean(case):
  values = case["values"]
  _close(
    significance.sign_flip(values["differences_of_means"]),
    values["signflip_of_mean_exact_p"],
  )


@_cases("one_setting")
def test_one_setting(case):
  values = case["values"]
  a, b = (
    case[f"cost_{side}"] + [math.inf] * case[f"failed_{side}"]
    for side in ("a", "b")
  )
  _close(significance.mann_whitney(a, b).p, values["rank_permutation_exact_p"])
  worst = significance.worst_of([a], [b])
  finite = (significance.with_worst([side], worst) for side in (a, b))
  found = significance.compare(*finite, ([a], [b]))
  _close(found.probability, values["probability_that_a_is_better"])
  _close(found.smallest_p, values["smallest_p_possible"])
  if "welch_p" in values:
    _close(significance.welch(a, b).p, values["welch_p"])
    # scipy 1.10 has quantiles of t with fractional degrees to 9 digits.
    np.testing.assert_allclose(found.t, values["welch_interval_95"], rtol=1e-8)


@_cases("differences_with_ties_and_zeros")
def test_ties_and_zeros(case):
  values, x = case["values"], case["differences"]
  p, n = significance.wilcoxon(x)
  _close(p, values["wilcoxon_exact_p"])
  assert n == values["n_nonzero"]
  _close(significance.sign_flip(x), values["signflip_of_mean_exact_p"])


@_cases("failures")
def test_failures_cost_the_worst_value(case):
  values = case["values"]
  sides = _costs(case["cost_a"]), _costs(case["cost_b"])
  worst = significance.worst_of(*sides)
  assert worst == values["worst_finite"]
  finite = [significance.with_worst(side, worst) for side in sides]
  found = significance.compare(*finite, sides)
  _close(found.p, values["wilcoxon_exact_p"])
  _close(found.mean, values["mean"])
  _close(
    found.probability,
    np.mean(values["probability_that_a_is_better_by_setting"]),
  )
  _close(found.p_probability, values["signflip_of_probability_exact_p"])
  shares = [
    [(sum(map(math.isinf, seeds)), len(seeds)) for seeds in side]
    for side in sides
  ]
  _close(
    significance.compare_shares(*shares),
    values["failures_signflip_of_share_exact_p"],
  )


@_cases("holm")
def test_holm(case):
  _close(significance.holm(case["p"]), case["values"]["adjusted"])


@_cases("best_of_k")
def test_median_best_of_k(case):
  n = len(case["costs"])
  for recorded in case["values"]["by_k"]:
    k = recorded["k"]
    found = significance.median_best(case["costs"], k)
    assert found.rank_low == recorded["rank_low"]
    assert found.rank_high == recorded["rank_high"]
    low, high = recorded["interval_95_of_median_best"]
    assert found.low == (-math.inf if low is None else low)
    assert found.high == high
    assert (k <= significance.last_budget(n)) == (low is not None)


@_cases("normal_approximation_of_settings_needed")
def test_settings_needed_are_two_more_than_a_normal_mean_needs(case):
  for each in case["values"]:
    found = significance.settings_needed(
      each["delta"],
      each["tau"],
      each["sigma"],
      each["seeds"],
      each["m_tests"],
      each["power"],
    )
    least = significance.least_settings(each["m_tests"])
    assert max(found - 2, least) == each["settings"]


# ---- By hand, and beside scipy -----------------------------------------------


def test_t_interval_is_students():
  x = [1.0, 2.0, 4.0, 4.5, 7.0]
  low, high = significance.t_interval(x)
  half = 2.7764451 * np.std(x, ddof=1) / math.sqrt(5)
  np.testing.assert_allclose([low, high], [3.7 - half, 3.7 + half], rtol=1e-6)
  assert math.isnan(significance.t_interval([1.0])[0])


def test_t_of_equal_differences():
  assert significance.t_test([0.0, 0.0]).p == 1.0
  assert significance.t_test([2.0, 2.0])[:3] == (2.0, 2.0, 2.0)


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


def test_hodges_lehmann_by_hand():
  # Of six, the interval leaves out no Walsh average: p = 2 / 64 at most.
  found = significance.signed_rank([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
  assert found == (3.5, 1.0, 6.0, 1 / 32)
  assert math.isnan(significance.signed_rank([1.0, 2.0, 3.0]).low)


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
      significance.signed_rank(x[0]),
      significance.t_test(x[0]),
      significance.mann_whitney(*x - [[1.0], [0.0]]),
      significance.welch(x[0], x[1][:2]),
    ]
    assert all(map(_agree, found)), x
    claims += sum(each.p < significance.LEVEL for each in found)
  assert 200 < claims < 2000  # Both cases were seen.


def test_intervals_of_many_agree_with_the_normal_approximation():
  random = np.random.RandomState(0)
  for shift in np.linspace(0.0, 0.4, 30):
    x = random.normal(shift, 1.0, [2, 120])
    assert _agree(significance.signed_rank(x[0]))
    assert _agree(significance.mann_whitney(x[0] - 0.2, x[1]))


def test_many_signs_are_flipped_at_random():
  x = np.random.RandomState(0).normal(0.4, 1.0, 20)
  t = x.mean() / x.std(ddof=1) * math.sqrt(20)
  assert significance.sign_flip(x) == pytest.approx(
    2 * stats.t.sf(t, 19), abs=0.01
  )
  assert significance.sign_flip(np.full(20, 1.0)) == 1 / 10001


def test_smallest_p():
  assert significance.smallest_p(4) == significance.wilcoxon([1, 2, 3, 4])[0]
  assert significance.smallest_p(0) == 1.0
  assert significance.smallest_p_of_seeds(3, 3) == pytest.approx(0.1)
  found = significance.mann_whitney([1, 2, 3, 4], [5, 6, 7, 8]).p
  assert significance.smallest_p_of_seeds(4, 4) == pytest.approx(found)


@pytest.mark.parametrize(
  "tests,settings,seeds",
  [(0, 6, 4), (1, 6, 4), (3, 7, 5), (6, 8, 5), (10, 9, 6), (20, 10, 6)]
  + [(45, 11, 7), (60, 12, 7)],
)
def test_least_numbers_for_a_claim(tests, settings, seeds):
  assert significance.least_settings(tests) == settings
  assert significance.least_seeds(tests) == seeds


def test_holm_by_hand():
  np.testing.assert_allclose(
    significance.holm([0.01, 0.04, 0.03, 0.5]), [0.04, 0.09, 0.09, 0.5]
  )
  np.testing.assert_allclose(significance.holm([0.6, 0.6]), [1.0, 1.0])
  assert len(significance.holm([])) == 0


@pytest.mark.parametrize(
  "settings,seeds,unit,test",
  [
    (1, (1, 3), "seeds", significance.NO_TEST),
    (1, (3, 3), "seeds", significance.MANN_WHITNEY),
    (1, (3, 4), "seeds", significance.WELCH),
    (2, (9, 9), "settings", significance.T),
    (5, (3, 1), "settings", significance.T),
    (6, (1, 1), "settings", significance.WILCOXON),
    (101, (1, 1), "settings", significance.WILCOXON_NORMAL),
  ],
)
def test_the_test_follows_from_the_numbers(settings, seeds, unit, test):
  random = np.random.RandomState(0)
  a, b = (random.normal(size=[settings, n]).tolist() for n in seeds)
  found = significance.compare(a, b)
  assert (found.unit, found.test, found.n) == (unit, test, settings)
  assert found.seeds == (min(seeds), max(seeds))


@pytest.mark.parametrize(
  "settings,seeds,testable",
  [(1, 3, False), (1, 4, True), (2, 50, False), (5, 50, False), (6, 1, True)],
)
def test_few_settings_allow_no_claim(settings, seeds, testable):
  a = np.arange(settings * seeds).reshape(settings, seeds) / 1e3
  assert significance.compare(a, a + 99.0).testable == testable


def test_a_failure_is_a_cost_and_never_dropped():
  a, b = [[math.inf, 1.0], [3.0, 4.0]], [[2.0, 1.0], [3.0, 5.0]]
  assert significance.worst_of(a, b) == 5.0
  assert significance.with_worst(a, 5.0) == [[5.0, 1.0], [3.0, 4.0]]
  nothing = [[math.inf]]
  assert math.isnan(significance.worst_of(nothing))
  assert significance.with_worst(nothing, math.nan) == [[0.0]]


def test_shares_of_failures():
  # Settings of 4 runs: 1, 1, .. more of them fail on one side.
  found = significance.compare_shares([(0, 4)] * 6, [(1, 4)] * 6)
  assert found == pytest.approx(1 / 32)
  found = significance.compare_shares([(0, 5)], [(5, 5)])
  assert found == pytest.approx(2 / 252)  # Fisher: one of C(10, 5) ways, twice


# ---- Studies without a difference --------------------------------------------

# Of 300 studies 5 % are 15; Binomial(300, .05) exceeds 27 in .2 % of cases.
_FEW = dict(count=300, most=27)
_MANY = dict(count=1000, most=74)  # 3.5 standard deviations above 5 %


def _rejected(count, n, seeds, tau, kind):
  studies = null.studies(count, n, seeds, tau, kind=kind, seed=n * 100 + seeds)
  return sum(
    significance.compare(a.tolist(), b.tolist()).p < significance.LEVEL
    for a, b in studies
  )


@pytest.mark.parametrize(
  "n,seeds", [(1, 6), (2, 5), (4, 2), (6, 5), (8, 10), (12, 5), (24, 1)]
)
def test_tests_hold_their_level(n, seeds):
  tau = 0.0 if n == 1 else 2.0
  count, most = _FEW["count"], _FEW["most"]
  assert _rejected(count, n, seeds, tau, "normal") <= most


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [1, 2, 3, 5, 10])
@pytest.mark.parametrize("n", [2, 3, 4, 5, 6, 8, 12, 24])
@pytest.mark.parametrize(
  "kind,tau", [("normal", 0.0), ("normal", 1.0), ("skewed", 1.0)]
)
def test_tests_hold_their_level_everywhere(n, seeds, kind, tau):
  count, most = _MANY["count"], _MANY["most"]
  assert _rejected(count, n, seeds, tau, kind) <= most


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [2, 3, 4, 5, 6, 8, 10, 20])
@pytest.mark.parametrize("kind", ["normal", "skewed"])
def test_tests_of_seeds_hold_their_level(seeds, kind):
  count, most = _MANY["count"], _MANY["most"]
  assert _rejected(count, 1, seeds, 0.0, kind) <= most


# (delta, tau, settings, seeds): the share of studies that find it, for sigma 1.
_POWER = {
  (0.5, 0.5, 24, 5): 0.81,
  (1.0, 0.0, 8, 3): 0.77,
  (1.0, 0.5, 6, 5): 0.52,
  (1.0, 0.5, 8, 3): 0.65,
  (1.0, 0.5, 12, 3): 0.89,
  (1.0, 0.5, 24, 1): 0.85,
  (1.0, 1.0, 12, 5): 0.72,
  (2.0, 1.0, 8, 3): 0.94,
}


def _found(count, delta, tau, n, seeds):
  studies = null.studies(count, n, seeds, tau, delta)
  found = (significance.compare(a.tolist(), b.tolist()) for a, b in studies)
  return np.mean([each.p < 0.05 and each.estimate > 0 for each in found])


def test_one_standard_deviation_is_found():
  assert _found(200, 1.0, 0.5, 12, 3) == pytest.approx(0.89, abs=0.07)


@pytest.mark.slow
@pytest.mark.parametrize("design", list(_POWER))
def test_differences_are_found_with_the_power_expected(design):
  delta, tau, n, seeds = design
  found = _found(1500, delta, tau, n, seeds)
  assert found == pytest.approx(_POWER[design], abs=0.045)


@pytest.mark.slow
@pytest.mark.parametrize(
  "delta,seeds,power", [(1, 10, 0.56), (1, 20, 0.86), (2, 8, 0.95)]
)
def test_differences_at_one_setting_are_found(delta, seeds, power):
  found = _found(1500, delta, 0.0, 1, seeds)
  assert found == pytest.approx(power, abs=0.06)  # Welch's; ranks lose a little


@pytest.mark.slow
def test_so_many_settings_as_are_needed_find_it():
  n = significance.settings_needed(1.0, 0.5, 1.0, seeds=3)
  assert n == 10 and _found(1500, 1.0, 0.5, n, 3) > 0.76


@pytest.mark.parametrize(
  "count", [400, pytest.param(4000, marks=pytest.mark.slow)]
)
def test_median_best_is_covered(count):
  random = np.random.RandomState(0)
  for n, k in [(24, 1), (24, 4), (60, 11)]:
    # Costs uniform: the median best of k is the quantile itself.
    truth = 1 - 0.5 ** (1 / k)
    found = (significance.median_best(random.rand(n), k) for _ in range(count))
    covered = np.mean([each.low <= truth <= each.high for each in found])
    assert covered > 0.95 - 1.5 / math.sqrt(count) * 0.5
    assert covered < 1.0


def test_swapped_labels_hold_their_level():
  random = np.random.RandomState(0)

  def distance(groups):
    return np.abs(groups[0].min(-1) - groups[1].min(-1))

  ps = [
    significance.permuted(list(random.rand(2, 10)), distance, 99)
    for _ in range(200)
  ]
  assert np.mean(np.less(ps, 0.05)) < 0.1
  apart = [np.arange(5.0), np.arange(5.0) + 9]
  assert significance.permuted(apart, distance, 999) < 0.02
