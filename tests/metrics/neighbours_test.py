"""Blocked distances against scipy's."""

from compare_gan.metrics import neighbours
import numpy as np
import pytest
from scipy.spatial import distance

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


def _normal(seed, n, d=3):
  return np.random.RandomState(seed).standard_normal((n, d))


@pytest.mark.parametrize("offset", [0.0, 1e4])
def test_distances_of_several_blocks(offset):
  x, y = _normal(0, 1500) + offset, _normal(1, 1100) + offset
  found = np.full([1500, 1100], np.nan)
  for i, j, squares in neighbours.squared_distances(x, y):
    found[i, j] = squares
  np.testing.assert_allclose(
    found, distance.cdist(x, y, "sqeuclidean"), rtol=1e-7, atol=1e-12
  )


@pytest.mark.parametrize("k", [1, 3])
def test_kth_neighbour_leaves_the_row_itself_out(k):
  x = _normal(0, 1500)
  expected = np.sort(distance.cdist(x, x, "sqeuclidean"), axis=1)[:, k]
  found = neighbours.kth_squared_distances(x, k)
  np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_duplicates_are_neighbours_at_exactly_zero():
  x = np.repeat(_normal(0, 300, 40) + 5.0, 4, axis=0).astype(np.float32)
  assert not neighbours.kth_squared_distances(x, 3).any()
  assert neighbours.kth_squared_distances(x, 4).min() > 1.0


def test_nearest_in_any_block():
  x, y = _normal(0, 1100), _normal(1, 1500)
  expected = distance.cdist(x, y, "sqeuclidean").min(axis=1)
  found = neighbours.nearest_squared_distances(x, y)
  np.testing.assert_allclose(found, expected, rtol=1e-9)
