"""The nearest row of another set: its index and its distance."""

from compare_gan.metrics import neighbours
from compare_gan.metrics.rows import blocks
import numpy as np


def nearest_rows(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """Returns the row of y that is nearest to each row of x, and the distance.

  If several rows are equally near, the first one counts.

  Args:
    x: [M, D].
    y: [N, D].

  Returns:
    indices into y, [M], and squared distances, [M]. These are sums over
    differences, so that copies have exactly 0 and equal distances are equal.
  """
  indices = np.zeros(len(x), int)
  nearest = np.full(len(x), np.inf)
  for i, j, squares in neighbours.squared_distances(x, y):
    least = squares.min(axis=1)
    border = (1.0 + neighbours.TIE) * least
    first = j.start + (squares <= border[:, None]).argmax(axis=1)
    is_nearer = least < (1.0 - neighbours.TIE) * nearest[i]
    indices[i] = np.where(is_nearer, first, indices[i])
    nearest[i] = np.where(is_nearer, least, nearest[i])
  for part, block in blocks(x):
    difference = block - np.asarray(y[indices[part]], np.float64)
    nearest[part] = np.einsum("nd,nd->n", difference, difference)
  return indices, nearest
