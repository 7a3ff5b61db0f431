"""The Gaussian process, by hand."""

import math

from compare_gan.study.define.search import gaussian_process
import numpy as np
import pytest

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


def test_likelihood_is_that_of_a_normal():
  """Two points far apart are independent, of variance 1 + noise."""
  x, y = np.array([[0.0], [1e6]]), np.array([1.0, -2.0])
  expected = -0.5 * 5.0 / 1.5 - math.log(1.5) - math.log(2.0 * math.pi)
  assert gaussian_process.log_likelihood(x, y, 1.0, 0.5) == pytest.approx(
    expected
  )


def test_posterior_passes_through_what_is_known():
  x, y = np.array([[0.2], [0.8]]), np.array([1.0, -1.0])
  at = np.array([[0.2], [0.5], [100.0]])
  mean, deviation = gaussian_process.posterior(x, y, at, 0.4, 1e-9)
  np.testing.assert_allclose(mean, [1.0, 0.0, 0.0], atol=1e-6)
  np.testing.assert_allclose(deviation[[0, 2]], [0.0, 1.0], atol=1e-3)
