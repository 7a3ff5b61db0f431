"""The power of a study."""

from compare_gan.study.report.statistics import power as power_lib
import pytest

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


def test_without_a_difference_it_is_the_level_of_a_test():
  assert power_lib.power(0.0, 12, 2) == pytest.approx(0.05, abs=0.02)


def test_a_difference_of_one_deviation_is_found_as_the_docs_say():
  # 3 seeds: 65 % of studies of 8 settings, 89 % of studies of 12.
  assert power_lib.power(1.0, 8, 3) == pytest.approx(0.65, abs=0.04)
  assert power_lib.power(1.0, 12, 3) == pytest.approx(0.89, abs=0.04)


def test_what_cannot_be_significant_is_never_found():
  # 10 settings have a p of 2 / 2^10 at least, and 30 tests need .05 / 30.
  assert power_lib.power(100.0, 9, 5, tests=30) == 0.0
  assert power_lib.power(100.0, 12, 5, tests=30) == 1.0
