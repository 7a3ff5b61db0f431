"""Approximate sliced Wasserstein distance (https://arxiv.org/abs/2106.15427).

Projections of many features on random directions are nearly normal, so the
sliced 2-Wasserstein distance needs two means and two variances:

  (|m1 - m2|^2 / D + (v1^(1/2) - v2^(1/2))^2)^(1/2)

with v the mean squared distance of a set to its mean, divided by D. No
directions are drawn. Time is N * D. It is a distance, not a squared one.
"""

from compare_gan.metrics import contract
from compare_gan.metrics.rows import blocks
from compare_gan.metrics.rows import check
import gin
import numpy as np


@gin.configurable(denylist=["real_features", "fake_features"])
@contract.declare(
  contract.Score("sw_approx", contract.LOWER, 0.0, unit="distance of features")
)
def sw_approx(
  real_features: np.ndarray, fake_features: np.ndarray
) -> dict[str, float]:
  """Returns the approximate sliced 2-Wasserstein distance."""
  check(real_features=real_features, fake_features=fake_features)
  (real_mean, real_spread), (fake_mean, fake_spread) = (
    _mean_and_spread(x) for x in (real_features, fake_features)
  )
  shift = np.mean((real_mean - fake_mean) ** 2)
  return {"sw_approx": float(np.sqrt(shift + (real_spread - fake_spread) ** 2))}


def _mean_and_spread(rows):
  """Returns the mean [D] and the root mean square of the deviations from it."""
  mean = sum(block.sum(axis=0) for _, block in blocks(rows)) / len(rows)
  squares = sum(np.sum((block - mean) ** 2) for _, block in blocks(rows))
  return mean, np.sqrt(squares / np.size(rows))
