"""ADA's image-space filter: four bands of frequencies, each louder or softer.

Appendix B of https://arxiv.org/abs/2006.06676. The bands halve each other, from
the highest down, and add up to the image. Gains are scaled so that an image
with the usual spectrum keeps its power. It costs two filters of 43 taps per
band.
"""

from compare_gan.gans.augmentation import wavelets
import numpy as np
import tensorflow as tf

BANDS = 4
_POWER = np.array([10.0, 1.0, 1.0, 1.0]) / 13.0  # of the bands, as expected


def _bank():
  """Returns the bands' filters, [4, 43]; they add up to a unit impulse."""
  h = wavelets.SYM2
  low = np.convolve(h, h[::-1]) / 2
  h = h * (-1.0) ** np.arange(h.size)
  high = np.convolve(h, h[::-1]) / 2
  bank = np.eye(BANDS, 1)
  for band in range(1, BANDS):
    spread = np.zeros([BANDS, 2 * bank.shape[1] - 1])
    spread[:, ::2] = bank
    bank = np.array([np.convolve(row, low) for row in spread])
    middle = (bank.shape[1] - high.size) // 2
    bank[band, middle : middle + high.size] += high
  return bank


BANK = _bank()
RADIUS = BANK.shape[1] // 2  # 21


def gains(band_gain: tf.Tensor) -> tf.Tensor:
  """Returns the normalised gains g [N, 4], given drawn ones [N, 4].

  Each band in turn is scaled, then all are rescaled to the expected power.
  """
  power = tf.constant(_POWER, tf.float32)
  total = tf.ones_like(band_gain)
  for band in range(BANDS):
    here = tf.one_hot(band, BANDS)
    t = 1.0 + (band_gain - 1.0) * here
    norm = tf.sqrt(tf.reduce_sum(power * tf.square(t), axis=1, keepdims=True))
    total *= t / norm
  return total


def require_size(height: int, width: int) -> None:
  """Raises if images are too small to reflect by the filter's radius."""
  if min(height, width) <= RADIUS:
    raise ValueError(
      f"ada.filter reflects images by {RADIUS} pixels, but they are {height} "
      f"x {width}. It needs images of at least {RADIUS + 1} x {RADIUS + 1} "
      "pixels. Set ada.filter = 0, or choose a preset without an f, such as "
      "ada.preset = 'bgc'."
    )


def apply(x: tf.Tensor, g: tf.Tensor) -> tf.Tensor:
  """Returns images [N, H, W, C] filtered with gains [N, 4]."""
  require_size(*x.shape[1:3])
  edge = [RADIUS, RADIUS]
  x = tf.pad(x, [[0, 0], edge, edge, [0, 0]], "REFLECT")
  g = tf.cast(g, x.dtype)[:, None, None, None, :]
  for axis in (2, 1):
    x = tf.reduce_sum(g * wavelets.correlate(x, BANK.T, axis), axis=-1)
  return x
