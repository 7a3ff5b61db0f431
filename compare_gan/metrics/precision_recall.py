"""Improved precision and recall (https://arxiv.org/abs/1904.06991).

The manifold of a set is the union of balls around its rows, each reaching to
the k-th nearest other row. Precision is the share of fakes on the real
manifold, recall the share of real rows on the fakes' manifold.
"""

from typing import Optional
from typing import Union

from compare_gan.configuration import accepted
from compare_gan.metrics import contract
from compare_gan.metrics import neighbours
from compare_gan.metrics import resampled_neighbours
from compare_gan.metrics.rows import check
import gin
import numpy as np


@gin.configurable(denylist=["real_features", "fake_features", "resamples"])
@contract.takes_resamples
@contract.declare(
  contract.Score("precision", contract.HIGHER, 0.0, 1.0, "share of fakes"),
  contract.Score("recall", contract.HIGHER, 0.0, 1.0, "share of real rows"),
)
def precision_recall(
  real_features: np.ndarray,
  fake_features: np.ndarray,
  k: accepted.Count = 3,
  resamples: Optional[dict[str, np.ndarray]] = None,
) -> dict[str, Union[float, np.ndarray]]:
  """Returns precision and recall in [0, 1]; a ball contains its border.

  Args:
    real_features: [M, D].
    fake_features: [N, D].
    k: a ball reaches to this neighbour, 1 for the nearest.
    resamples: rows that are drawn, see contract.takes_resamples.
  """
  check(k + 1, real_features=real_features, fake_features=fake_features)
  if resamples is not None:
    return _scores_of_resamples(real_features, fake_features, k, **resamples)
  border = 1.0 + neighbours.TIE
  real_radii = border * neighbours.kth_squared_distances(real_features, k)
  fake_radii = border * neighbours.kth_squared_distances(fake_features, k)
  real_found = np.zeros(len(real_features), bool)
  fake_found = np.zeros(len(fake_features), bool)
  for i, j, squares in neighbours.squared_distances(
    real_features, fake_features
  ):
    fake_found[j] |= (squares <= real_radii[i, None]).any(axis=0)
    real_found[i] |= (squares <= fake_radii[j]).any(axis=1)
  return {
    "precision": float(fake_found.mean()),
    "recall": float(real_found.mean()),
  }


def _scores_of_resamples(real_features, fake_features, k, real, fake):
  """Returns precision and recall [B] of resamples, bools [B, M] and [B, N]."""
  border = 1.0 + neighbours.TIE
  real_radii, fake_radii = (
    border * resampled_neighbours.kth_squared_distances(rows, k, chosen)
    for rows, chosen in ((real_features, real), (fake_features, fake))
  )
  real_found, fake_found = np.zeros_like(real), np.zeros_like(fake)
  for i, j, squares in neighbours.squared_distances(
    real_features, fake_features
  ):
    for b, _, point in resampled_neighbours.inside(squares, real_radii[:, i]):
      fake_found[b, j.start + point] = True
    for b, _, point in resampled_neighbours.inside(squares.T, fake_radii[:, j]):
      real_found[b, i.start + point] = True
  return {
    "precision": (fake_found & fake).sum(axis=1) / fake.sum(axis=1),
    "recall": (real_found & real).sum(axis=1) / real.sum(axis=1),
  }
