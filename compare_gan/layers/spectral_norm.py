"""Spectral normalisation (Miyato et al., 2018, https://arxiv.org/abs/1802.05957).

The kernel is divided by an estimate of the largest singular value of the matrix
W = [prod(shape[:-1]), shape[-1]], R rows and K columns. One power iteration per
application keeps the estimate up to date; its vector `u_var` is state.
"""

from collections.abc import Sequence
from typing import Callable
from typing import Optional

from compare_gan.context import scope
from compare_gan.context import state
from compare_gan.layers import gin_names
from compare_gan.layers import initializers
import gin
import numpy as np
import tensorflow as tf


@gin.configurable(
  "spectral_norm", module=gin_names.ARCH_OPS, denylist=["shape", "init"]
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
  """

  def __init__(
    self,
    shape: Sequence[int],
    init: Optional[Callable] = None,
    epsilon: float = 1e-12,
    singular_value: str = "left",
    update_in_eval: bool = False,
  ) -> None:
    super().__init__()
    if len(shape) < 2:
      raise ValueError(
        f"Spectral norm needs a kernel of rank 2 or more, got shape {shape}."
      )
    if singular_value not in ("left", "right", "auto"):
      raise ValueError(
        f"spectral_norm.singular_value = {singular_value!r} is unknown. It can "
        "be 'left', 'right' or 'auto'."
      )
    self._epsilon = epsilon
    self._update_in_eval = update_in_eval
    rows, columns = int(np.prod(shape[:-1])), shape[-1]
    if singular_value == "auto":
      singular_value = "left" if rows <= columns else "right"
    self._left = singular_value == "left"
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

  def __call__(self, is_training: bool) -> tf.Tensor:
    w = tf.reshape(self.kernel, [-1, self.kernel.shape[-1]])  # [R, K]
    u, v = state.kept(lambda: self._power_iteration(tf.stop_gradient(w)))
    if is_training or self._update_in_eval:
      state.update(self.u_var, lambda: u)
    # u and v are constants: d sigma = u^T dW v.
    if self._left:
      sigma = tf.reduce_sum(u * tf.matmul(w, v))
    else:
      sigma = tf.reduce_sum(tf.matmul(v, w) * u)
    return self.kernel / sigma

  def _power_iteration(self, w):
    if self._left:
      v = self._unit(tf.matmul(w, self.u_var, transpose_a=True))  # [K, 1]
      return self._unit(tf.matmul(w, v)), v
    v = self._unit(tf.matmul(self.u_var, w, transpose_b=True))  # [1, R]
    return self._unit(tf.matmul(v, w)), v

  def _unit(self, a):
    return a * tf.math.rsqrt(
      tf.maximum(tf.reduce_sum(tf.square(a)), self._epsilon)
    )
