"""Rows divided by their lengths."""

from compare_gan.metrics import unit_rows
import numpy as np
import pytest

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


def test_lengths_are_1():
  [(part, rows)] = unit_rows.unit_blocks(np.float32([[3, 4], [0, -2]]))
  assert part == slice(0, 2)
  np.testing.assert_allclose(rows, [[0.6, 0.8], [0, -1]], rtol=1e-15)


def test_tiny_and_huge_rows_keep_their_direction():
  [(_, rows)] = unit_rows.unit_blocks(np.array([[3e-200, 4e-200], [6e200, 0]]))
  np.testing.assert_allclose(rows, [[0.6, 0.8], [1, 0]], rtol=1e-15)


def test_a_row_of_zeros_is_refused():
  rows = np.ones([1500, 2])
  rows[1400] = 0.0
  with pytest.raises(ValueError, match="x is all zeros in row 1400"):
    unit_rows.check_lengths(x=rows)
