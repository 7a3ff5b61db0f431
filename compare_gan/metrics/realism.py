"""Realism score of each image (https://arxiv.org/abs/1904.06991, section 5).

The largest ratio, over real rows, of the radius of a row (the distance to its
k-th nearest other row) to the distance of the fake. Only rows with radii below
the median count, because the others lie where the data is sparse. A fake with 1
or more lies in one of these balls.

It is the ratio of distances, as in the paper and dgm-eval; NVIDIA's code has
the ratio of their squares. Time is (M + N) * M * D, memory is constant.
"""

from compare_gan.configuration import accepted
from compare_gan.metrics import contract
from compare_gan.metrics import neighbours
from compare_gan.metrics.rows import check
import gin
import numpy as np


@gin.configurable(denylist=["real_features", "fake_features"])
@contract.declare(
  contract.Score("realism", contract.HIGHER, 0.0, unit="ratio of distances"),
  contract.Score("realism_share", contract.HIGHER, 0.0, 1.0, "share of images"),
)
def realism(
  real_features: np.ndarray, fake_features: np.ndarray, k: accepted.Count = 3
) -> dict[str, float]:
  """Returns the median realism of fakes, and the share of fakes from 1 on.

  A copy of a real row has infinite realism, so that a mean would be useless.

  Args:
    real_features: [M, D].
    fake_features: [N, D].
    k: balls reach to the k-th neighbour, 3 in the paper and 5 in dgm-eval.
  """
  if k < 1:
    raise ValueError(f"realism.k is {k}, but it must be 1 or more.")
  check(k + 1, real_features=real_features)
  check(1, real_features=real_features, fake_features=fake_features)
  scores = realism_of_images(real_features, fake_features, k)
  return {
    "realism": _median(scores),
    "realism_share": float(np.mean(scores >= 1.0 - neighbours.TIE)),
  }


def realism_of_images(
  real_features: np.ndarray, fake_features: np.ndarray, k: accepted.Count = 3
) -> np.ndarray:
  """Returns the realism [N] of each fake; infinity for a copy."""
  radii = neighbours.kth_squared_distances(real_features, k)
  median = np.median(radii)
  is_dense = radii < (1.0 - neighbours.TIE) * median
  if not is_dense.any():  # Half or more of the radii equal the smallest one.
    is_dense = radii <= (1.0 + neighbours.TIE) * median
  radii = radii[is_dense]
  best = np.zeros(len(fake_features))
  for i, j, squares in neighbours.squared_distances(
    np.asarray(real_features)[is_dense], fake_features
  ):
    is_copy = squares == 0.0
    squares[is_copy] = 1.0
    ratios = np.where(is_copy, np.inf, radii[i, None] / squares)
    best[j] = np.maximum(best[j], ratios.max(axis=0))
  return np.sqrt(best)


def _median(scores):
  """Returns the median; numpy's is NaN for two infinities in the middle."""
  scores = np.sort(scores)
  low, high = scores[(len(scores) - 1) // 2], scores[len(scores) // 2]
  return float(low if low == high else (low + high) / 2.0)
