"""DiffAugment: what D sees is changed at random, real images and fakes alike.

Differentiable Augmentation for Data-Efficient GAN Training (Zhao et al., 2020,
https://arxiv.org/abs/2006.10738):

  augmentation.policy = "color,translation,cutout"

G's gradient goes through the changes, so D cannot tell real from fake by them,
nor does G learn to make them. They act at every update of D and G, in the order
of the policy. Penalties see what D sees: the changed images, and slopes are
those at them.

The paper's numbers are for pixels in [-1, 1], where 0, what translation moves
in and cutout leaves, is a medium grey; ours are mapped there and back, and are
not clipped.
"""

from typing import Callable

import gin
import tensorflow as tf


def brightness(x: tf.Tensor, uniform: Callable[..., tf.Tensor]) -> tf.Tensor:
  """Adds a number from [-0.5, 0.5) to each image, x [N, H, W, C]."""
  return x + (_one_each(x, uniform) - 0.5)


def saturation(x: tf.Tensor, uniform: Callable[..., tf.Tensor]) -> tf.Tensor:
  """Scales each image's distance from its grey version by [0, 2)."""
  grey = tf.reduce_mean(x, axis=3, keepdims=True)
  return grey + 2.0 * _one_each(x, uniform) * (x - grey)


def contrast(x: tf.Tensor, uniform: Callable[..., tf.Tensor]) -> tf.Tensor:
  """Scales each image's distance from its mean by [0.5, 1.5)."""
  mean = tf.reduce_mean(x, axis=[1, 2, 3], keepdims=True)
  return mean + (_one_each(x, uniform) + 0.5) * (x - mean)


def color(x: tf.Tensor, uniform: Callable[..., tf.Tensor]) -> tf.Tensor:
  """The three above, in this order."""
  for change in (brightness, saturation, contrast):
    x = change(x, uniform)
  return x


def translation(
  x: tf.Tensor, uniform: Callable[..., tf.Tensor], ratio: float = 0.125
) -> tf.Tensor:
  """Moves each image by up to `ratio` of its height and width; 0 moves in."""
  for axis in (1, 2):
    size = x.shape[axis]
    most = int(size * ratio + 0.5)
    shift = uniform([tf.shape(x)[0], 1], -most, most + 1, dtype=tf.int32)
    source = tf.range(size) - shift  # [N, size]
    moved = tf.gather(
      x, tf.clip_by_value(source, 0, size - 1), axis=axis, batch_dims=1
    )
    is_inside = tf.logical_and(source >= 0, source < size)
    x = moved * _along(axis, tf.cast(is_inside, x.dtype))
  return x


def cutout(
  x: tf.Tensor, uniform: Callable[..., tf.Tensor], ratio: float = 0.5
) -> tf.Tensor:
  """Sets a rectangle of `ratio` of height and width to 0 in each image.

  Its middle is anywhere in the image, so part of it may lie outside.
  """
  inside = 1.0
  for axis in (1, 2):
    size = x.shape[axis]
    side = int(size * ratio + 0.5)
    # An even side has its middle between two pixels: one place more.
    middle = uniform(
      [tf.shape(x)[0], 1], 0, size + (1 - side % 2), dtype=tf.int32
    )
    distance = tf.range(size) - (middle - side // 2)  # from its first pixel
    is_cut = tf.logical_and(distance >= 0, distance < side)
    inside *= _along(axis, tf.cast(is_cut, x.dtype))
  return x * (1.0 - inside)


def _one_each(x, uniform):
  return tf.cast(uniform([tf.shape(x)[0], 1, 1, 1]), x.dtype)


def _along(axis, values):
  """Returns values [N, size] as [N, size, 1, 1] or [N, 1, size, 1]."""
  if axis == 1:
    return values[:, :, None, None]
  return values[:, None, :, None]


_CHANGES = {"color": color, "translation": translation, "cutout": cutout}


@gin.configurable("augmentation", module="compare_gan.gans")
class Augmentation:
  """Changes images [N, H, W, C] in [0, 1] by a policy.

  Args:
    policy: names out of color, translation, cutout, with commas between them;
      "" changes nothing.
  """

  def __init__(self, policy: str = "") -> None:
    names = [name.strip() for name in policy.split(",") if name.strip()]
    unknown = [name for name in names if name not in _CHANGES]
    if unknown:
      raise ValueError(
        f"augmentation.policy = {policy!r} has {', '.join(unknown)}. It can be "
        f"{', '.join(_CHANGES)}, or several of them with commas between."
      )
    self._changes = [_CHANGES[name] for name in names]

  @property
  def changes(self) -> bool:
    """Returns whether it does anything."""
    return bool(self._changes)

  def __call__(
    self, images: tf.Tensor, uniform: Callable[..., tf.Tensor]
  ) -> tf.Tensor:
    """Returns the changed images.

    Args:
      images: in [0, 1].
      uniform: draws as draws.uniform does, row i for image i.
    """
    if not self._changes:
      return images
    x = 2.0 * images - 1.0
    for change in self._changes:
      x = change(x, uniform)
    return 0.5 * (x + 1.0)
