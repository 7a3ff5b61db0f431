"""The paper's own resampling of ADA's geometric transformations.

Appendix B of https://arxiv.org/abs/2006.06676: reflect the image once, double
it with the wavelet filter sym6, sample it bilinearly at the points of a doubled
output, and halve that with sym6. Fractional moves blur less than those of
`geometry.bilinear`, and shrinking does not alias.

It filters four times, and the reflected image has 9 times as many pixels as the
image; doubled, 36 times as many are briefly in memory.

sym6 is not symmetric, so flips and quarter turns are not exact to the pixel.
"""

from compare_gan.gans.augmentation import geometry
from compare_gan.gans.augmentation import wavelets
from compare_gan.layers import slices
import tensorflow as tf

_MARGIN = 6  # extra pixels around the output, for the filter


def resample(x: tf.Tensor, matrix: tf.Tensor) -> tf.Tensor:
  """Returns images [N, H, W, C] seen through an inverse matrix [N, 3, 3]."""
  height, width = x.shape[1:3]
  rows, columns = [height - 1] * 2, [width - 1] * 2
  x = tf.pad(x, [[0, 0], rows, columns, [0, 0]], "REFLECT")
  for axis in (1, 2):
    x = _double(x, axis)
  # The points of both doubled images are half as far apart.
  right, down = geometry.points(
    _matrix_of_doubled(matrix), 2 * (height + _MARGIN), 2 * (width + _MARGIN)
  )
  right += 0.5 * (x.shape[2] - 1)
  down += 0.5 * (x.shape[1] - 1)
  x = geometry.sample(x, right, down, beyond=geometry.grey_outside)
  for axis in (1, 2):
    x = _halve(x, axis)
  return x


def _matrix_of_doubled(matrix):
  """Returns T(-.5, -.5) S(2, 2) M S(.5, .5) T(.5, .5)."""
  linear = matrix[:, :2, :2]
  moved = 2.0 * matrix[:, :2, 2] + 0.5 * tf.reduce_sum(linear, axis=2) - 0.5
  rows = tf.concat([linear, moved[:, :, None]], axis=2)
  return tf.concat([rows, matrix[:, 2:]], axis=1)


def _double(x, axis):
  """Returns x with zeros between its rows or columns, filtered."""
  shape = [tf.shape(x)[0], *x.shape[1:]]
  shape[axis] *= 2
  x = tf.stack([x, tf.zeros_like(x)], axis=axis + 1)
  x = _pad(tf.reshape(x, shape), axis, 6, 5)
  return 2.0 * wavelets.correlate(x, wavelets.SYM6[::-1], axis)


def _halve(x, axis):
  """Returns every second row or column of x, filtered."""
  x = slices.part(x, axis, 1, x.shape[axis] - 2)
  return slices.every(wavelets.correlate(x, wavelets.SYM6, axis), axis, 2)[0]


def _pad(x, axis, before, after):
  paddings = [[0, 0] for _ in range(4)]
  paddings[axis] = [before, after]
  return tf.pad(x, paddings)
