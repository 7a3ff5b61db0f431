"""Doubling and halving the size of an image: [N, H, W, C] -> [N, 2H, 2W, C]."""

from compare_gan.layers import slices
import tensorflow as tf


def unpool(x: tf.Tensor) -> tf.Tensor:
  """Puts each pixel at the top left of a 2x2 cell whose others are 0.

  The original's up-sampling; a convolution that follows is a transposed one.
  """
  return _interleave(x, tf.zeros_like(x))


def nearest(x: tf.Tensor) -> tf.Tensor:
  """Copies each pixel to all four places of a 2x2 cell."""
  n, h, w, c = tf.shape(x)[0], x.shape[1], x.shape[2], x.shape[3]
  x = tf.stack([x, x], axis=3)
  x = tf.stack([x, x], axis=2)
  return tf.reshape(x, [n, 2 * h, 2 * w, c])


def bilinear(x: tf.Tensor) -> tf.Tensor:
  """Interpolates: 3/4 of the pixel of its cell and 1/4 of the next one.

  The edge repeats, as in OpenCV and PyTorch with align_corners=False.
  """
  for axis in (1, 2):
    size = x.shape[axis]
    first, last = (slices.part(x, axis, i, 1) for i in (0, size - 1))
    previous = tf.concat([first, slices.part(x, axis, 0, size - 1)], axis)
    following = tf.concat([slices.part(x, axis, 1, size - 1), last], axis)
    x = _paired(_interpolate(x, previous, following), axis)
  return x


def _interpolate(x, previous, following):
  return 0.75 * x + 0.25 * previous, 0.75 * x + 0.25 * following


def _paired(halves, axis):
  """Returns the images whose rows or columns come from the two in turn."""
  shape = [tf.shape(halves[0])[0], *halves[0].shape[1:]]
  shape[axis] *= 2
  return tf.reshape(tf.stack(halves, axis=axis + 1), shape)


def _interleave(x, zeros):
  n, h, w, c = tf.shape(x)[0], x.shape[1], x.shape[2], x.shape[3]
  row = tf.stack([x, zeros], axis=3)  # [N, H, W, 2, C]
  cell = tf.stack([row, tf.zeros_like(row)], axis=2)  # [N, H, 2, W, 2, C]
  return tf.reshape(cell, [n, 2 * h, 2 * w, c])


def average_pool(x: tf.Tensor) -> tf.Tensor:
  """Returns the mean of each 2x2 cell; at the edge, of existing pixels."""
  return tf.nn.avg_pool2d(x, ksize=2, strides=2, padding="SAME")


UPSAMPLING = {"unpool": unpool, "nearest": nearest, "bilinear": bilinear}
