"""DiffAugment: colours, places and a hole that are changed at random.

Differentiable Augmentation for Data-Efficient GAN Training (Zhao et al., 2020,
https://arxiv.org/abs/2006.10738):

  augmentation.policy = "color,translation,cutout"

The changes act in the order of the policy, on each image with its own draws.
Drawing and applying are separate functions: `draw_color` and `apply_color`. All
functions here act on pixels in [-1, 1], for which the paper's numbers are: 0,
the value that translation and cutout fill in, is a medium grey. Nothing is
clipped.

It costs a few elementwise operations and two gathers.
"""

import dataclasses
from typing import Any
from typing import Callable
from typing import NamedTuple
from typing import Optional

from compare_gan.configuration import accepted
from compare_gan.gans.number_checks import is_number
from compare_gan.gans.number_checks import require_number
from compare_gan.gans.number_checks import require_range
import gin
import tensorflow as tf

Uniform = Callable[..., tf.Tensor]  # as draws.uniform, row i for image i

NAMES = ("color", "translation", "cutout")


@gin.configurable(
  "diffaugment", module="compare_gan.gans", denylist=["changes"]
)
@dataclasses.dataclass(frozen=True)
class DiffAugment:
  """How strong the changes are; the defaults are the paper's.

  Args:
    changes: names from `NAMES`, in the order in which they act.
    brightness: largest amount added to or subtracted from a pixel in [-1, 1].
    saturation: range of the factor of the distance from an image's grey.
    contrast: range of the factor of the distance from an image's mean.
    translation_ratio: largest move, as a fraction of the image's size.
    cutout_ratio: sides of the hole, as a fraction of the image's.
  """

  changes: tuple[str, ...] = ()
  brightness: accepted.NotNegative = 0.5
  saturation: tuple[float, float] = (0.0, 2.0)
  contrast: tuple[float, float] = (0.5, 1.5)
  translation_ratio: accepted.Share = 0.125
  cutout_ratio: accepted.Share = 0.5

  def __post_init__(self) -> None:
    require_number("diffaugment.brightness", self.brightness, least=0.0)
    for name in ("saturation", "contrast"):
      require_range(f"diffaugment.{name}", getattr(self, name))
    for name in ("translation_ratio", "cutout_ratio"):
      require_number(
        f"diffaugment.{name}", getattr(self, name), least=0.0, most=1.0
      )

  def draw(
    self, shape: Any, rows: Any, p: Any = 1.0
  ) -> tuple[Optional[tf.Tensor], list]:
    """Returns which images are changed (None for all) and the draws of each.

    Args:
      shape: of the images, [N, H, W, C].
      rows: has `uniform`.
      p: the probability that the policy changes an image.
    """
    drawn = [self._draw(change, shape, rows.uniform) for change in self.changes]
    if is_number(p) and p == 1.0:
      return None, drawn
    # Drawn last, so that the other draws are the same for every p.
    return rows.uniform([shape[0], 1, 1, 1]) < p, drawn

  def _draw(self, change, shape, uniform):
    if change == "color":
      return draw_color(shape, uniform)
    if change == "translation":
      return draw_translation(shape, uniform, self.translation_ratio)
    return draw_cutout(shape, uniform, self.cutout_ratio)

  def apply(self, x: tf.Tensor, drawn: list) -> tf.Tensor:
    """Returns the changed images; these and x are in [-1, 1]."""
    for change, values in zip(self.changes, drawn):
      if change == "color":
        x = apply_color(
          x, values, self.brightness, self.saturation, self.contrast
        )
      elif change == "translation":
        x = apply_translation(x, values)
      else:
        x = apply_cutout(x, values, self.cutout_ratio)
    return x


# ---- Colours -----------------------------------------------------------------


class ColorDraws(NamedTuple):
  """Numbers in [0, 1), each [N, 1, 1, 1]."""

  brightness: tf.Tensor
  saturation: tf.Tensor
  contrast: tf.Tensor


def draw_color(shape: Any, uniform: Uniform) -> ColorDraws:
  return ColorDraws(*(uniform([shape[0], 1, 1, 1]) for _ in range(3)))


def apply_color(
  x: tf.Tensor,
  u: ColorDraws,
  brightness: accepted.NotNegative = 0.5,
  saturation: tuple[float, float] = (0.0, 2.0),
  contrast: tuple[float, float] = (0.5, 1.5),
) -> tf.Tensor:
  """Returns images with brightness, saturation and contrast changed in turn.

  Args:
    x: [N, H, W, C].
    u: the draws.
    brightness, saturation, contrast: see DiffAugment.
  """
  x = _brighten(x, u.brightness, brightness)
  x = _saturate(x, u.saturation, saturation)
  return _stretch(x, u.contrast, contrast)


