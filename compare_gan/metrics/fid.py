"""Frechet Inception distance, FID (https://arxiv.org/abs/1706.08500).

  |m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2)

With S = F^T F the last trace is the sum of the singular values of F1 F2^T. No
covariance is multiplied by another, which would square the condition number,
and no root of one is taken: such roots cost up to tens of percent in float32
and 1e-7 in float64. Nothing is added to a diagonal, and a rounding error below
0 stays visible.
"""

from typing import NamedTuple

from compare_gan.metrics.rows import blocks
from compare_gan.metrics.rows import check
import gin
import numpy as np
import scipy.linalg


class Gaussian(NamedTuple):
  """The normal distribution with covariance factor^T factor."""

  mean: np.ndarray  # [D]
  factor: np.ndarray  # [rank, D]

  @classmethod
  def from_covariance(cls, mean, covariance):
    """Returns the Gaussian of given statistics, such as `mu` and `sigma`."""
    # Pivots below D * eps * (the largest variance) are rounding errors, of
    # which the root would be 1e-8: they end the factor.
    upper, pivots, rank, _ = scipy.linalg.lapack.dpstrf(covariance)
    factor = np.zeros([rank, len(mean)])
    factor[:, pivots - 1] = np.triu(upper)[:rank]
    return cls(np.asarray(mean, np.float64), factor)

  @property
  def covariance(self):
    return self.factor.T @ self.factor


class Moments:
  """Mean and covariance of rows that come in batches of any size.

  Up to 2 * D rows wait for their turn, so that few large products are made of
  many small batches, and a set of at most D rows is its own exact factor.
  """

  def __init__(self):
    self.count = 0
    self._waiting = []
    self._summed = 0
    self._mean = 0.0
    self._scatter = 0.0  # Sum of (row - mean) (row - mean)^T, [D, D].

  def add(self, rows):
    """Takes rows [N, D] in; returns itself."""
    check(least=0, rows=rows)
    for _, block in blocks(rows):
      self._waiting.append(block.copy())  # The caller may reuse its buffer.
      self.count += len(block)
      if self.count - self._summed > block.shape[1]:
        self._sum()
    return self

  def gaussian(self):
    """Returns the Gaussian with these moments, of the unbiased covariance."""
    if self.count < 2:
      raise ValueError(
        f"A covariance needs 2 rows or more, but there are {self.count}."
      )
    if not self._summed:
      rows = np.concatenate(self._waiting)
      mean = rows.mean(axis=0)
      return Gaussian(mean, (rows - mean) / np.sqrt(self.count - 1))
    if self._waiting:
      self._sum()
    return Gaussian.from_covariance(
      self._mean, self._scatter / (self.count - 1)
    )

  def _sum(self):
    rows = np.concatenate(self._waiting)
    mean = rows.mean(axis=0)
    shift = mean - self._mean
    # The scatter of the two means is that of one more row.
    weight = np.sqrt(self._summed * len(rows) / self.count)
    centred = np.concatenate([rows - mean, [weight * shift]])
    self._scatter += centred.T @ centred
    self._mean = self._mean + shift * (len(rows) / self.count)
    self._summed = self.count
    self._waiting = []


def frechet_distance(first, second):
  """Returns the squared Frechet distance of two Gaussians."""
  if first.mean.shape != second.mean.shape:
    raise ValueError(
      f"The Gaussians have {len(first.mean)} and {len(second.mean)} features, "
      "but both must come from the same feature extractor."
    )
  shift = first.mean - second.mean
  cross = np.linalg.svd(first.factor @ second.factor.T, compute_uv=False)
  return float(
    shift @ shift
    + np.sum(first.factor**2)
    + np.sum(second.factor**2)
    - 2.0 * np.sum(cross)
  )


@gin.configurable(denylist=["real_features", "fake_features"])
def fid(real_features, fake_features):
  """Returns the FID; either set may also be a `Gaussian`, known beforehand."""
  sets = {"real_features": real_features, "fake_features": fake_features}
  check(**{k: x for k, x in sets.items() if not isinstance(x, Gaussian)})
  first, second = (
    x if isinstance(x, Gaussian) else Moments().add(x).gaussian()
    for x in sets.values()
  )
  return {"fid": frechet_distance(first, second)}
