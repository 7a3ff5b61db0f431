"""Nearest neighbours within each of many subsets of rows.

Distances are computed once. Each row keeps a table of its nearest rows, long
enough to contain the k-th nearest in a random half of all rows; subsets for
which the table is too short are computed separately.
"""

from collections.abc import Iterator
import math
from typing import Optional

from compare_gan.metrics import neighbours
import numpy as np

_AT_A_TIME = 2**22  # pairs of a resample and a distance


def kth_squared_distances(
  x: np.ndarray, k: int, chosen: np.ndarray, length: Optional[int] = None
) -> np.ndarray:
  """Returns squared distances [B, N] to the k-th nearest other chosen row.

  Args:
    x: [N, D].
    k: which neighbour.
    chosen: bools [B, N], the rows of each subset, more than k.
    length: of the tables; None for the length that random halves need.

  Returns:
    The distances, and -1, less than any distance, for rows that are not chosen.
  """
  least = chosen.sum(axis=1).min()
  if least <= k:
    raise ValueError(
      f"A subset has {least} rows, but at least {k + 1} are needed."
    )
  indices, squares = table(x, x, length or _length(k), are_the_same=True)
  found = np.full(chosen.shape, -1.0)
  for b, members in enumerate(chosen):
    rows = np.flatnonzero(members)
    kth, is_missing = _kth(indices[rows], squares[rows], members, k)
    if is_missing.any():
      kth = neighbours.kth_squared_distances(x[rows], k)
    found[b, rows] = kth
  return found


def nearest_squared_distances(
  x: np.ndarray,
  y: np.ndarray,
  chosen: np.ndarray,
  length: Optional[int] = None,
) -> np.ndarray:
  """Returns squared distances [B, M] of rows of x to the nearest chosen of y.

  Args:
    x: [M, D].
    y: [N, D].
    chosen: bools [B, N], the rows of y in each subset, one or more.
    length: of the tables; None for the length that random halves need.
  """
  indices, squares = table(x, y, length or _length(1))
  found = np.empty([len(chosen), len(x)])
  for b, members in enumerate(chosen):
    found[b], is_missing = _kth(indices, squares, members, 1)
    if is_missing.any():
      found[b, is_missing] = neighbours.nearest_squared_distances(
        x[is_missing], y[members]
      )
  return found


def table(
  x: np.ndarray, y: np.ndarray, length: int, are_the_same: bool = False
) -> tuple[np.ndarray, np.ndarray]:
  """Returns the nearest rows of y to each row of x, the nearest one first.

  Args:
    x: [M, D].
    y: [N, D].
    length: how many for each row, or all of y if it has fewer.
    are_the_same: x is y, and a row is not its own neighbour.

  Returns:
    indices into y [M, length], and squared distances [M, length].
  """
  length = min(length, len(y) - are_the_same)
  indices = np.zeros([len(x), length], np.int32)
  nearest = np.full([len(x), length], np.inf)
  for i, j, squares in neighbours.squared_distances(x, y):
    if are_the_same:
      own = np.arange(max(i.start, j.start), min(i.stop, j.stop))
      squares[own - i.start, own - j.start] = np.inf
    places = np.broadcast_to(np.arange(j.start, j.stop), squares.shape)
    both = np.concatenate([nearest[i], squares], axis=1)
    least = np.argpartition(both, length - 1, axis=1)[:, :length]
    nearest[i] = np.take_along_axis(both, least, axis=1)
    both = np.concatenate([indices[i], places], axis=1)
    indices[i] = np.take_along_axis(both, least, axis=1)
  order = np.argsort(nearest, axis=1)
  return (
    np.take_along_axis(indices, order, axis=1),
    np.take_along_axis(nearest, order, axis=1),
  )


def inside(
  squares: np.ndarray, radii: np.ndarray, strict: bool = False
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
  """Yields which points are in which balls: (resamples, rows, columns), [hits].

  Args:
    squares: squared distances [n, m] of n centres to m points.
    radii: squared radii [B, n] of the balls; -1 for no ball.
    strict: excludes a ball's border.
  """
  is_less = np.less if strict else np.less_equal
  rows, columns = np.nonzero(is_less(squares, radii.max(axis=0)[:, None]))
  step = max(1, _AT_A_TIME // len(radii))
  for first in range(0, len(rows), step):
    i, j = rows[first : first + step], columns[first : first + step]
    resamples, hits = np.nonzero(is_less(squares[i, j], radii[:, i]))
    yield resamples, i[hits], j[hits]


def _length(k):
  """Returns how many neighbours almost surely include k of a random half.

  Half of them are in it, give or take the root of a quarter of their number.
  """
  return 2 * k + 12 * math.isqrt(2 * k) + 40


def _kth(indices, squares, members, k):
  """Returns the k-th distance to a member [M], and where tables are short."""
  counts = np.cumsum(members[indices], axis=1, dtype=np.int32)
  is_missing = counts[:, -1] < k
  place = (counts >= k).argmax(axis=1)
  return squares[np.arange(len(squares)), place], is_missing
