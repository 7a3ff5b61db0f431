"""Cells of a feature space: K-means after principal components."""

from typing import NamedTuple
from typing import Optional

from compare_gan.metrics import fid
from compare_gan.metrics.rows import blocks
import numpy as np
import scipy.linalg

_STEPS = 300  # of Lloyd's algorithm, at most


class Cells(NamedTuple):
  """Cells of the nearest centre; `axes`, if given, reduce features first."""

  centres: np.ndarray  # [cells, features]
  mean: Optional[np.ndarray] = None  # [D]
  axes: Optional[np.ndarray] = None  # [D, features]

  def cells_of_rows(self, rows: np.ndarray) -> np.ndarray:
    """Returns the cell [N] of each row [N, D], the first if equally near."""
    return np.concatenate(
      [
        _nearest(_project(block, self.mean, self.axes), self.centres)[0]
        for _, block in blocks(rows)
      ]
    )


def fit(
  rows: np.ndarray, cells: int, features: int, starts: int, seed: int
) -> Cells:
  """Returns the cells that K-means finds in rows [N, D].

  Args:
    rows: [N, D].
    cells: how many.
    features: principal components to keep if D is larger.
    starts: number of runs from random centres, of which the best is kept.
    seed: of the centres.
  """
  mean = axes = None
  if rows.shape[1] > features:
    mean, axes = _principal_components(rows, features)
  points = np.concatenate(
    [_project(block, mean, axes) for _, block in blocks(rows)]
  )
  rng = np.random.RandomState(seed)
  runs = [_k_means(points, cells, rng) for _ in range(starts)]
  _, centres = min(runs, key=lambda run: run[0])
  return Cells(centres, mean, axes)


def _principal_components(rows, count):
  """Returns the mean [D] and the axes [D, count] of the largest variances."""
  gaussian = fid.Moments().add(rows).gaussian()
  d = len(gaussian.mean)
  _, axes = scipy.linalg.eigh(
    gaussian.covariance, subset_by_index=[d - count, d - 1]
  )
  return gaussian.mean, axes


def _project(rows, mean, axes):
  return rows if axes is None else (rows - mean) @ axes


def _nearest(rows, centres):
  """Returns the nearest centre [N] of each row, and the squared distance."""
  squares = np.stack(
    [np.sum((rows - centre) ** 2, axis=1) for centre in centres], axis=1
  )
  return squares.argmin(axis=1), squares.min(axis=1)


def _k_means(rows, k, rng):
  """Returns the sum of squared distances, and centres [k, D]."""
  centres = _spread(rows, k, rng)
  members = None
  for _ in range(_STEPS):
    before = members
    members, squares = _nearest(rows, centres)
    if before is not None and np.array_equal(members, before):
      break
    # A centre without rows stays where it is.
    centres = np.stack(
      [
        rows[members == j].mean(axis=0) if (members == j).any() else centres[j]
        for j in range(k)
      ]
    )
  return squares.sum(), centres


def _spread(rows, k, rng):
  """Returns k rows that are far from one another, as k-means++ draws them."""
  centres = rows[[rng.randint(len(rows))]]
  while len(centres) < k:
    _, squares = _nearest(rows, centres)
    # With fewer distinct rows than centres, all distances become 0.
    odds = squares / squares.sum() if squares.any() else None
    centres = np.append(centres, rows[[rng.choice(len(rows), p=odds)]], axis=0)
  return centres
