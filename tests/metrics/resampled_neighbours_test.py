"""Neighbours within subsets are those of the subsets alone."""

from compare_gan.metrics import neighbours
from compare_gan.metrics import resampled_neighbours
import numpy as np
import pytest

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")

_ROWS = np.random.RandomState(0).randn(60, 3)
_CHOSEN = np.random.RandomState(1).rand(5, 60) < 0.5


@pytest.mark.parametrize("length", [None, 3])
def test_radii_are_those_of_each_subset(length):
  """Tables of 3 rows lack the second nearest of most subsets."""
  found = resampled_neighbours.kth_squared_distances(
    _ROWS, 2, _CHOSEN, length=length
  )
  for radii, chosen in zip(found, _CHOSEN):
    expected = neighbours.kth_squared_distances(_ROWS[chosen], 2)
    np.testing.assert_allclose(radii[chosen], expected, rtol=1e-12)
    assert (radii[~chosen] == -1.0).all()


@pytest.mark.parametrize("length", [None, 1])
def test_nearest_rows_are_those_of_each_subset(length):
  x = _ROWS[:7] + 0.1
  found = resampled_neighbours.nearest_squared_distances(
    x, _ROWS, _CHOSEN, length=length
  )
  for nearest, chosen in zip(found, _CHOSEN):
    expected = neighbours.nearest_squared_distances(x, _ROWS[chosen])
    np.testing.assert_allclose(nearest, expected, rtol=1e-12)


def test_table_by_hand():
  rows = np.float64([[0], [1], [3], [7]])
  indices, squares = resampled_neighbours.table(rows, rows, 9, True)
  assert indices.tolist() == [[1, 2, 3], [0, 2, 3], [1, 0, 3], [2, 1, 0]]
  assert squares[:, 0].tolist() == [1, 1, 4, 16]
  indices, _ = resampled_neighbours.table(rows, rows, 2)
  assert indices.tolist() == [[0, 1], [1, 0], [2, 1], [3, 2]]


def test_tables_are_those_of_all_blocks():
  rows = np.random.RandomState(0).randn(4500, 2)  # blocks of 4096 and 1024
  indices, _ = resampled_neighbours.table(rows, rows, 2, True)
  squares = np.sum((rows[4200] - rows) ** 2, axis=1)
  assert indices[4200].tolist() == np.argsort(squares)[1:3].tolist()


@pytest.mark.parametrize("strict", [False, True])
def test_balls_of_each_subset(strict, monkeypatch):
  """Ball 0 ends where point 1 is, in the second subset at point 0."""
  monkeypatch.setattr(resampled_neighbours, "_AT_A_TIME", 3)  # 1 pair at a time
  squares = np.float64([[1, 4], [9, 1]])
  radii = np.float64([[4, -1], [1, 2]])
  hits = {
    (int(b), int(i), int(j))
    for found in resampled_neighbours.inside(squares, radii, strict)
    for b, i, j in zip(*found)
  }
  border = set() if strict else {(0, 0, 1), (1, 0, 0)}
  assert hits == {(0, 0, 0), (1, 1, 1)} | border
