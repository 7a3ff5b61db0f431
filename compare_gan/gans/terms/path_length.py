"""Path length: steps of one size in the codes change images by one size.

Analyzing and Improving the Image Quality of StyleGAN (Karras et al., 2020,
https://arxiv.org/abs/1912.04958). For G; meant to be lazy, with an interval of
4 and a weight of 2. It costs a pass of G forward, back, and back again, over
half a batch.
"""

import math
from typing import Callable
from typing import Optional

from compare_gan.configuration import accepted
from compare_gan.context import pixels
from compare_gan.context.scope import Module
from compare_gan.context.scope import variable
from compare_gan.gans.terms import TERMS
from compare_gan.layers import initializers
import gin
import tensorflow as tf


@gin.configurable("path_length", module=TERMS)
class PathLength(Module):
  """Mean of (len_i - a)^2, a the moving average of len.

  len_i = sqrt(mean over layers of |J_i|^2), J_i = d sum(image_i n_i) / d w_i,
  n_i from N(0, I / (H W)), of pixels in [-1, 1]. w are the styles [N, layers,
  dim] of a generator that has them, otherwise z. This batch moves the average
  before it is used, and its share has a gradient.

  Args:
    decay: the share of the batch in the average.
    fraction: of the batch that is used.
  """

  def __init__(
    self, decay: accepted.Share = 0.01, fraction: accepted.Share = 0.5
  ) -> None:
    super().__init__()
    self._decay = decay
    if not 0 < fraction <= 1:
      raise ValueError(
        f"path_length.fraction = {fraction!r}. It must be in (0, 1]."
      )
    self._fraction = fraction
    self.mean = variable("mean", [], initializers.zeros, trainable=False)

  def __call__(
    self,
    styles: Callable,
    synthesis: Callable,
    z: tf.Tensor,
    y_fake: Optional[tf.Tensor],
    normal: Callable[..., tf.Tensor],
  ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
    """Returns the term, and the mean length that moves the average."""
    n = tf.shape(z)[0] if z.shape[0] is None else z.shape[0]
    some = self._share_of(n)
    codes = normal(tf.shape(z))[:some]  # fresh ones
    y = None if y_fake is None else y_fake[:some]
    w = styles(codes, y)
    with tf.GradientTape() as tape:
      tape.watch(w)
      images = pixels.to_papers(synthesis(w, y))
      noise = normal(tf.concat([[n], tf.shape(images)[1:]], 0))[:some]
      along = tf.reduce_sum(images * scaled(noise))
    found = lengths(tape.gradient(along, w))
    mean = tf.reduce_mean(found)
    moved = self.moved(mean)
    value = tf.reduce_mean(tf.square(found - moved))
    return value, {"length": tf.stop_gradient(mean)}

  def _share_of(self, n):
    """Returns how many of n rows are used, rounded up."""
    if isinstance(n, int):
      return math.ceil(self._fraction * n)
    return tf.cast(
      tf.math.ceil(self._fraction * tf.cast(n, tf.float32)), n.dtype
    )

  def moved(self, mean: tf.Tensor) -> tf.Tensor:
    """Returns the average after a batch whose mean length is `mean`."""
    return self.mean + self._decay * (mean - self.mean)

  def move(self, length: tf.Tensor) -> None:
    self.mean.assign(self.moved(length))


def scaled(noise: tf.Tensor) -> tf.Tensor:
  """Returns N(0, I) images [N, H, W, C] as N(0, I / (H W))."""
  area = tf.cast(tf.shape(noise)[1] * tf.shape(noise)[2], tf.float32)
  return noise / tf.sqrt(area)


def lengths(gradients: tf.Tensor) -> tf.Tensor:
  """Returns [N]: for each image the root of the mean over layers of |J|^2."""
  squares = tf.reduce_sum(tf.square(gradients), axis=-1)  # [N] or [N, layers]
  if squares.shape.rank > 1:
    squares = tf.reduce_mean(squares, axis=1)
  return tf.sqrt(squares)
