"""Power-function averages of weights, from which others can be made later.

EDM2 (Karras et al., 2023, https://arxiv.org/abs/2312.02696): the average of the
network's weights theta(tau) up to the present time t, with factors ~ tau^gamma.
You choose its width relative to t, sigma_rel: 0.1 averages over about the last
10 % of the training, whatever its length. The average is updated by

  average <- average + (1 - beta) (theta - average)
  beta = (1 - 1 / t)^(gamma + 1),   t steps, this one included

Two of them are tracked in training, and kept in snapshots with each checkpoint
(see storage/snapshots.py). Those are a basis: the average of another sigma_rel
at the same time is nearly a linear combination of all snapshots. So the length
of the average, which matters as much as any regulariser, need not be chosen in
advance:

  post_hoc_ema.sigma_rel = [0.05, 0.10]                      in training
  python -m compare_gan evaluate --model_dir X --ema 0.08    afterwards

Cost in training: for each sigma_rel, memory for one more copy of G's weights,
and on disk a half-precision copy for each checkpoint; the time is negligible.
Off by default.

The combination is found in float64: its matrix is nearly singular, and
coefficients have both signs and may be larger than 1. 64 to 128 snapshots per
training work well; 8 leave an error of about 0.5 % of the weights.
"""

from collections.abc import Sequence
import functools
import math
from typing import Any
from typing import NamedTuple
import warnings

from compare_gan.context import scope
from compare_gan.gans.schedules import Step
import gin
import numpy as np
import tensorflow as tf

SUFFIX = "/PowerFunctionAverage_"
# For gamma = 0, where all weights count equally. There is no wider profile.
_LARGEST = 1.0 / math.sqrt(12.0)
_RECONSTRUCTED = (0.015, 0.25)


class Profile(NamedTuple):
  """A power-function average: its end and its width."""

  t: float  # in any unit, the same for all profiles
  sigma_rel: float


def exponent(sigma_rel: float) -> float:
  """Returns the gamma of a relative width.

  sigma_rel^2 = (gamma + 1) / ((gamma + 2)^2 (gamma + 3)), solved for the
  largest real gamma: 0.05 -> 16.97, 0.10 -> 6.94, 0.20 -> 1.83.
  """
  if not 0 < sigma_rel < _LARGEST:
    raise ValueError(
      f"sigma_rel = {sigma_rel:g}; it must be above 0 and below "
      f"{_LARGEST:.7f}, the mean of all weights."
    )
  t = sigma_rel**-2
  roots = np.roots([1.0, 7.0, 16.0 - t, 12.0 - t])
  return float(max(roots[np.isreal(roots)].real))


def relative_width(gamma: float) -> float:
  """Returns the sigma_rel of an exponent, the inverse of `exponent`."""
  return math.sqrt((gamma + 1.0) / ((gamma + 2.0) ** 2 * (gamma + 3.0)))


# ---- In training -------------------------------------------------------------


@gin.configurable("post_hoc_ema")
class PowerAverages(scope.Module):
  """The tracked averages of a GAN's networks; none unless gin asks for them.

  Args:
    sigma_rel: a list of relative widths. EDM2 tracks [0.05, 0.10].
  """

  def __init__(self, sigma_rel: Sequence[float] = ()) -> None:
    super().__init__()
    if len(set(sigma_rel)) != len(sigma_rel):
      raise ValueError(
        f"post_hoc_ema.sigma_rel = {list(sigma_rel)} lists a width twice."
      )
    self._exponents = {width: exponent(width) for width in sigma_rel}
    self._averages: dict[str, list[tf.Variable]] = {
      suffix_of(width): [] for width in sigma_rel
    }
    self._weights: list[tf.Variable] = []

  def track(self, network: scope.Module) -> None:
    """Makes an average of each weight of a network, initially equal to it."""
    weights = network.trainable_variables if self._averages else ()
    self._weights = [*self._weights, *weights]
    for suffix, averages in self._averages.items():
      averages += [_average_of(w, suffix) for w in weights]

  def move(self, step: Step, stays: Any) -> None:
    """Moves all averages, unless the weights did not change.

    Args:
      step: how many steps the training has made before this one.
      stays: a bool or a bool tensor.
    """
    for averages, gamma in zip(
      self._averages.values(), self._exponents.values()
    ):
      gain = tf.where(stays, 0.0, gain_at(step, gamma))
      move_variables(averages, self._weights, gain)


