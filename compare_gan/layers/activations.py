"""Activations that TensorFlow spells differently."""

from typing import Callable
from typing import Optional

from compare_gan.context import replica
import tensorflow as tf

# The least normal number of both: x + _LEAST > 0 exactly where x >= 0.
_LEAST = 2.0**-126
_HAVE_IT_AS_LEAST = (tf.float32, tf.bfloat16)


def lrelu(x: tf.Tensor, leak: float = 0.2) -> tf.Tensor:
  """Returns max(x, leak x), whose slope at 0 is 1; `leak` is from 0 to 1."""
  if replica.device_kind() and x.dtype in _HAVE_IT_AS_LEAST:
    return _fused_lrelu(x, leak)
  return tf.maximum(x, leak * x)


def _fused_lrelu(x, leak):
  """Returns the same by two operations, where autodiff makes ten.

  A convolution before it takes it in, too. The gradient of tf.nn.leaky_relu
  differs at 0, where its slope is `leak`: black pixels under a bias that is
  still 0 are exactly 0.
  """

  @tf.custom_gradient
  def fused(x: tf.Tensor) -> tuple[tf.Tensor, Callable]:
    def gradient(dy: tf.Tensor) -> tf.Tensor:
      return tf.raw_ops.LeakyReluGrad(
        gradients=dy, features=x + _LEAST, alpha=leak
      )

    return tf.nn.leaky_relu(x, leak), gradient

  return fused(x)


def scaled_lrelu(x: tf.Tensor, gain: float = 1.0) -> tf.Tensor:
  """Returns gain sqrt(2) lrelu(x), of about x's scale for a gain of 1."""
  return tf.nn.leaky_relu(x, 0.2) * (gain * 2.0**0.5)


def clamped(x: tf.Tensor, limit: Optional[float]) -> tf.Tensor:
  """Returns x between -limit and limit; float16 could not hold more."""
  return x if limit is None else tf.clip_by_value(x, -limit, limit)
