"""R1 of a discriminator of pairs, as BigBiGAN has."""

from typing import Callable
from typing import Optional

from compare_gan.gans.terms import PENALTY_LIB
from compare_gan.gans.terms import slopes
import gin
import tensorflow as tf


@gin.configurable(
  module=PENALTY_LIB, denylist=["joint_discriminator", "x", "code", "y"]
)
def joint_r1_penalty(
  joint_discriminator: Callable[..., tf.Tensor],
  x: tf.Tensor,
  code: tf.Tensor,
  y: Optional[tf.Tensor],
) -> tf.Tensor:
  """R1 (https://arxiv.org/abs/1801.04406) at real pairs of image and code.

  For pixels in [0, 1]; in [-1, 1] the images' share is a quarter of it.
  """
  with tf.GradientTape() as tape:
    tape.watch([x, code])
    scores = joint_discriminator(x, code, y)
  x_slopes, code_slopes = tape.gradient(
    scores, [x, code], unconnected_gradients=tf.UnconnectedGradients.ZERO
  )
  squares = slopes.squared_norms(x_slopes) + slopes.squared_norms(code_slopes)
  return 0.5 * tf.reduce_mean(squares)
