"""Frechet Inception distance, FID (https://arxiv.org/abs/1706.08500).

  |m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2)

With S = F^T F the last trace is the sum of the singular values of F1 F2^T. This
multiplies no covariances, which would square the condition number, and takes no
root of one: such roots cause errors of up to tens of percent in float32 and
1e-7 in float64. Nothing is added to a diagonal, and a rounding error below 0
stays visible.
"""

from typing import NamedTuple
from typing import Optional
from typing import Union

from compare_gan.metrics import contract
from compare_gan.metrics.rows import blocks
from compare_gan.metrics.rows import check
import gin
import numpy as np
import scipy.linalg

_AT_A_TIME = 1024  # rows that are copied at once


class Gaussian(NamedTuple):
  """The normal distribution with covariance factor^T factor."""

  mean: np.ndarray  # [D]
  factor: np.ndarray  # [rank, D]

  @classmethod
  def from_covariance(
    cls, mean: np.ndarray, covariance: np.ndarray
  ) -> "Gaussian":
    """Returns the Gaussian of given statistics, such as `mu` and `sigma`."""
    mean = np.asarray(mean, np.float64)
    # Pivots below D * eps * (the largest variance) are rounding errors, whose
    # roots would be 1e-8: the factor ends there. Without such pivots rows need
    # not be swapped, which is several times as fast.
    least = len(mean) * np.finfo(np.float64).eps * np.diag(covariance).max()
    upper, failed = scipy.linalg.lapack.dpotrf(covariance)
    if not failed and np.diag(upper).min() ** 2 > least:
      return cls(mean, upper)
    upper, pivots, rank, _ = scipy.linalg.lapack.dpstrf(covariance)
    factor = np.zeros([rank, len(mean)])
    factor[:, pivots - 1] = np.triu(upper)[:rank]
    return cls(mean, factor)

  @property
  def covariance(self) -> np.ndarray:
    return self.factor.T @ self.factor


class Moments:
  """Mean and covariance of rows that come in batches of any size.

  The mean o of the first rows is subtracted, so that little cancels:
  sum (x - m)(x - m)^T = sum (x - o)(x - o)^T - n (m - o)(m - o)^T. Up to 2 * D
  rows are buffered, which turns many small batches into few large products, and
  a set of at most D rows is its own exact factor.
  """

  def __init__(self) -> None:
    self.count = 0
    self._waiting = self._origin = np.zeros(0)  # until the first rows
    self._filled = 0  # rows in the buffer
    self._total = np.zeros(0)  # sum of (row - origin) of the others
    self._squares = np.zeros(
      0
    )  # the upper triangle of sum (row - origin)^T (...)

  def add(self, rows: np.ndarray) -> "Moments":
    """Adds rows [N, D]; returns itself."""
    check(least=0, rows=rows)
    rows = np.asarray(rows)
    if not len(rows):
      return self
    if not self.count:
      _, first = next(blocks(rows))
      self._origin = first.mean(axis=0)
      self._total = np.zeros(len(self._origin))
      self._waiting = np.empty([2 * rows.shape[1], rows.shape[1]])
    elif rows.shape[1] != len(self._origin):
      raise ValueError(
        f"Rows of {rows.shape[1]} numbers were added after rows of "
        f"{len(self._origin)}."
      )
    taken = 0
    while taken < len(rows):
      free = self._waiting[self._filled : self._filled + len(rows) - taken]
      # Converts, shifts and copies in one pass over memory.
      np.subtract(rows[taken : taken + len(free)], self._origin, out=free)
      taken += len(free)
      self._filled += len(free)
      if self._filled == len(self._waiting):
        self._sum()
    self.count += len(rows)
    return self

  def gaussian(self) -> Gaussian:
    """Returns the Gaussian with this mean and the unbiased covariance."""
    if self.count < 2:
      raise ValueError(
        f"A covariance needs 2 rows or more, but there are {self.count}."
      )
    if self.count <= len(self._origin):
      rows = self._waiting[: self._filled]
      mean = rows.mean(axis=0)
      factor = (rows - mean) / np.sqrt(self.count - 1)
      return Gaussian(self._origin + mean, factor)
    self._sum()
    shift = self._total / self.count
    scatter = np.triu(self._squares)
    scatter += np.triu(scatter, 1).T
    scatter -= self.count * np.outer(shift, shift)
    return Gaussian.from_covariance(
      self._origin + shift, scatter / (self.count - 1)
    )

  def _sum(self):
    rows = self._waiting[: self._filled]
    if not self._squares.size:
      d = len(self._origin)
      self._squares = np.zeros([d, d], order="F")
    self._total = self._total + np.ones(len(rows)) @ rows
    # rows.T has BLAS's memory order: nothing is copied; half is computed.
    self._squares = scipy.linalg.blas.dsyrk(
      1.0, rows.T, beta=1.0, c=self._squares, overwrite_c=True
    )
    self._filled = 0


