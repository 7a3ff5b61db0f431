"""Differences of two values: by hand, simulated, beside recorded numbers."""

import math

from compare_gan.study.report.statistics import difference
from compare_gan.study.report.statistics import rank_tests
from compare_gan.study.report.statistics import significance
from compare_gan.study.report.statistics import t_tests
import numpy as np
import pytest

from tests.study import null
from tests.study.report.statistics import recorded

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")

# Of 300 studies 5 % are 15; Binomial(300, .05) exceeds 27 in .2 % of cases.
_FEW = dict(count=300, most=27)
_MANY = dict(count=1000, most=74)  # 3.5 standard deviations above 5 %


def _rejected(count, n, seeds, tau, kind):
  studies = null.studies(count, n, seeds, tau, kind=kind, seed=n * 100 + seeds)
  return sum(
    difference.compare(a.tolist(), b.tolist()).p < significance.LEVEL
    for a, b in studies
  )


@recorded.cases("matched_settings")
def test_matched_settings(case):
  values = case["values"]
  found = difference.compare(case["cost_a"], case["cost_b"])
  recorded.require_close(found.mean, values["mean"])
  recorded.require_close(found.t, values["t_interval_95"])
  recorded.require_close(
    found.probability,
    np.mean(values["probability_that_a_is_better_by_setting"]),
  )
  recorded.require_close(
    found.p_probability, values["signflip_of_probability_exact_p"]
  )
  if "sigma2_of_a_run" in values:
    recorded.require_close(found.sigma**2, values["sigma2_of_a_run"])
    recorded.require_close(found.tau**2, values["tau2_of_difference"])
  if found.n >= 6:
    recorded.require_close(found.p, values["wilcoxon_exact_p"])
    recorded.require_close(found.estimate, values["hodges_lehmann"])
    recorded.require_close(found.interval, values["hodges_lehmann_interval_95"])
  else:
    recorded.require_close(found.p, values["t_p"])
    recorded.require_close(found.estimate, values["mean"])
    recorded.require_close(found.interval, values["t_interval_95"])


@recorded.cases("one_setting")
def test_one_setting(case):
  values = case["values"]
  a, b = (
    case[f"cost_{side}"] + [math.inf] * case[f"failed_{side}"]
    for side in ("a", "b")
  )
  recorded.require_close(
    rank_tests.mann_whitney(a, b).p, values["rank_permutation_exact_p"]
  )
  worst = difference.worst_of([a], [b])
  finite = (difference.failures_as_worst([side], worst) for side in (a, b))
  found = difference.compare(*finite, ([a], [b]))
  recorded.require_close(
    found.probability, values["probability_that_a_is_better"]
  )
  recorded.require_close(found.smallest_p, values["smallest_p_possible"])
  if "welch_p" in values:
    recorded.require_close(t_tests.welch(a, b).p, values["welch_p"])
    # scipy 1.10 has quantiles of t with fractional degrees to 9 digits.
    np.testing.assert_allclose(found.t, values["welch_interval_95"], rtol=1e-8)


@recorded.cases("failures")
def test_failures_cost_the_worst_value(case):
  values = case["values"]
  sides = recorded.costs_of(case["cost_a"]), recorded.costs_of(case["cost_b"])
  worst = difference.worst_of(*sides)
  assert worst == values["worst_finite"]
  finite = [difference.failures_as_worst(side, worst) for side in sides]
  found = difference.compare(*finite, sides)
  recorded.require_close(found.p, values["wilcoxon_exact_p"])
  recorded.require_close(found.mean, values["mean"])
  recorded.require_close(
    found.probability,
    np.mean(values["probability_that_a_is_better_by_setting"]),
  )
  recorded.require_close(
    found.p_probability, values["signflip_of_probability_exact_p"]
  )
  shares = [
    [(sum(map(math.isinf, seeds)), len(seeds)) for seeds in side]
    for side in sides
  ]
  recorded.require_close(
    difference.compare_shares(*shares),
    values["failures_signflip_of_share_exact_p"],
  )


@pytest.mark.parametrize(
  "settings,seeds,unit,test",
  [
    (1, (1, 3), "seeds", difference.NO_TEST),
    (1, (3, 3), "seeds", difference.MANN_WHITNEY),
    (1, (3, 4), "seeds", difference.WELCH),
    (2, (9, 9), "settings", difference.T),
    (5, (3, 1), "settings", difference.T),
    (6, (1, 1), "settings", difference.WILCOXON),
    (101, (1, 1), "settings", difference.WILCOXON_NORMAL),
  ],
)
def test_the_test_follows_from_the_numbers(settings, seeds, unit, test):
  random = np.random.RandomState(0)
  a, b = (random.normal(size=[settings, n]).tolist() for n in seeds)
  found = difference.compare(a, b)
  assert (found.unit, found.test, found.n) == (unit, test, settings)
  assert found.seeds == (min(seeds), max(seeds))


@pytest.mark.parametrize(
  "settings,seeds,testable",
  [(1, 3, False), (1, 4, True), (2, 50, False), (5, 50, False), (6, 1, True)],
)
def test_few_settings_allow_no_claim(settings, seeds, testable):
  a = np.arange(settings * seeds).reshape(settings, seeds) / 1e3
  assert difference.compare(a, a + 99.0).testable == testable


def test_a_failure_is_a_cost_and_never_dropped():
  a, b = [[math.inf, 1.0], [3.0, 4.0]], [[2.0, 1.0], [3.0, 5.0]]
  assert difference.worst_of(a, b) == 5.0
  assert difference.failures_as_worst(a, 5.0) == [[5.0, 1.0], [3.0, 4.0]]
  nothing = [[math.inf]]
  assert math.isnan(difference.worst_of(nothing))
  assert difference.failures_as_worst(nothing, math.nan) == [[0.0]]


def test_shares_of_failures():
  # Settings of 4 runs: 1, 1, .. more of them fail on one side.
  found = difference.compare_shares([(0, 4)] * 6, [(1, 4)] * 6)
  assert found == pytest.approx(1 / 32)
  found = difference.compare_shares([(0, 5)], [(5, 5)])
  assert found == pytest.approx(2 / 252)  # Fisher: one of C(10, 5) ways, twice


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
