"""Squared distances between rows, by blocks, and nearest neighbours.

|x - y|^2 = |x|^2 + |y|^2 - 2 x.y is one matrix product per block, so that N
rows of D features take N^2 * D time and constant memory. The origin is moved to
the middle of the rows, where little cancels.
"""

from collections.abc import Iterator

from compare_gan.metrics.rows import blocks
import numpy as np
import scipy.linalg

# Distances whose relative difference is smaller count as equal.
TIE = 1e-10


_ROWS = 4096  # of the left set at a time, to convert the right set less often
_FEW = 8


def squared_distances(
  x: np.ndarray, y: np.ndarray
) -> Iterator[tuple[slice, slice, np.ndarray]]:
  """Yields (slice of x, slice of y, squared distances between their rows)."""
  origin = _origin(x)
  for i, a in blocks(x, _ROWS):
    a, a_sizes = _centred(a, origin)
    for j, b in blocks(y):
      yield i, j, _squares(a, a_sizes, *_centred(b, origin))


def _origin(x):
  _, first = next(blocks(x))
  return first.mean(axis=0)


def _centred(rows, origin):
  """Returns rows minus the origin, and their squared lengths."""
  rows = rows - origin
  return rows, np.einsum("nd,nd->n", rows, rows)


def _squares(a, a_sizes, b, b_sizes):
  """Returns |a|^2 + |b|^2 - 2 a.b of all pairs of rows."""
  squares = a_sizes[:, None] + b_sizes
  # The product is added to the sum in place. The transposes have BLAS's memory
  # order.
  scipy.linalg.blas.dgemm(
    -2.0, b.T, a.T, beta=1.0, c=squares.T, trans_a=True, overwrite_c=True
  )
  # Differences from 0 within the rounding of D products become 0, so that
  # duplicates are found.
  rounding = a.shape[1] * np.finfo(np.float64).eps
  if squares.min() < rounding * (a_sizes.max() + b_sizes.max()):
    squares[squares < rounding * (a_sizes[:, None] + b_sizes)] = 0.0
  return squares


def kth_squared_distances(x: np.ndarray, k: int) -> np.ndarray:
  """Returns the squared distance of each row to its k-th nearest other row.

  The distance of a pair is computed once and used for both rows.
  """
  origin = _origin(x)
  nearest = np.full([len(x), k], np.inf)
  for i, a in blocks(x):
    a, a_sizes = _centred(a, origin)
    for shifted, b in blocks(x[i.start :]):
      j = slice(i.start + shifted.start, i.start + shifted.stop)
      squares = _squares(a, a_sizes, *_centred(b, origin))
      if i == j:
        np.fill_diagonal(squares, np.inf)
      else:
        nearest[j] = _smallest(nearest[j], np.ascontiguousarray(squares.T), k)
      nearest[i] = _smallest(nearest[i], squares, k)
  return nearest.max(axis=1)


def _smallest(known, new, k):
  """Returns the k smallest numbers of each row; overwrites `new`."""
  rows = np.arange(len(new))
  if k > _FEW or k > new.shape[1]:
    both = np.concatenate([known, new], axis=1)
    return np.partition(both, k - 1, axis=1)[:, :k]
  found = [known]
  for _ in range(k):  # faster than a partial sort if k is small
    place = new.argmin(axis=1)
    found.append(new[rows, place][:, None])
    new[rows, place] = np.inf
  both = np.concatenate(found, axis=1)
  return np.partition(both, k - 1, axis=1)[:, :k]


def nearest_squared_distances(x: np.ndarray, y: np.ndarray) -> np.ndarray:
  """Returns the squared distance of each row of x to the nearest row of y."""
  nearest = np.full(len(x), np.inf)
  for i, _, squares in squared_distances(x, y):
    nearest[i] = np.minimum(nearest[i], squares.min(axis=1))
  return nearest