def gain_at(step: Step, gamma: float) -> tf.Tensor:
  """Returns 1 - beta of the update after `step` others; 1 for the first.

  For large t, beta is so close to 1 that its float32 leaves 1 - beta few
  digits.
  """
  t = tf.cast(step, tf.float32) + 1.0
  return -tf.math.expm1((gamma + 1.0) * tf.math.log1p(-1.0 / t))


def move_variables(
  averages: Sequence[tf.Variable],
  weights: Sequence[tf.Variable],
  gain: Any,
) -> None:
  """Moves each average towards its weight by the gain, 1 - decay."""
  before: list[tf.Tensor] = []
  for average, weight in zip(averages, weights):
    with tf.control_dependencies(before):  # One difference at a time in memory.
      step = gain * (average - weight)
    average.assign_sub(step)
    before = [step]


def suffix_of(sigma_rel: float) -> str:
  """Returns the suffix of an average's name, after the weight's name."""
  return f"{SUFFIX}{sigma_rel:g}"


def _average_of(w: Any, suffix: str) -> Any:
  return scope.variable(
    f"{scope.full_name(w)}{suffix}",
    w.shape,
    lambda rng, shape: w.numpy(),
    trainable=False,
  )


# ---- Afterwards --------------------------------------------------------------


def inner_product(a: Profile, b: Profile) -> float:
  """Returns the inner product of two profiles, each with integral 1.

  (g_a + 1) (g_b + 1) rho / ((g_a + g_b + 1) max(t_a, t_b)), where rho is the
  ratio of the smaller to the larger time, to the power of the larger time's
  gamma.
  """
  g_a, g_b = _exponent(a.sigma_rel), _exponent(b.sigma_rel)
  ratio = min(a.t, b.t) / max(a.t, b.t)
  rho = ratio ** (g_b if a.t < b.t else g_a)
  return (g_a + 1) * (g_b + 1) * rho / ((g_a + g_b + 1) * max(a.t, b.t))


_exponent = functools.lru_cache(maxsize=None)(exponent)


def coefficients(snapshots: Sequence[Profile], wanted: Profile) -> np.ndarray:
  """Returns x, float64: sum_i x_i snapshot_i is nearest to the wanted profile.

  Least squares over profiles: A x = b with A_ij = <i, j>, b_i = <i, wanted>;
  then x is divided by its sum, so that a constant weight stays constant.

  Args:
    snapshots: with times up to that of the wanted profile, and one at it.
    wanted: the profile.
  """
  times = {profile.t for profile in snapshots}
  if wanted.t not in times or max(times) > wanted.t:
    raise ValueError(
      f"There are snapshots of {sorted(times)}; an average at t = "
      f"{wanted.t:g} needs those up to this time, and no later ones."
    )
  _warn_of_extrapolation(snapshots, wanted)
  products = [[inner_product(i, j) for j in snapshots] for i in snapshots]
  wanted_products = [inner_product(i, wanted) for i in snapshots]
  x = np.linalg.solve(np.array(products), np.array(wanted_products))
  return x / x.sum()


def _warn_of_extrapolation(
  snapshots: Sequence[Profile], wanted: Profile
) -> None:
  least, most = _RECONSTRUCTED
  tracked = sorted({profile.sigma_rel for profile in snapshots})
  if not least <= wanted.sigma_rel <= most:
    warnings.warn(
      f"sigma_rel = {wanted.sigma_rel:g} is outside of {least} to {most}, "
      "where power-function averages are reconstructed well.",
      stacklevel=3,
    )
  elif wanted.sigma_rel < tracked[0]:
    warnings.warn(
      f"sigma_rel = {wanted.sigma_rel:g} is below {tracked[0]:g}, the "
      "smallest that the training has tracked: this average is an "
      "extrapolation.",
      stacklevel=3,
    )
