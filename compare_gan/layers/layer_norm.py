"""Layer normalisation of images (Ba et al., 2016, https://arxiv.org/abs/1607.06450)."""

from compare_gan.context.scope import Module
from compare_gan.context.scope import scope
from compare_gan.context.scope import variable
from compare_gan.layers import initializers
import tensorflow as tf

_EPSILON = 1e-12


class LayerNorm(Module):
  """Mean 0, variance 1 over H, W, C of an image; gamma, beta per channel."""

  def __init__(self, channels: int, name: str = "layer_norm") -> None:
    super().__init__()
    with scope(name):
      self.beta = variable("beta", [channels], initializers.zeros)
      self.gamma = variable("gamma", [channels], initializers.ones)

  def __call__(self, x: tf.Tensor) -> tf.Tensor:
    inputs_dtype = x.dtype
    x = tf.cast(x, tf.float32)
    mean, variance = tf.nn.moments(x, [1, 2, 3], keepdims=True)
    x = tf.nn.batch_normalization(
      x, mean, variance, self.beta, self.gamma, _EPSILON
    )
    return tf.cast(x, inputs_dtype)
