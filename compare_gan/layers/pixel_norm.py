"""Pixelwise normalisation of feature vectors (https://arxiv.org/abs/1710.10196).

  y = x / sqrt(mean over C of x^2 + epsilon)

without variables. EDM2 (https://arxiv.org/abs/2312.02696) adds epsilon to the
root instead: `pixel_norm.epsilon_outside_root = True`, with an epsilon of 1e-4.

Chosen by `G.batch_norm_fn = @pixel_norm`. The paper normalises after the
activation; here it takes the place of the architecture's normaliser.
"""

from typing import Callable
from typing import Optional

from compare_gan.configuration import accepted
from compare_gan.context.scope import Module
from compare_gan.layers.gin_names import ARCH_OPS
from compare_gan.layers.gin_names import NORM_INPUTS
from compare_gan.layers.kernel import Kernel
import gin
import tensorflow as tf

_SMALLEST = 1e-30  # The root has no derivative at 0.


def unit_square(x: tf.Tensor, epsilon: float = 1e-8) -> tf.Tensor:
  """Returns x / sqrt(mean over C of x^2 + epsilon), for x [..., C]."""
  square = tf.reduce_mean(tf.square(x), axis=-1, keepdims=True)
  return x * tf.math.rsqrt(square + epsilon)


@gin.configurable("pixel_norm", module=ARCH_OPS, denylist=NORM_INPUTS)
class PixelNorm(Module):
  """Feature vectors of length sqrt(C), for x [N, H, W, C] or [N, C].

  Args:
    channels, z_dim, y_dim, kernel_fn, name: see batch_norm.py.
    epsilon: keeps a vector of zeros finite.
    epsilon_outside_root: adds epsilon to the root, as in EDM2, not below it.
  """

  def __init__(
    self,
    channels: int,
    z_dim: int = 0,
    y_dim: int = 0,
    kernel_fn: Callable[..., tf.Module] = Kernel,
    name: str = "batch_norm",
    epsilon: accepted.Positive = 1e-8,
    epsilon_outside_root: bool = False,
  ) -> None:
    super().__init__()
    del z_dim, y_dim, kernel_fn
    if channels < 2:
      raise ValueError(
        f"pixel_norm keeps only the sign of {channels} channel, which is all "
        f"that {name} has. Choose another G.batch_norm_fn or D.batch_norm_fn."
      )
    self._epsilon = epsilon
    self._epsilon_outside_root = epsilon_outside_root

  def __call__(
    self,
    x: tf.Tensor,
    z: Optional[tf.Tensor],
    y: Optional[tf.Tensor],
    is_training: bool,
  ) -> tf.Tensor:
    del z, y, is_training
    full = tf.cast(x, tf.float32)
    if not self._epsilon_outside_root:
      return tf.cast(unit_square(full, self._epsilon), x.dtype)
    square = tf.reduce_mean(tf.square(full), axis=-1, keepdims=True)
    length = tf.sqrt(tf.maximum(square, _SMALLEST))
    return tf.cast(full / (self._epsilon + length), x.dtype)
