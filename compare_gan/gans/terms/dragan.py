"""Slopes of 1 around real images."""

from typing import Callable
from typing import Optional

from compare_gan.gans.terms import PENALTY_LIB
from compare_gan.gans.terms import slopes
from compare_gan.layers.moments import cross_replica_moments
import gin
import tensorflow as tf


@gin.configurable(
  module=PENALTY_LIB, denylist=["discriminator", "x", "y", "uniform"]
)
def dragan_penalty(
  discriminator: Callable,
  x: tf.Tensor,
  y: Optional[tf.Tensor],
  uniform: Callable[..., tf.Tensor],
) -> tf.Tensor:
  """Unit slopes around real images (https://arxiv.org/abs/1705.07215).

  For pixels in [0, 1], as in the original. The paper's weight is 10. The noise
  has the standard deviation of all pixels of the batch. Noisy pixels stay
  within [0, 1]. If an augmentation has moved pixels out of this range, the
  range extends to them, so that the points lie around the images that D sees.
  """
  _, variance = cross_replica_moments(x, [0, 1, 2, 3], parallel=False)
  noise = tf.sqrt(variance) * (uniform(tf.shape(x)) - 0.5)
  low, high = tf.minimum(x, 0.0), tf.maximum(x, 1.0)
  around = tf.clip_by_value(x + noise, low, high)
  norms = slopes.norms(slopes.gradients(discriminator, around, y))
  return tf.reduce_mean(tf.square(norms - 1.0))
