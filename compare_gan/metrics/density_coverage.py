"""Density and coverage (https://arxiv.org/abs/2002.09797).

Each real row has a ball that reaches to its k-th nearest other real row.
Density is the mean number of balls that a fake is in, divided by k: 1 is
expected for equal distributions, and outliers among the real rows count little.
Coverage is the share of balls that contain a fake.
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
  contract.Score(
    "density", contract.HIGHER, low=0.0, unit="balls of k around a fake"
  ),
  contract.Score("coverage", contract.HIGHER, 0.0, 1.0, "share of balls"),
)
def density_coverage(
  real_features: np.ndarray,
  fake_features: np.ndarray,
  k: accepted.Count = 5,
  resamples: Optional[dict[str, np.ndarray]] = None,
) -> dict[str, Union[float, np.ndarray]]:
  """Returns density, from 0 on, and coverage in [0, 1].

  As in the authors' code, balls exclude their border, so that the ball of a
  real row with k duplicates is empty.

  Args:
    real_features: [M, D].
    fake_features: [N, D].
    k: a ball reaches to this neighbour, 1 for the nearest.
    resamples: rows that are drawn, see contract.takes_resamples.
  """
  check(k + 1, real_features=real_features)
  check(1, real_features=real_features, fake_features=fake_features)
  if resamples is not None:
    return _scores_of_resamples(real_features, fake_features, k, **resamples)
  radii = neighbours.kth_squared_distances(real_features, k)
  radii *= 1.0 - neighbours.TIE
  inside = 0
  covered = np.zeros(len(real_features), bool)
  for i, _, squares in neighbours.squared_distances(
    real_features, fake_features
  ):
    is_inside = squares < radii[i, None]
    inside += int(np.count_nonzero(is_inside))
    covered[i] |= is_inside.any(axis=1)
  return {
    "density": float(inside / (k * len(fake_features))),
    "coverage": float(covered.mean()),
  }


def _scores_of_resamples(real_features, fake_features, k, real, fake):
  """Returns density and coverage [B] of resamples, bools [B, M] and [B, N]."""
  radii = resampled_neighbours.kth_squared_distances(real_features, k, real)
  radii *= 1.0 - neighbours.TIE
  inside = np.zeros(len(real))
  covered = np.zeros_like(real)
  for i, j, squares in neighbours.squared_distances(
    real_features, fake_features
  ):
    for b, centre, point in resampled_neighbours.inside(
      squares, radii[:, i], strict=True
    ):
      is_drawn = fake[b, j.start + point]
      inside += np.bincount(b[is_drawn], minlength=len(real))
      covered[b[is_drawn], i.start + centre[is_drawn]] = True
  return {
    "density": inside / (k * fake.sum(axis=1)),
    "coverage": covered.sum(axis=1) / real.sum(axis=1),
  }
