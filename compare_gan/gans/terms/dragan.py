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

  Of pixels in [0, 1], as in the original. The paper's weight is 10.
  The noise is as wide as the standard deviation of all pixels of the batch. It
  does not lead out of the pixels' range, [0, 1]. Pixels that an augmentation
  has moved out of it stay where D sees them: their range reaches as far as they
  do, so that the points lie around the images that D looks at.
  """
  _, variance = cross_replica_moments(x, [0, 1, 2, 3], parallel=False)
  noise = tf.sqrt(variance) * (uniform(tf.shape(x)) - 0.5)
  low, high = tf.minimum(x, 0.0), tf.maximum(x, 1.0)
  around = tf.clip_by_value(x + noise, low, high)
  norms = slopes.norms(slopes.gradients(discriminator, around, y))
  return tf.reduce_mean(tf.square(norms - 1.0))
