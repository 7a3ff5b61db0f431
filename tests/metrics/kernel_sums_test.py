"""Sums of products over pairs of chosen rows, by hand and by numpy."""

from compare_gan.metrics import kernel_sums
from compare_gan.metrics.rows import blocks
import numpy as np
import pytest

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


def _product(x, y):
  return x @ y.T


def test_by_hand():
  """Products of 1, 2 and 4: pairs of all are 2 + 4 + 8, of the last two 8."""
  x = np.float64([[1], [2], [4]])
  chosen = np.array([[1, 1, 1], [0, 1, 1], [0, 0, 1]], bool)
  found = kernel_sums.within(x, chosen, _product, blocks)
  assert found.tolist() == [28.0, 16.0, 0.0]
  y = np.float64([[10], [100]])
  y_chosen = np.array([[1, 1], [1, 0], [0, 1]], bool)
  found = kernel_sums.between(x, y, chosen, y_chosen, _product, blocks)
  assert found.tolist() == [770.0, 60.0, 400.0]


def test_over_blocks():
  rng = np.random.RandomState(0)
  x, y = rng.randn(1500, 2), rng.randn(1100, 2)
  x_chosen, y_chosen = rng.rand(2, 1500) < 0.5, rng.rand(2, 1100) < 0.5
  within = kernel_sums.within(x, x_chosen, _product, blocks)
  between = kernel_sums.between(x, y, x_chosen, y_chosen, _product, blocks)
  for b in range(2):
    a = x[x_chosen[b]]
    products = a @ a.T
    assert within[b] == pytest.approx(products.sum() - np.trace(products))
    assert between[b] == pytest.approx((a @ y[y_chosen[b]].T).sum())
