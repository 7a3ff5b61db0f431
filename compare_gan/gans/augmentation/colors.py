"""ADA's colour transformations: one affine map of colours per image.

Appendix B of https://arxiv.org/abs/2006.06676, on pixels in [-1, 1], not
clipped. Images have three channels, or one: then all are averaged, and hue and
saturation have no meaning. It costs one multiplication for each pair of
channels.
"""

from typing import Optional

from compare_gan.gans.augmentation import geometry
import numpy as np
import tensorflow as tf

NAMES = ("brightness", "contrast", "lumaflip", "hue", "saturation")
OF_COLORS = ("hue", "saturation")  # have no meaning for one channel

_GREY = np.array([1.0, 1.0, 1.0, 0.0]) / 3**0.5  # the axis v of greys
_ON_GREY = np.outer(_GREY, _GREY)  # v v^T
_IN_COLORS = np.diag([1.0, 1.0, 1.0, 0.0])
_ACROSS = np.zeros([4, 4])  # x -> v cross x
_ACROSS[:3, :3] = np.cross(_GREY[:3], np.eye(3)).T
_LAST = np.diag([0.0, 0.0, 0.0, 1.0])


def matrix(parameters: dict[str, tf.Tensor]) -> Optional[tf.Tensor]:
  """Returns the map of colours (r, g, b, 1), [N, 4, 4]; None if there is none.

  Args:
    parameters: any of `NAMES`, [N] each: an offset, a factor, 0 or 1, an angle
      in radians, a factor.
  """
  total = None
  for name in NAMES:
    if name in parameters:
      step = _MATRIX[name](tf.cast(parameters[name], tf.float32))
      total = step if total is None else geometry.product(step, total)
  return total


def _weighted(*terms):
  """Returns sum_i factors_i [N] constants_i [4, 4] of (factors, constants)."""
  return tf.add_n(
    [f[:, None, None] * tf.constant(m, tf.float32) for f, m in terms]
  )


def _brightness(b):
  added = np.zeros([4, 4])
  added[:3, 3] = 1.0
  return _weighted((b, added), (tf.ones_like(b), np.eye(4)))


def _contrast(c):
  return _weighted((c, _IN_COLORS), (tf.ones_like(c), _LAST))


def _lumaflip(i):
  """Returns I - 2 i v v^T: lights and darks change places."""
  return _weighted((-2.0 * i, _ON_GREY), (tf.ones_like(i), np.eye(4)))


def _hue(angle):
  """Returns the rotation about v (Rodrigues)."""
  cos = tf.cos(angle)
  return _weighted(
    (cos, _IN_COLORS),
    (tf.sin(angle), _ACROSS),
    (1.0 - cos, _ON_GREY),
    (tf.ones_like(angle), _LAST),
  )


def _saturation(s):
  """Returns v v^T + s (I - v v^T); its last row, which is not used, has s."""
  return _weighted((s, np.eye(4) - _ON_GREY), (tf.ones_like(s), _ON_GREY))


_MATRIX = {
  "brightness": _brightness,
  "contrast": _contrast,
  "lumaflip": _lumaflip,
  "hue": _hue,
  "saturation": _saturation,
}


def apply(x: tf.Tensor, colors: tf.Tensor) -> tf.Tensor:
  """Returns images [N, H, W, 3 or 1] with colours mapped by [N, 4, 4]."""
  colors = tf.cast(colors, x.dtype)
  if x.shape[3] == 1:
    mean = tf.reduce_mean(colors[:, :3], axis=1)[:, None, None]
    factor = tf.reduce_sum(mean[..., :3], axis=-1, keepdims=True)
    return x * factor + mean[..., 3:]
  y = colors[:, None, None, :3, 3]
  for k in range(3):  # No matmul: a GPU's may have 10 bits.
    y += x[..., k : k + 1] * colors[:, None, None, :3, k]
  return y
