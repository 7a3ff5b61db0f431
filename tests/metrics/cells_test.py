"""K-means cells of a feature space."""

from compare_gan.metrics import cells
import numpy as np
import pytest

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


def _clusters(d=2, n=40):
  """Three clusters that cannot be told otherwise than as they are."""
  rng = np.random.RandomState(0)
  which = rng.randint(0, 3, n)
  centres = 10.0 * rng.standard_normal((3, d))
  return centres[which] + 0.1 * rng.standard_normal((n, d)), which


@pytest.mark.parametrize("features", [64, 2])  # without, with components
def test_clusters_are_found(features):
  rows, which = _clusters(d=5)
  found = cells.fit(rows, 3, features, starts=10, seed=0)
  assert found.centres.shape == (3, min(features, 5))
  members = found.cells_of_rows(rows)
  assert len({*zip(which, members)}) == 3


def test_centres_by_hand():
  rows = np.float32([[0], [1], [10], [14]])
  found = cells.fit(rows, 2, 64, starts=5, seed=0)
  assert sorted(found.centres[:, 0]) == [0.5, 12.0]


def test_a_seed_gives_the_same_cells():
  rows = np.random.RandomState(0).standard_normal((50, 3))
  first, second = (cells.fit(rows, 3, 2, 2, seed=4) for _ in range(2))
  np.testing.assert_array_equal(first.centres, second.centres)


def test_components_have_the_largest_variances():
  rng = np.random.RandomState(0)
  rows = rng.standard_normal((100, 4)) * [1.0, 9.0, 1.0, 5.0]
  found = cells.fit(rows, 3, 2, starts=1, seed=0)
  kept = np.sum(found.axes**2, axis=1)
  assert kept[1] > 0.95 and kept[3] > 0.95


def test_blocks_of_rows_have_the_same_cells():
  rows = np.random.RandomState(0).standard_normal((1500, 5))
  found = cells.fit(rows, 3, 2, starts=1, seed=0)
  points = (rows - found.mean) @ found.axes
  squares = ((points[:, None] - found.centres) ** 2).sum(axis=2)
  np.testing.assert_array_equal(
    found.cells_of_rows(rows), squares.argmin(axis=1)
  )
