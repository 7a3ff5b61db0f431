"""Student's t and Welch's, beside formulas."""

import math

from compare_gan.study.report.statistics import t_tests
import numpy as np
import pytest

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


def test_t_interval_is_students():
  x = [1.0, 2.0, 4.0, 4.5, 7.0]
  low, high = t_tests.t_interval(x)
  half = 2.7764451 * np.std(x, ddof=1) / math.sqrt(5)
  np.testing.assert_allclose([low, high], [3.7 - half, 3.7 + half], rtol=1e-6)
  assert math.isnan(t_tests.t_interval([1.0])[0])


def test_t_of_equal_differences():
  assert t_tests.t_test([0.0, 0.0]).p == 1.0
  assert t_tests.t_test([2.0, 2.0])[:3] == (2.0, 2.0, 2.0)
