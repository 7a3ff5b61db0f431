"""Spectral normalisation (Miyato et al., 2018, https://arxiv.org/abs/1802.05957).

The kernel is divided by an estimate of the largest singular value of the matrix
W = [prod(shape[:-1]), shape[-1]], R rows and K columns. One power iteration per
application, or several, keep the estimate up to date; its vector `u_var` is
state.
"""

from collections.abc import Sequence
from typing import Annotated
from typing import Any
from typing import Callable
from typing import Optional

from compare_gan.configuration import accepted
from compare_gan.context import scope
from compare_gan.context import state
from compare_gan.layers import gin_names
from compare_gan.layers import initializers
import gin
import numpy as np
import tensorflow as tf


@gin.configurable(
  "spectral_norm",
  module=gin_names.ARCH_OPS,
  denylist=["shape", "init", "kernel_fn"],
)
class SpectralNorm(scope.Module):
  """`kernel / sigma(kernel)`.

  Args:
    shape: of the kernel, rank 2 or more.
    init: of the kernel.
    epsilon: lower bound of the squared norm of a vector that is normalised.
    singular_value: which vector is kept: "left" (of length R), "right" (of
      length K), or "auto", the shorter one.
    update_in_eval: the original moved `u_var` at every application, evaluation
      included. False (default): evaluation takes one iteration from the stored
      vector and leaves it alone, so that the same z gives the same image.
    power_iteration_rounds: how often each application iterates; TF-GAN's name.
    kernel_fn: makes the kernel that is divided. None: a variable.
    iterate_in_eval: False keeps the second vector too, `v_var`: evaluation then
      divides by the estimate of the last training step, without an iteration,
      like torch.nn.utils.spectral_norm.
  """

  def __init__(
    self,
    shape: Sequence[int],
    init: Optional[Callable] = None,
    epsilon: accepted.NotNegative = 1e-12,
    singular_value: Annotated[
      str, accepted.OneOf("left", "right", "auto")
    ] = "left",
    update_in_eval: bool = False,
    power_iteration_rounds: accepted.Count = 1,
    kernel_fn: Optional[Callable[..., Any]] = None,
    iterate_in_eval: bool = True,
  ) -> None:
    super().__init__()
    if update_in_eval and not iterate_in_eval:
      raise ValueError(
        "spectral_norm.update_in_eval = True keeps an iteration of evaluation, "
        "and spectral_norm.iterate_in_eval = False makes none. Set one of them "
        "to its default."
      )
    if len(shape) < 2:
      raise ValueError(
        f"Spectral norm needs a kernel of rank 2 or more, got shape {shape}."
      )
    if singular_value not in ("left", "right", "auto"):
      raise ValueError(
        f"spectral_norm.singular_value = {singular_value!r} is unknown. It can "
        "be 'left', 'right' or 'auto'."
      )
    if power_iteration_rounds < 1:
      raise ValueError(
        "spectral_norm.power_iteration_rounds = "
        f"{power_iteration_rounds}. It must be 1 or more."
      )
    self.rounds = power_iteration_rounds
    self._epsilon = epsilon
    self._update_in_eval = update_in_eval
    rows, columns = int(np.prod(shape[:-1])), shape[-1]
    if singular_value == "auto":
      singular_value = "left" if rows <= columns else "right"
    self._left = singular_value == "left"
    self.made_kernel = kernel_fn(shape, init) if kernel_fn else None
    # For the bias of the same layer, see equalized_learning_rate.py.
    self.bias_scale = getattr(self.made_kernel, "bias_scale", 1.0)
    if self.made_kernel is None:
      self.kernel = scope.variable(
        "kernel", shape, init or initializers.weights()
      )
    with scope.scope("kernel"):
      self.u_var = scope.variable(
        "u_var",
        [rows, 1] if self._left else [1, columns],
        initializers.normal(1.0),
        trainable=False,
      )
      self.v_var = None
      if not iterate_in_eval:
        self.v_var = scope.variable(
          "v_var",
          [columns, 1] if self._left else [1, rows],
          initializers.normal(1.0),
          trainable=False,
        )

  def __call__(self, is_training: bool) -> tf.Tensor:
    if self.made_kernel is None:
      kernel = self.kernel
    else:
      kernel = self.made_kernel(is_training)
    w = tf.reshape(kernel, [-1, kernel.shape[-1]])  # [R, K]
    if self.v_var is not None and not is_training:
      u, v = self.u_var, self.v_var
    else:
      u, v = state.kept(lambda: self._power_iteration(tf.stop_gradient(w)))
    if is_training or self._update_in_eval:
      state.update(self.u_var, lambda: u)
    if is_training and self.v_var is not None:
      state.update(self.v_var, lambda: v)
    # u and v are constants: d sigma = u^T dW v.
    if self._left:
      sigma = tf.reduce_sum(u * tf.matmul(w, v))
    else:
      sigma = tf.reduce_sum(tf.matmul(v, w) * u)
    return kernel / sigma

  def _power_iteration(self, w):
    u = self.u_var
    if self._left:
      return power_iteration(w, u, self.rounds, self._epsilon)
    for _ in range(self.rounds):
      v = _unit(tf.matmul(u, w, transpose_b=True), self._epsilon)  # [1, R]
      u = _unit(tf.matmul(v, w), self._epsilon)
    return u, v


def power_iteration(
  w: tf.Tensor, u: tf.Tensor, iterations: int, epsilon: float = 1e-12
) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns u [R, 1] and v [K, 1] of W [R, K], both without gradient."""
  w = tf.stop_gradient(w)
  for _ in range(iterations):
    v = _unit(tf.matmul(w, u, transpose_a=True), epsilon)
    u = _unit(tf.matmul(w, v), epsilon)
  return u, v


def _unit(a, epsilon):
  return a * tf.math.rsqrt(tf.maximum(tf.reduce_sum(tf.square(a)), epsilon))
