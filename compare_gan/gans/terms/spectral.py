"""Spectral regularisation: kernels that stretch little.

Spectral Norm Regularization for Improving the Generalizability of Deep Learning
(Yoshida & Miyato, 2017, https://arxiv.org/abs/1705.10941). It costs one power
iteration for each kernel and update, independent of the batch.
"""

from collections.abc import Sequence
import math

from compare_gan.configuration import accepted
from compare_gan.context.scope import Module
from compare_gan.context.scope import scope
from compare_gan.context.scope import variable
from compare_gan.gans.terms import TERMS
from compare_gan.gans.terms.kernels import as_matrix
from compare_gan.gans.terms.kernels import require_kernels
from compare_gan.layers import initializers
from compare_gan.layers.spectral_norm import power_iteration
import gin
import tensorflow as tf


@gin.configurable("spectral_regularization", module=TERMS, denylist=["kernels"])
class SpectralRegularization(Module):
  """Half the sum of sigma(W)^2 over kernels. The paper's weight is 0.01.

  sigma = u^T W v with u and v from power iteration, constants for the gradient:
  d (sigma^2 / 2) = sigma u v^T. u is state, one for each kernel.

  Args:
    kernels: of one network, W = [prod(shape[:-1]), shape[-1]] each.
    iterations: of the power method at each update.
  """

  def __init__(
    self, kernels: Sequence[tf.Variable], iterations: accepted.Count = 1
  ) -> None:
    super().__init__()
    require_kernels(kernels, "spectral_regularization")
    self._kernels = list(kernels)
    self._iterations = iterations
    self.vectors = []
    for i, kernel in enumerate(kernels):
      # From the shape: there is no tensor before memory is allocated.
      rows = math.prod(kernel.shape[:-1])
      with scope(str(i)):
        self.vectors.append(
          variable("u", [rows, 1], initializers.normal(1.0), trainable=False)
        )

  def __call__(self) -> tf.Tensor:
    found = []
    for kernel, u in zip(self._kernels, self.vectors):
      w = as_matrix(kernel)
      u, v = power_iteration(w, u, self._iterations)
      found.append(half_square(w, u, v))
    return tf.add_n(found)

  def move(self) -> None:
    for kernel, u in zip(self._kernels, self.vectors):
      u.assign(power_iteration(as_matrix(kernel), u, self._iterations)[0])


def half_square(w: tf.Tensor, u: tf.Tensor, v: tf.Tensor) -> tf.Tensor:
  """Returns sigma^2 / 2, sigma = u^T W v."""
  return 0.5 * tf.square(tf.reduce_sum(u * tf.matmul(w, v)))
