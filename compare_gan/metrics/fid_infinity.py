"""FID of infinitely many fakes, FID_inf (https://arxiv.org/abs/1911.07023).

FID is biased upwards by about a constant over N, and the constant depends on
the generator. A line is fitted to the FIDs of random subsets against 1 / N; its
value at 0 is free of most of that bias. All real rows are used every time.
"""

from typing import Union

from compare_gan.configuration import accepted
from compare_gan.metrics import contract
from compare_gan.metrics import fid
from compare_gan.metrics.rows import check
import gin
import numpy as np


@gin.configurable(denylist=["real_features", "fake_features"])
@contract.takes_gaussian("real_features")
@contract.declare(
  contract.Score(
    "fid_infinity", contract.LOWER, unit="squared distance of features"
  ),
)
def fid_infinity(
  real_features: Union[np.ndarray, fid.Gaussian],
  fake_features: np.ndarray,
  points: accepted.Count = 15,
  smallest: accepted.Share = 0.1,
  seed: accepted.Seed = 0,
) -> dict[str, float]:
  """Returns FID_inf, which may be negative.

  Args:
    real_features: [M, D], or a fid.Gaussian.
    fake_features: [N, D].
    points: number of subset sizes, spaced evenly from the smallest to N; each
      costs one FID.
    smallest: size of the smallest subset, as a share of N.
    seed: of the subsets.
  """
  check(fake_features=fake_features)
  if not isinstance(real_features, fid.Gaussian):
    check(real_features=real_features, fake_features=fake_features)
  count = len(fake_features)
  sizes = np.linspace(smallest * count, count, points).astype(int)
  if sizes[0] < 2 or sizes[0] == sizes[-1]:
    raise ValueError(
      f"fid_infinity fits a line to subsets of {sizes[0]} to {sizes[-1]} "
      "fakes, but needs 2 rows or more and two different sizes. Give more "
      "fakes or another fid_infinity.smallest."
    )
  rng = np.random.RandomState(seed)
  real = fid.gaussian_of(real_features)
  distances = []
  for size in sizes:
    fakes = fid.Moments()
    chosen = rng.permutation(count)[:size]
    for part in np.array_split(chosen, -(-size // 1024)):
      fakes.add(fake_features[part])
    distances.append(fid.frechet_distance(real, fakes.gaussian()))
  _, intercept = np.polyfit(1.0 / sizes, distances, 1)
  return {"fid_infinity": float(intercept)}
