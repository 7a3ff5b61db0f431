"""Slopes of 1 between real and fake images."""

from typing import Callable
from typing import Optional

from compare_gan.gans.terms import PENALTY_LIB
from compare_gan.gans.terms import slopes
import gin
import tensorflow as tf


@gin.configurable(
  module=PENALTY_LIB, denylist=["discriminator", "x", "x_fake", "y", "uniform"]
)
def wgangp_penalty(
  discriminator: Callable,
  x: tf.Tensor,
  x_fake: tf.Tensor,
  y: Optional[tf.Tensor],
  uniform: Callable[..., tf.Tensor],
) -> tf.Tensor:
  """Unit slopes between real and fake images (https://arxiv.org/abs/1704.00028).

  For pixels in [0, 1], as in the original: a slope of 1/2 for the paper's
  pixels in [-1, 1], for which there is `gradient_penalty`. The paper's weight
  is 10.
  """
  alpha = uniform([tf.shape(x)[0], 1, 1, 1])
  between = x + alpha * (x_fake - x)
  norms = slopes.norms(slopes.gradients(discriminator, between, y))
  return tf.reduce_mean(tf.square(norms - 1.0))
