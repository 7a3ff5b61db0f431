"""First values of variables: `init(rng, shape)` -> float32 array.

Drawn on the host with `numpy.random.RandomState`, whose streams are the same on
every machine and version, so that one seed means the same network everywhere.
"""

from collections.abc import Sequence
from typing import Annotated
from typing import Callable
import warnings

from compare_gan.configuration import accepted
from compare_gan.configuration import gin_roles
from compare_gan.layers import gin_names
import gin
import numpy as np
import scipy.linalg

# Every layer of the original passes this, whatever `weights.stddev` says.
_STDDEV = 0.02


def constant(
  value: float,
) -> Callable[[np.random.RandomState, Sequence[int]], np.ndarray]:
  return lambda rng, shape: np.full(shape, value, np.float32)


zeros = constant(0.0)
ones = constant(1.0)


def normal(
  stddev: float,
) -> Callable[[np.random.RandomState, Sequence[int]], np.ndarray]:
  def init(rng: np.random.RandomState, shape: Sequence[int]) -> np.ndarray:
    return (stddev * rng.standard_normal(shape)).astype(np.float32)

  return init


def truncated_normal(
  stddev: float,
) -> Callable[[np.random.RandomState, Sequence[int]], np.ndarray]:
  """A normal cut at 2 `stddev`; the actual deviation is 0.88 `stddev`."""

  def init(rng: np.random.RandomState, shape: Sequence[int]) -> np.ndarray:
    values = rng.standard_normal(shape)
    while True:
      outside = np.abs(values) > 2.0
      count = np.count_nonzero(outside)
      if not count:
        return (stddev * values).astype(np.float32)
      values[outside] = rng.standard_normal(count)

  return init


def fan_in_normal(
  gain: float = 1.0,
) -> Callable[[np.random.RandomState, Sequence[int]], np.ndarray]:
  """A normal of deviation gain / sqrt(fan_in), fan_in = prod(shape[:-1])."""

  def init(rng: np.random.RandomState, shape: Sequence[int]) -> np.ndarray:
    return normal(gain / np.sqrt(np.prod(shape[:-1])))(rng, shape)

  return init


def orthogonal(rng: np.random.RandomState, shape: Sequence[int]) -> np.ndarray:
  """Orthonormal columns (or rows) of the matrix [prod(shape[:-1]), shape[-1]].

  Q of a Gaussian's QR decomposition, with the signs of R's diagonal moved into
  Q: without them Q is not uniform (Mezzadri, 2007, arXiv:math-ph/0609050).
  """
  rows, columns = int(np.prod(shape[:-1])), int(shape[-1])
  tall = (max(rows, columns), min(rows, columns))
  gaussian = rng.standard_normal(tall).astype(np.float32)
  q, r = scipy.linalg.qr(
    gaussian, mode="economic", overwrite_a=True, check_finite=False
  )
  q = q * np.where(np.diag(r) < 0, -1.0, 1.0).astype(np.float32)
  return (q if rows >= columns else q.T).reshape(shape)


def glorot_normal(
  rng: np.random.RandomState, shape: Sequence[int]
) -> np.ndarray:
  """Truncated normal of variance 2 / (fan_in + fan_out) (Glorot, 2010)."""
  receptive_field = int(np.prod(shape[:-2]))
  fans = receptive_field * (shape[-2] + shape[-1])
  # The cut at two deviations leaves 0.8796 of the deviation.
  return truncated_normal(np.sqrt(2.0 / fans) / 0.87962566103423978)(rng, shape)


_BY_NAME = {
  "normal": normal(_STDDEV),
  "truncated": truncated_normal(_STDDEV),
  "orthogonal": orthogonal,
}


gin_roles.declare("weights", first_values=["initializer", "stddev"])


@gin.configurable("weights", module=gin_names.ARCH_OPS)
def weights(
  initializer: Annotated[str, accepted.OneOf(*_BY_NAME)] = "normal",
  stddev: float = _STDDEV,
) -> Callable[[np.random.RandomState, Sequence[int]], np.ndarray]:
  """Returns the initialiser of every kernel: `weights.initializer`.

  `weights.stddev` has no effect, as in the original, and says so.

  Args:
    initializer: "normal", or "truncated", a normal cut at two deviations, both
      of deviation 0.02; or "orthogonal", orthonormal filters.
    stddev: has no effect; a value other than 0.02 causes a warning.
  """
  if stddev != _STDDEV:
    warnings.warn(
      f"weights.stddev = {stddev} has no effect: every kernel starts with a "
      f"standard deviation of {_STDDEV}, as it did in google/compare_gan.",
      stacklevel=2,
    )
  if initializer not in _BY_NAME:
    raise ValueError(
      f"weights.initializer = {initializer!r} is unknown. It can be "
      f"{', '.join(map(repr, _BY_NAME))}."
    )
  return _BY_NAME[initializer]
