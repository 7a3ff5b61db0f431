"""ADA's corruptions: noise on an image, and a square hole in it.

Appendix B of https://arxiv.org/abs/2006.06676, on pixels in [-1, 1].
"""

import tensorflow as tf


def add_noise(x: tf.Tensor, sigma: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
  """Returns x + sigma noise; x and noise [N, H, W, C], sigma [N]."""
  sigma = tf.cast(sigma, x.dtype)[:, None, None, None]
  return x + sigma * tf.cast(noise, x.dtype)


def cut_out(x: tf.Tensor, size: tf.Tensor, centre: tf.Tensor) -> tf.Tensor:
  """Returns images with 0, a medium grey, in a rectangle.

  Args:
    x: [N, H, W, C].
    size: [N], its sides as a fraction of the image's; 0 leaves the image
      unchanged.
    centre: [N, 2], its middle (x, y), from (0, 0) to (1, 1).
  """
  half = 0.5 * size[:, None]
  is_near = []
  for axis, middle in ((2, centre[:, :1]), (1, centre[:, 1:])):
    pixels = x.shape[axis]
    places = (tf.range(pixels, dtype=tf.float32) + 0.5) / pixels
    is_near.append(tf.abs(places - middle) < half)  # [N, pixels]
  columns, rows = is_near
  is_cut = tf.logical_and(rows[:, :, None], columns[:, None, :])
  return x * (1.0 - tf.cast(is_cut, x.dtype)[..., None])
