"""Squared distances between rows, by blocks, and nearest neighbours.

|x - y|^2 = |x|^2 + |y|^2 - 2 x.y is one matrix product a block, so that N rows
of D features take N^2 * D time and constant memory. The origin is put amid the
rows, where little cancels.
"""

from compare_gan.metrics.rows import blocks
import numpy as np

# Distances that differ relatively by less are the same.
TIE = 1e-10


def squared_distances(x, y):
  """Yields (slice of x, slice of y, squared distances between their rows)."""
  _, first = next(blocks(x))
  origin = first.mean(axis=0)
  # What a sum of D products cannot tell from 0 is 0: duplicates are found.
  rounding = x.shape[1] * np.finfo(np.float64).eps
  for i, a in blocks(x):
    a = a - origin
    for j, b in blocks(y):
      b = b - origin
      sizes = np.sum(a * a, axis=1)[:, None] + np.sum(b * b, axis=1)
      squares = sizes + (-2.0 * a) @ b.T
      squares[squares < rounding * sizes] = 0.0
      yield i, j, squares


def kth_squared_distances(x, k):
  """Returns the squared distance of each row to its k-th nearest other row."""
  nearest = np.full([len(x), k], np.inf)
  for i, j, squares in squared_distances(x, x):
    if i == j:
      np.fill_diagonal(squares, np.inf)
    candidates = np.concatenate([nearest[i], squares], axis=1)
    nearest[i] = np.partition(candidates, k - 1, axis=1)[:, :k]
  return nearest.max(axis=1)


def nearest_squared_distances(x, y):
  """Returns the squared distance of each row of x to the nearest row of y."""
  nearest = np.full(len(x), np.inf)
  for i, _, squares in squared_distances(x, y):
    nearest[i] = np.minimum(nearest[i], squares.min(axis=1))
  return nearest
