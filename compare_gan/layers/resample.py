"""Doubling and halving the size of an image: [N, H, W, C] -> [N, 2H, 2W, C]."""

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


def _interleave(x, zeros):
  n, h, w, c = tf.shape(x)[0], x.shape[1], x.shape[2], x.shape[3]
  row = tf.stack([x, zeros], axis=3)  # [N, H, W, 2, C]
  cell = tf.stack([row, tf.zeros_like(row)], axis=2)  # [N, H, 2, W, 2, C]
  return tf.reshape(cell, [n, 2 * h, 2 * w, c])


def average_pool(x: tf.Tensor) -> tf.Tensor:
  """Returns the mean of each 2x2 cell; at the edge, of existing pixels."""
  return tf.nn.avg_pool2d(x, ksize=2, strides=2, padding="SAME")


UPSAMPLING = {"unpool": unpool, "nearest": nearest}
