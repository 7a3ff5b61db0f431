"""Clipping of gradients by their norm, and of weights to an interval.

Both are off unless gin sets them, for the optimiser of D, of G or of both:

  optimizer.clip_norm = 1.0            both
  d/optimizer.clip_norm = 1.0          D's alone
  d/optimizer.clip_weights = 0.01      of a Wasserstein GAN

The norm is that of all gradients together, after averaging over micro-batches
and replicas and division by the loss scale, and before the optimiser (Adam).
The logged norm is the one before clipping.
"""

from collections.abc import Sequence
from typing import Any
from typing import Optional

from compare_gan.configuration import accepted
from compare_gan.context import scope
from compare_gan.gans.optimizer import GradientsAndVariables
from compare_gan.gans.optimizer import Wrapper
from compare_gan.gans.schedules import Step
import gin
import tensorflow as tf


class Clipped(Wrapper):
  """An optimiser whose gradients, or whose weights, are clipped.

  Args:
    optimizer: makes the steps.
    clip_norm: the largest global norm of the gradients, or None.
    clip_weights: the largest absolute value of a weight after a step, or None.
  """

  def __init__(
    self,
    optimizer: Any,
    clip_norm: Optional[accepted.Positive] = None,
    clip_weights: Optional[accepted.Positive] = None,
  ) -> None:
    super().__init__(optimizer)
    self._clip_norm = clip_norm
    self._clip_weights = clip_weights

  def apply_gradients(
    self,
    grads_and_vars: GradientsAndVariables,
    step: Step,
    when: Optional[tf.Tensor] = None,
  ) -> None:
    """Makes a step; see Optimizer.apply_gradients."""
    pairs = list(grads_and_vars)
    if self._clip_norm is not None:
      clipped = clip_by_norm([g for g, _ in pairs], self._clip_norm)
      pairs = [(g, w) for g, (_, w) in zip(clipped, pairs)]
    self.optimizer.apply_gradients(pairs, step, when)
    if self._clip_weights is None:
      return
    for _, w in pairs:
      value = tf.clip_by_value(w, -self._clip_weights, self._clip_weights)
      w.assign(value if when is None else tf.where(when, value, w))


def clip_by_norm(
  gradients: Sequence[tf.Tensor], clip_norm: float
) -> list[tf.Tensor]:
  """Returns g min(1, clip_norm / |g|), with |g| the norm over all gradients.

  (3, 4) becomes (0.6, 0.8) for clip_norm = 1. A norm that is not finite makes
  all of them NaN: with loss scaling the step is skipped before it gets here,
  and otherwise the training ends (hooks.NanGuard). Clipping would hide it.
  """
  norm = tf.linalg.global_norm(gradients)
  factor = tf.minimum(1.0, clip_norm / norm)
  # If all gradients are 0, 0 / 0 is not an error.
  factor = tf.where(norm > 0, factor, 1.0)
  factor = tf.where(tf.math.is_finite(norm), factor, float("nan"))
  return [factor * tf.convert_to_tensor(g) for g in gradients]


@gin.configurable("optimizer", denylist=["optimizer", "side", "variables"])
def clipped_as_bound(
  optimizer: Any,
  side: str,
  variables: Sequence[tf.Variable] = (),
  clip_norm: Optional[accepted.Positive] = None,
  clip_weights: Optional[accepted.Positive] = None,
) -> Any:
  """Returns the optimiser, clipped as `optimizer.*` in gin says.

  Args:
    optimizer: an Optimizer that has no slots yet.
    side: "d" or "g". Call it in this gin scope.
    variables: all of the networks, to refuse settings that do not suit them.
    clip_norm: of the gradients (Pascanu et al., 2013,
      https://arxiv.org/abs/1211.5063); None for no clipping. Costs one pass
      over the gradients.
    clip_weights: of D's weights (Arjovsky et al., 2017,
      https://arxiv.org/abs/1701.07875, c = 0.01), with biases and the gains of
      norms, as in the authors' code. None for no clipping.
  """
  for name, value in (("clip_norm", clip_norm), ("clip_weights", clip_weights)):
    if value is not None and not value > 0:
      raise ValueError(
        f"{side}/optimizer.{name} = {value!r}; it must be above 0, or None for "
        "no clipping."
      )
  if clip_weights is not None:
    _require_weights_that_count(side, clip_weights, variables)
  if clip_norm is None and clip_weights is None:
    return optimizer
  return Clipped(optimizer, clip_norm, clip_weights)


def _require_weights_that_count(
  side: str, clip_weights: float, variables: Sequence[tf.Variable]
) -> None:
  """Refuses clipping of G, and of weights whose size has no effect."""
  if side != "d":
    raise ValueError(
      f"optimizer.clip_weights = {clip_weights} acts on G too, but only D has "
      "to be Lipschitz. Bind d/optimizer.clip_weights instead."
    )
  for variable in variables:
    *_, layer, name = ["", *scope.full_name(variable).split("/")]
    if name == "u_var":
      found, gin_name = "spectral norm", "D.spectral_norm"
    elif name == "V":
      found, gin_name = "weight norm", "D.weight_norm"
    else:
      continue
    raise ValueError(
      f"d/optimizer.clip_weights = {clip_weights}, but {layer} has {found}, "
      "which divides by the size of the kernel: clipping it would have no such "
      f"effect. Set {gin_name} = False, or d/optimizer.clip_weights = None."
    )
