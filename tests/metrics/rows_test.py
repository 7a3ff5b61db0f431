"""Blocks and refusals of sets of rows."""

from compare_gan.metrics import rows
import numpy as np
import pytest

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


def test_blocks_cover_all_rows_in_float64():
  x = np.arange(10, dtype=np.float32).reshape(5, 2)
  parts = list(rows.blocks(x, size=2))
  assert [(p.start, p.stop) for p, _ in parts] == [(0, 2), (2, 4), (4, 5)]
  assert all(block.dtype == np.float64 for _, block in parts)
  np.testing.assert_array_equal(np.concatenate([b for _, b in parts]), x)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_rows_that_are_not_finite_are_named(bad):
  x = np.zeros([3000, 2], np.float32)
  x[2500, 1] = bad
  with pytest.raises(ValueError, match="fakes has NaN or infinity in row 2500"):
    rows.check(fakes=x)


def test_too_few_rows_are_counted():
  with pytest.raises(ValueError, match="x has 1 rows, but at least 2"):
    rows.check(x=np.zeros([1, 2]))
  rows.check(x=np.zeros([2, 2]))


def test_unequal_widths_are_named():
  with pytest.raises(ValueError, match="'x': 2, 'y': 3"):
    rows.check(x=np.zeros([2, 2]), y=np.zeros([2, 3]))


def test_other_shapes_are_refused():
  with pytest.raises(ValueError, match=r"x has shape \(4, 1, 1, 8\)"):
    rows.check(x=np.zeros([4, 1, 1, 8]))


def test_collected_batches_are_rows_in_order():
  collected = rows.Collected(5, "images")
  assert collected.all() is None
  for batch in ([[0], [1]], [[2]], [[3], [4]]):
    collected.add(np.float32(batch))
  assert collected.all().dtype == np.float32
  assert collected.all().tolist() == [[0], [1], [2], [3], [4]]


def test_as_many_rows_come_as_were_promised():
  collected = rows.Collected(3, "images")
  collected.add(np.zeros([2, 1]))
  with pytest.raises(ValueError, match="images gave 2 rows, but 3"):
    collected.all()
  with pytest.raises(ValueError, match="images gave more than the 3"):
    collected.add(np.zeros([2, 1]))
