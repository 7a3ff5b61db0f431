"""Sums of a kernel over the pairs of rows in each of many subsets.

The kernel of two rows is the same in every subset with both rows, so it is
computed once. B subsets then take B / D of the time of the kernel itself, for D
features, and constant memory.
"""

from collections.abc import Iterator
from typing import Callable

import numpy as np

_Blocks = Callable[[np.ndarray], Iterator[tuple[slice, np.ndarray]]]
_Kernel = Callable[[np.ndarray, np.ndarray], np.ndarray]


def within(
  rows: np.ndarray, chosen: np.ndarray, kernel: _Kernel, blocks: _Blocks
) -> np.ndarray:
  """Returns the sums [B] over all pairs of different rows, in both orders.

  Args:
    rows: [N, D].
    chosen: bools [B, N], the rows of each subset.
    kernel: ([n, D], [m, D]) -> [n, m].
    blocks: yields (slice, the kernel's input for rows[slice]).
  """
  total = np.zeros(len(chosen))
  for i, block in blocks(rows):
    own = kernel(block, block)
    np.fill_diagonal(own, 0.0)
    total += _sums(own, chosen[:, i], chosen[:, i])
    for shifted, later in blocks(rows[i.stop :]):
      j = slice(i.stop + shifted.start, i.stop + shifted.stop)
      total += 2.0 * _sums(kernel(block, later), chosen[:, i], chosen[:, j])
  return total


def between(
  x: np.ndarray,
  y: np.ndarray,
  x_chosen: np.ndarray,
  y_chosen: np.ndarray,
  kernel: _Kernel,
  blocks: _Blocks,
) -> np.ndarray:
  """Returns the sums [B] over all pairs of a row of x and a row of y."""
  total = np.zeros(len(x_chosen))
  for i, a in blocks(x):
    for j, b in blocks(y):
      total += _sums(kernel(a, b), x_chosen[:, i], y_chosen[:, j])
  return total


def _sums(values, rows, columns):
  """Returns the sums [B] of values [n, m] over rows [B, n], columns [B, m]."""
  return np.einsum("bm,bm->b", rows.astype(np.float64) @ values, columns)
