"""How many settings and seeds are needed: by hand and by simulation."""

from compare_gan.study.report.statistics import difference
from compare_gan.study.report.statistics import rank_tests
from compare_gan.study.report.statistics import sample_size
import numpy as np
import pytest

from tests.study import null
from tests.study.report.statistics import recorded

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")

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
  found = (difference.compare(a.tolist(), b.tolist()) for a, b in studies)
  return np.mean([each.p < 0.05 and each.estimate > 0 for each in found])


def test_smallest_p():
  assert sample_size.smallest_p(4) == rank_tests.wilcoxon([1, 2, 3, 4])[0]
  assert sample_size.smallest_p(0) == 1.0
  assert sample_size.smallest_p_of_seeds(3, 3) == pytest.approx(0.1)
  found = rank_tests.mann_whitney([1, 2, 3, 4], [5, 6, 7, 8]).p
  assert sample_size.smallest_p_of_seeds(4, 4) == pytest.approx(found)


@pytest.mark.parametrize(
  "tests,settings,seeds",
  [(0, 6, 4), (1, 6, 4), (3, 7, 5), (6, 8, 5), (10, 9, 6), (20, 10, 6)]
  + [(45, 11, 7), (60, 12, 7)],
)
def test_least_numbers_for_a_claim(tests, settings, seeds):
  assert sample_size.least_settings(tests) == settings
  assert sample_size.least_seeds(tests) == seeds


@recorded.cases("normal_approximation_of_settings_needed")
def test_settings_needed_are_two_more_than_a_normal_mean_needs(case):
  for each in case["values"]:
    found = sample_size.settings_needed(
      each["delta"],
      each["tau"],
      each["sigma"],
      each["seeds"],
      each["m_tests"],
      each["power"],
    )
    least = sample_size.least_settings(each["m_tests"])
    assert max(found - 2, least) == each["settings"]


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
  n = sample_size.settings_needed(1.0, 0.5, 1.0, seeds=3)
  assert n == 10 and _found(1500, 1.0, 0.5, n, 3) > 0.76
