"""Probabilistic precision and recall (https://arxiv.org/abs/2309.01590).

All balls around real rows have one radius R, a multiple of the mean distance to
the k-th nearest other row. A row at distance d from the centre is in a ball
with probability 1 - min(1, d / R), and in the union of all balls with
probability 1 minus the product of min(1, d / R). P-precision is the mean of
that over fakes; P-recall has the roles swapped. Outliers make no large balls
here.

Time is (M^2 + N^2 + 2 M N) * D, memory is constant.
"""

from compare_gan.configuration import accepted
from compare_gan.metrics import contract
from compare_gan.metrics import neighbours
from compare_gan.metrics.rows import check
import gin
import numpy as np


@gin.configurable(denylist=["real_features", "fake_features"])
@contract.declare(
  contract.Score("p_precision", contract.HIGHER, 0.0, 1.0, "probability"),
  contract.Score("p_recall", contract.HIGHER, 0.0, 1.0, "probability"),
)
def p_precision_recall(
  real_features: np.ndarray,
  fake_features: np.ndarray,
  k: accepted.Count = 4,
  a: accepted.Positive = 1.2,
) -> dict[str, float]:
  """Returns P-precision and P-recall in [0, 1].

  Args:
    real_features: [M, D].
    fake_features: [N, D].
    k: the distance to the k-th nearest other row is averaged.
    a: the radius as a multiple of that mean.
  """
  if k < 1:
    raise ValueError(f"p_precision_recall.k is {k}, but it must be 1 or more.")
  if not a > 0:
    raise ValueError(f"p_precision_recall.a is {a}, but it must be above 0.")
  check(k + 1, real_features=real_features, fake_features=fake_features)
  real_radius = _radius(real_features, k, a)
  fake_radius = _radius(fake_features, k, a)
  fake_outside = np.ones(len(fake_features))
  real_outside = np.ones(len(real_features))
  for i, j, squares in neighbours.squared_distances(
    real_features, fake_features
  ):
    distances = np.sqrt(squares, out=squares)
    fake_outside[j] *= _outside(distances, real_radius).prod(axis=0)
    real_outside[i] *= _outside(distances, fake_radius).prod(axis=1)
  return {
    "p_precision": float(np.mean(1.0 - fake_outside)),
    "p_recall": float(np.mean(1.0 - real_outside)),
  }


def _radius(rows, k, a):
  return a * np.sqrt(neighbours.kth_squared_distances(rows, k)).mean()


def _outside(distances, radius):
  """Returns the probability of not being in a ball, for each distance."""
  if radius == 0.0:  # Every row has k duplicates; only copies are inside.
    return (distances > 0.0).astype(np.float64)
  return np.minimum(distances / radius, 1.0)
