"""Rotations by quarter turns, the pretext task of SSGAN and S3GAN."""

from collections.abc import Sequence

import tensorflow as tf

_TURNS = {
  0: lambda x: x,
  90: lambda x: tf.reverse(_transpose(x), axis=[1]),
  180: lambda x: tf.reverse(x, axis=[1, 2]),
  270: lambda x: _transpose(tf.reverse(x, axis=[1])),
}


def _transpose(x):
  return tf.transpose(x, [0, 2, 1, 3])


def rotate_images(
  x: tf.Tensor, angles: Sequence[int] = (0, 90, 180, 270)
) -> tf.Tensor:
  """Returns the images turned by each angle, [len(angles) N, H, W, C]:

  all of the first angle, then all of the second, and so on.
  """
  return tf.concat([_TURNS[angle](x) for angle in angles], axis=0)
