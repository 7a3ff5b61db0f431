"""The 4x4 ends of R3GAN's networks (https://arxiv.org/abs/2501.05441).

Each channel has one learnt 4x4 image: G scales it, D takes the product with it.
"""

from compare_gan.context.scope import Module
from compare_gan.context.scope import variable
from compare_gan.layers import initializers
from compare_gan.layers.linear import Linear
import tensorflow as tf


class GenerativeBasis(Module):
  """basis[h, w, c] * (z W)[n, c]: each channel is one learnt 4x4 image."""

  def __init__(self, z_dim: int, channels: int) -> None:
    super().__init__()
    self.basis = variable("basis", [4, 4, channels], initializers.normal(1.0))
    self.fc = Linear(
      z_dim,
      channels,
      use_bias=False,
      init=initializers.fan_in_normal(),
      name="fc",
    )

  def __call__(self, z: tf.Tensor, is_training: bool) -> tf.Tensor:
    return self.basis * self.fc(z, is_training)[:, None, None, :]


class DiscriminativeBasis(Module):
  """sum over h, w of basis[h, w, c] * x[n, h, w, c], and a linear layer."""

  def __init__(self, channels: int, units: int) -> None:
    super().__init__()
    self.channels = channels
    self.basis = variable("basis", [4, 4, channels], initializers.normal(0.25))
    self.fc = Linear(
      channels,
      units,
      use_bias=False,
      init=initializers.fan_in_normal(),
      name="fc",
    )

  def features(self, x: tf.Tensor) -> tf.Tensor:
    """Returns [N, channels], in float32."""
    return tf.reduce_sum(self.basis * tf.cast(x, tf.float32), axis=[1, 2])
