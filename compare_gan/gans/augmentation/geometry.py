"""ADA's geometric transformations: one affine map per image, one resampling.

Training Generative Adversarial Networks with Limited Data (Karras et al., 2020,
https://arxiv.org/abs/2006.06676), appendix B. `inverse_matrix` maps an output
pixel to its point of the input; `bilinear` samples there.

`bilinear` is simpler than the paper's resampling, which `sym6.py` has: flips,
quarter turns and whole pixels are exact; a move by a fraction of a pixel blurs
more, shrinking aliases, and beyond an edge the image is reflected repeatedly,
whereas the paper's turns grey after one reflection. All of this affects real
images and fakes alike. It costs one gather of four pixels for each pixel.

Matrices are multiplied elementwise: a GPU may multiply them with 10 bits, which
would move an image by a fraction of a pixel.
"""

from typing import Callable
from typing import Optional

import tensorflow as tf

NAMES = (
  "xflip",
  "rotate90",
  "xint",
  "scale",
  "rotate_pre",
  "aniso",
  "rotate_post",
  "xfrac",
)


def inverse_matrix(
  parameters: dict[str, tf.Tensor],
) -> Optional[tf.Tensor]:
  """Returns the map of output points to input points, [N, 3, 3].

  Points are (x, y, 1) in pixels from the image's middle, x to the right and y
  down. None if there is no geometric transformation.

  Args:
    parameters: any of `NAMES`: `xflip` [N] 0 or 1, `rotate90` [N] quarter turns
      to the left, `xint` and `xfrac` [N, 2] pixels to the right and down,
      `scale` and `aniso` [N] factors, `rotate_pre` and `rotate_post` [N]
      radians.
  """
  matrix = None
  for name in NAMES:
    if name in parameters:
      step = _INVERSE[name](parameters[name])
      matrix = step if matrix is None else product(matrix, step)
  return matrix


def product(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
  """Returns the products of the matrices a and b, [N, k, k] each."""
  return tf.reduce_sum(a[:, :, :, None] * b[:, None, :, :], axis=2)


def _flip(i):
  return _scaling(1.0 - 2.0 * tf.cast(i, tf.float32), 1.0)


def _quarter_turns(i):
  i = tf.cast(i, tf.int32)
  # From a table: cos(pi / 2) is not quite 0 in float32.
  cos = tf.gather(tf.constant([1.0, 0.0, -1.0, 0.0]), i)
  return _rotation_of(cos, tf.gather(tf.constant([0.0, 1.0, 0.0, -1.0]), i))


def _move_back(shift):
  return _affine(1.0, 0.0, -shift[:, 0], 0.0, 1.0, -shift[:, 1])


def _scaling(x, y):
  return _affine(x, 0.0, 0.0, 0.0, y, 0.0)


def _rotation(angle):
  return _rotation_of(tf.cos(angle), tf.sin(angle))


def _rotation_of(cos, sin):
  return _affine(cos, -sin, 0.0, sin, cos, 0.0)


_INVERSE = {
  "xflip": _flip,
  "rotate90": _quarter_turns,
  "xint": _move_back,
  "scale": lambda s: _scaling(1.0 / s, 1.0 / s),
  "rotate_pre": _rotation,
  "aniso": lambda s: _scaling(1.0 / s, s),
  "rotate_post": _rotation,
  "xfrac": _move_back,
}


def _affine(*entries):
  """Returns [N, 3, 3] from two rows; a number applies to all images."""
  some = next(entry for entry in entries if isinstance(entry, tf.Tensor))
  entries = [entry + tf.zeros_like(some) for entry in entries]
  last = [tf.zeros_like(some), tf.zeros_like(some), tf.ones_like(some)]
  return tf.reshape(tf.stack([*entries, *last], axis=1), [-1, 3, 3])


def bilinear(x: tf.Tensor, matrix: tf.Tensor) -> tf.Tensor:
  """Returns images [N, H, W, C] seen through an inverse matrix [N, 3, 3]."""
  height, width = x.shape[1:3]
  right, down = points(matrix, height, width)
  return sample(
    x,
    right + 0.5 * (width - 1),
    down + 0.5 * (height - 1),
    beyond=reflected,
  )


def points(
  matrix: tf.Tensor, height: int, width: int
) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns the input points x and y of the output pixels, [N, H, W] each.

  They are in pixels from the middle of the input.
  """
  x = tf.range(width, dtype=tf.float32) - 0.5 * (width - 1)
  y = (tf.range(height, dtype=tf.float32) - 0.5 * (height - 1))[:, None]
  m = matrix[:, :, :, None, None]
  return (
    m[:, 0, 0] * x + m[:, 0, 1] * y + m[:, 0, 2],
    m[:, 1, 0] * x + m[:, 1, 1] * y + m[:, 1, 2],
  )


def reflected(index: tf.Tensor, size: int) -> tuple[tf.Tensor, float]:
  """Returns the pixel that replaces pixel `index`, and its weight.

  The edge is not repeated: c b a b c d c b.
  """
  period = max(2 * (size - 1), 1)
  index = tf.math.floormod(index, period)
  return tf.minimum(index, period - index), 1.0


def grey_outside(index: tf.Tensor, size: int) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns an existing pixel for `index`, and its weight: 0 if outside."""
  is_inside = tf.logical_and(index >= 0, index < size)
  return tf.clip_by_value(index, 0, size - 1), tf.cast(is_inside, tf.float32)


def sample(
  x: tf.Tensor, right: tf.Tensor, down: tf.Tensor, beyond: Callable
) -> tf.Tensor:
  """Returns x [N, h, w, C] at places [N, H, W], bilinearly.

  Args:
    x: the images.
    right, down: the places; (0, 0) is the first pixel.
    beyond: `reflected` or `grey_outside`, for places beyond the edges.
  """
  height, width, channels = x.shape[1:]
  pixels = tf.reshape(x, [-1, channels])
  first = tf.range(tf.shape(x)[0])[:, None, None] * (height * width)
  left, top = tf.floor(right), tf.floor(down)
  sides = []  # of each axis: two (index, weight)
  for place, low, size in ((down, top, height), (right, left, width)):
    part = place - low
    near = []
    for offset, weight in ((0, 1.0 - part), (1, part)):
      index, seen = beyond(tf.cast(low, tf.int32) + offset, size)
      near.append((index, weight * seen))
    sides.append(near)
  total = 0.0
  for row, row_weight in sides[0]:
    for column, column_weight in sides[1]:
      value = tf.gather(pixels, first + row * width + column)
      total += tf.cast(row_weight * column_weight, x.dtype)[..., None] * value
  return total