def _brighten(x, u, most=0.5):
  return x + (tf.cast(u, x.dtype) - 0.5) * (2.0 * most)


def _saturate(x, u, factors=(0.0, 2.0)):
  grey = tf.reduce_mean(x, axis=3, keepdims=True)
  return grey + _between(factors, tf.cast(u, x.dtype)) * (x - grey)


def _stretch(x, u, factors=(0.5, 1.5)):
  mean = tf.reduce_mean(x, axis=[1, 2, 3], keepdims=True)
  return mean + _between(factors, tf.cast(u, x.dtype)) * (x - mean)


def _between(factors, u):
  low, high = factors
  return (high - low) * u + low


def brightness(x: tf.Tensor, uniform: Uniform) -> tf.Tensor:
  """Adds a number from [-0.5, 0.5) to each image, x [N, H, W, C]."""
  return _brighten(x, uniform([tf.shape(x)[0], 1, 1, 1]))


def saturation(x: tf.Tensor, uniform: Uniform) -> tf.Tensor:
  """Scales each image's distance from its grey version by [0, 2)."""
  return _saturate(x, uniform([tf.shape(x)[0], 1, 1, 1]))


def contrast(x: tf.Tensor, uniform: Uniform) -> tf.Tensor:
  """Scales each image's distance from its mean by [0.5, 1.5)."""
  return _stretch(x, uniform([tf.shape(x)[0], 1, 1, 1]))


def color(x: tf.Tensor, uniform: Uniform) -> tf.Tensor:
  """The three above, in this order."""
  return apply_color(x, draw_color(tf.shape(x), uniform))


# ---- Places ------------------------------------------------------------------


def draw_translation(
  shape: Any, uniform: Uniform, ratio: float = 0.125
) -> list[tf.Tensor]:
  """Returns how far each image moves down and right: int32, [N, 1] each."""
  shifts = []
  for axis in (1, 2):
    most = int(int(shape[axis]) * ratio + 0.5)
    shifts.append(uniform([shape[0], 1], -most, most + 1, dtype=tf.int32))
  return shifts


def apply_translation(x: tf.Tensor, shifts: list[tf.Tensor]) -> tf.Tensor:
  """Returns moved images [N, H, W, C]; 0 moves in."""
  for axis, shift in zip((1, 2), shifts):
    size = x.shape[axis]
    source = tf.range(size) - shift  # [N, size]
    moved = tf.gather(
      x, tf.clip_by_value(source, 0, size - 1), axis=axis, batch_dims=1
    )
    is_inside = tf.logical_and(source >= 0, source < size)
    x = moved * _along(axis, tf.cast(is_inside, x.dtype))
  return x


def translation(
  x: tf.Tensor, uniform: Uniform, ratio: float = 0.125
) -> tf.Tensor:
  """Moves each image by up to `ratio` of its height and width; 0 moves in."""
  return apply_translation(x, draw_translation(_shape(x), uniform, ratio))


# ---- A hole ------------------------------------------------------------------


def draw_cutout(
  shape: Any, uniform: Uniform, ratio: float = 0.5
) -> list[tf.Tensor]:
  """Returns row and column of each hole's middle: int32, [N, 1] each."""
  middles = []
  for axis in (1, 2):
    size = int(shape[axis])
    # The middle of an even side is between two pixels: one more position.
    places = size + (1 - _side(size, ratio) % 2)
    middles.append(uniform([shape[0], 1], 0, places, dtype=tf.int32))
  return middles


def apply_cutout(
  x: tf.Tensor, middles: list[tf.Tensor], ratio: float = 0.5
) -> tf.Tensor:
  """Returns images [N, H, W, C] with 0 in a rectangle around each middle."""
  inside = 1.0
  for axis, middle in zip((1, 2), middles):
    size = x.shape[axis]
    side = _side(size, ratio)
    distance = tf.range(size) - (middle - side // 2)  # from its first pixel
    is_cut = tf.logical_and(distance >= 0, distance < side)
    inside *= _along(axis, tf.cast(is_cut, x.dtype))
  return x * (1.0 - inside)


def cutout(x: tf.Tensor, uniform: Uniform, ratio: float = 0.5) -> tf.Tensor:
  """Sets a rectangle of `ratio` of height and width to 0 in each image.

  Its middle is anywhere in the image, so part of it may lie outside.
  """
  return apply_cutout(x, draw_cutout(_shape(x), uniform, ratio), ratio)


def _side(size, ratio):
  return int(size * ratio + 0.5)


def _shape(x):
  return [tf.shape(x)[0], *x.shape[1:]]


def _along(axis, values):
  """Returns values [N, size] as [N, size, 1, 1] or [N, 1, size, 1]."""
  if axis == 1:
    return values[:, :, None, None]
  return values[:, None, :, None]
