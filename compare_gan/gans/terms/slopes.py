"""The slope of D, on which many regularisers are based.

slope_n = |d D(x_n) / d x_n|, over all pixels of an image. The gradient is that
of the sum of all logits, so with batch norm in D the images of a pass mix.
Slopes can be differentiated again, with respect to D's weights.

Pixels are in [0, 1] here and in [-1, 1] in most papers, whose slopes are half
of ours. Regularisers take the papers' slopes, so that weights and targets are
the papers' too; penalties with `_penalty` in their name, which the original
had, take ours.
"""

from typing import Callable
from typing import Optional

from compare_gan.context import pixels
import tensorflow as tf


def gradients(
  discriminator: Callable, x: tf.Tensor, y: Optional[tf.Tensor]
) -> tf.Tensor:
  """Returns d logits / d x, differentiable itself."""
  with tf.GradientTape() as tape:
    tape.watch(x)
    logits = discriminator(x, y).logits
  return tape.gradient(logits, x)


def papers_gradients(
  discriminator: Callable, x: tf.Tensor, y: Optional[tf.Tensor]
) -> tf.Tensor:
  """Returns d logits / d x' for the papers' pixels, x' = 2 x - 1."""
  return pixels.PER_PAPERS_PIXEL * gradients(discriminator, x, y)


def squared_norms(gradients: tf.Tensor) -> tf.Tensor:
  """Returns [n], over all numbers of an example: pixels, or parts of a code."""
  axes = list(range(1, gradients.shape.rank))
  return tf.reduce_sum(tf.square(gradients), axes)


def norms(gradients: tf.Tensor, epsilon: float = 1e-4) -> tf.Tensor:
  """Returns [n], kept away from 0, where the square root has no slope."""
  return tf.sqrt(epsilon + squared_norms(gradients))


def half_mean_square(gradients: tf.Tensor) -> tf.Tensor:
  """Returns the mean of slope^2 / 2."""
  return 0.5 * tf.reduce_mean(squared_norms(gradients))