def frechet_distance(first: Gaussian, second: Gaussian) -> float:
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


def gaussian_of(rows: Union[np.ndarray, Gaussian]) -> Gaussian:
  """Returns the Gaussian of rows [N, D]; returns a Gaussian as it is."""
  return rows if isinstance(rows, Gaussian) else Moments().add(rows).gaussian()


def distance_of(
  real_features: Union[np.ndarray, Gaussian],
  fake_features: Union[np.ndarray, Gaussian],
  resamples: Optional[dict[str, np.ndarray]] = None,
) -> Union[float, np.ndarray]:
  """Returns the squared Frechet distance of sets of rows, or of Gaussians.

  Args:
    real_features, fake_features: rows [N, D], or each a Gaussian.
    resamples: see contract.takes_resamples; the result is then an array of
      their distances.
  """
  sets = {"real_features": real_features, "fake_features": fake_features}
  rows = {k: x for k, x in sets.items() if not isinstance(x, Gaussian)}
  check(2, **rows)
  if resamples is None:
    return frechet_distance(*map(gaussian_of, sets.values()))
  return np.array(
    [
      _quick_distance(
        _gaussian_of_chosen(real_features, real),
        _gaussian_of_chosen(fake_features, fake),
      )
      for real, fake in zip(resamples["real"], resamples["fake"])
    ]
  )


def _quick_distance(first, second):
  """Returns the squared Frechet distance in a quarter of the time.

  The singular values are roots of eigenvalues here, so that those below 1e-8 of
  the largest one are rounding errors. Intervals tolerate them.
  """
  shift = first.mean - second.mean
  cross = first.factor @ second.factor.T
  if len(cross) > cross.shape[1]:
    cross = cross.T
  squares = np.linalg.eigvalsh(cross @ cross.T)
  return (
    shift @ shift
    + np.sum(first.factor**2)
    + np.sum(second.factor**2)
    - 2.0 * np.sum(np.sqrt(np.maximum(squares, 0.0)))
  )


def _gaussian_of_chosen(rows, chosen):
  """Returns the Gaussian of the rows that bools [N] choose."""
  moments = Moments()
  chosen = np.flatnonzero(chosen)
  for start in range(0, len(chosen), _AT_A_TIME):
    moments.add(rows[chosen[start : start + _AT_A_TIME]])
  return moments.gaussian()


@gin.configurable(denylist=["real_features", "fake_features", "resamples"])
@contract.takes_gaussian("real_features", "fake_features")
@contract.takes_resamples
@contract.declare(
  contract.Score(
    "fid", contract.LOWER, low=0.0, unit="squared distance of features"
  ),
)
def fid(
  real_features: Union[np.ndarray, Gaussian],
  fake_features: Union[np.ndarray, Gaussian],
  resamples: Optional[dict[str, np.ndarray]] = None,
) -> dict[str, Union[float, np.ndarray]]:
  """Returns the FID; either set may also be a `Gaussian`, known beforehand."""
  return {"fid": distance_of(real_features, fake_features, resamples)}
