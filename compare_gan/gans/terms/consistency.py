"""CR, bCR and zCR: the same score for an image and for a changed one.

Consistency Regularization for GANs (Zhang et al., 2019,
https://arxiv.org/abs/1910.12027) and Improved Consistency Regularization (Zhao
et al., 2020, https://arxiv.org/abs/2002.04724), whose ICR is `bcr`, `zcr` and,
for G, `zcr_diversity`. T flips an image with
probability 1/2 and then shifts it by up to an eighth of its size; the image is
reflected at its borders. The gradient goes into both scores.

The changed images are scored in the same pass as the others, so all kernels are
normalised alike. D's update takes 1.5 times as long with CR, twice as long with
bCR.
"""

from typing import Callable
from typing import Optional

from compare_gan.configuration import accepted
from compare_gan.context import pixels
from compare_gan.gans.seen import View
from compare_gan.gans.terms import TERMS
import gin
import tensorflow as tf


@gin.configurable("cr", module=TERMS)
class CR:
  """Mean of (D(x) - D(T(x)))^2 over real images. The paper's weight is 10.

  Args:
    shift: T's largest shift, as a share of height and width.
    with_augmentation: allows a policy of augmentation too: D(x) is then the
      score of the augmented x, as in public code.
  """

  def __init__(
    self, shift: accepted.Share = 0.125, with_augmentation: bool = False
  ) -> None:
    self._shift = shift
    self.allows_augmentation = with_augmentation

  def views(
    self,
    raw_x: tf.Tensor,
    y: Optional[tf.Tensor],
    uniform: Callable[..., tf.Tensor],
  ) -> list[View]:
    return [View(flipped_and_shifted(raw_x, uniform, self._shift), y)]

  def __call__(
    self, real_logits: tf.Tensor, view_logits: list[tf.Tensor]
  ) -> tf.Tensor:
    return _mean_squared_difference(real_logits, view_logits[0])


@gin.configurable("bcr", module=TERMS)
class BCR:
  """CR of real and of fake images. The paper's weight is 10 for both.

  Args:
    real, fake: factors of the two halves.
    shift, with_augmentation: as for cr.
  """

  def __init__(
    self,
    real: accepted.NotNegative = 1.0,
    fake: accepted.NotNegative = 1.0,
    shift: accepted.Share = 0.125,
    with_augmentation: bool = False,
  ) -> None:
    self._real, self._fake, self._shift = real, fake, shift
    self.allows_augmentation = with_augmentation

  def views(
    self,
    raw_x: tf.Tensor,
    y: Optional[tf.Tensor],
    raw_x_fake: tf.Tensor,
    y_fake: Optional[tf.Tensor],
    uniform: Callable[..., tf.Tensor],
  ) -> list[View]:
    pairs = ((raw_x, y), (raw_x_fake, y_fake))
    return [
      View(flipped_and_shifted(x, uniform, self._shift), label)
      for x, label in pairs
    ]

  def __call__(
    self,
    real_logits: tf.Tensor,
    fake_logits: tf.Tensor,
    view_logits: list[tf.Tensor],
  ) -> tf.Tensor:
    real = _mean_squared_difference(real_logits, view_logits[0])
    fake = _mean_squared_difference(fake_logits, view_logits[1])
    return self._real * real + self._fake * fake


@gin.configurable("zcr", module=TERMS)
class ZCR:
  """Mean of (D(G(z)) - D(G(z + s n)))^2, n from N(0, I). For D; weight 5 to 20.

  Args:
    sigma: s, standard deviation of the noise that is added to z.
    with_augmentation: as for cr.
  """

  def __init__(
    self, sigma: accepted.NotNegative = 0.05, with_augmentation: bool = False
  ) -> None:
    self._sigma = sigma
    self.allows_augmentation = with_augmentation

  def views(
    self,
    generator: Callable,
    z: tf.Tensor,
    y_fake: Optional[tf.Tensor],
    normal: Callable[..., tf.Tensor],
  ) -> list[View]:
    near = generator(z + self._sigma * normal(tf.shape(z)), y_fake)
    return [View(tf.stop_gradient(near), y_fake)]

  def __call__(
    self, fake_logits: tf.Tensor, view_logits: list[tf.Tensor]
  ) -> tf.Tensor:
    return _mean_squared_difference(fake_logits, view_logits[0])


@gin.configurable(
  module=TERMS, denylist=["raw_x_fake", "generator", "z", "y_fake", "normal"]
)
def zcr_diversity(
  raw_x_fake: tf.Tensor,
  generator: Callable,
  z: tf.Tensor,
  y_fake: Optional[tf.Tensor],
  normal: Callable[..., tf.Tensor],
  sigma: accepted.NotNegative = 0.05,
) -> tf.Tensor:
  """Minus the mean of (G(z) - G(z + s n))^2, of pixels in [-1, 1].

  For G, to make it give different images for similar codes. The paper's weight
  is 0.5. The gradient goes into both images.

  Args:
    raw_x_fake, generator, z, y_fake, normal: see gans/seen.py.
    sigma: standard deviation of the noise that is added to z.
  """
  near = generator(z + sigma * normal(tf.shape(z)), y_fake)
  return diversity(raw_x_fake, near)


def diversity(images: tf.Tensor, near: tf.Tensor) -> tf.Tensor:
  """Returns minus the mean squared difference, for the papers' pixels."""
  return -_mean_squared_difference(
    pixels.to_papers(images), pixels.to_papers(near)
  )


def _mean_squared_difference(a, b):
  return tf.reduce_mean(tf.square(a - b))


def flipped_and_shifted(
  x: tf.Tensor, uniform: Callable[..., tf.Tensor], share: float
) -> tf.Tensor:
  """Returns T(x): each image [H, W, C] flipped by chance, shifted at random."""
  n = tf.shape(x)[0]
  flip = uniform([n, 1], 0, 2, dtype=tf.int32)
  shifts = []
  for size in x.shape[1:3]:
    most = int(size * share)
    shifts.append(uniform([n, 1], -most, most + 1, dtype=tf.int32))
  return transformed(x, flip, *shifts)


def transformed(
  x: tf.Tensor, flip: tf.Tensor, dy: tf.Tensor, dx: tf.Tensor
) -> tf.Tensor:
  """Returns out[i, j] = flipped x[i + dy, j + dx], reflected at the borders.

  Args:
    x: [N, H, W, C].
    flip: [N, 1], 1 where the image is mirrored, before the shift.
    dy, dx: [N, 1], whole pixels, less than H and W.
  """
  height, width = x.shape[1:3]
  rows = _reflected(tf.range(height) + dy, height)
  columns = _reflected(tf.range(width) + dx, width)
  columns = tf.where(flip > 0, width - 1 - columns, columns)
  x = tf.gather(x, rows, axis=1, batch_dims=1)
  return tf.gather(x, columns, axis=2, batch_dims=1)


def _reflected(indices, size):
  """Returns indices as REFLECT padding does: the edge is not repeated."""
  indices = tf.abs(indices)
  return tf.minimum(indices, 2 * (size - 1) - indices)
