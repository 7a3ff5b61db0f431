"""The nearest row, also where several are equally near."""

from compare_gan.metrics import nearest
import numpy as np
import pytest

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


def test_by_hand():
  y = np.float32([[0, 0], [3, 4], [3, 0]])
  index, squares = nearest.nearest_rows(np.float32([[3, 3], [-3, -4]]), y)
  assert index.tolist() == [1, 0]
  assert squares.tolist() == [1.0, 25.0]


def test_of_equally_near_rows_the_first_counts_over_blocks():
  """Tenths have no exact squares, and 2500 rows take three blocks."""
  rng = np.random.RandomState(0)
  y = 0.1 * rng.randint(0, 3, (2500, 3))
  x = 0.1 * rng.randint(0, 3, (50, 3)) + [0.05, 0.0, 0.0]
  index, squares = nearest.nearest_rows(x, y)
  plain = ((x[:, None] - y) ** 2).sum(axis=2)
  least = plain.min(axis=1)
  first = (plain <= least[:, None] + 1e-12).argmax(axis=1)
  np.testing.assert_array_equal(index, first)
  np.testing.assert_allclose(squares, least, rtol=1e-12)


def test_copies_are_at_exactly_0():
  y = 1e3 + np.random.RandomState(0).standard_normal((40, 7))
  _, squares = nearest.nearest_rows(y[5:9], y)
  assert not squares.any()
