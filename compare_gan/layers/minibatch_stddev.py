"""The deviations of a batch as features of each image.

Progressive GANs (https://arxiv.org/abs/1710.10196) and StyleGAN2: D sees how
much the images of a small group differ, and so notices a G whose images do not.
The score of an image then depends on its group: real and fake images need
passes of their own.
"""

import tensorflow as tf

_EPSILON = 1e-8


def append_stddev(x: tf.Tensor, group: int, channels: int = 1) -> tf.Tensor:
  """Returns images [N, H, W, C + channels] of [N, H, W, C].

  Image i belongs to group i mod (N / group). The k-th of the appended channels
  is constant: the mean over pixels of the deviations within the group, of the
  k-th run of C / channels channels.

  Args:
    x: [N, H, W, C].
    group: images of a group. It shrinks to the next divisor of N.
    channels: how many are appended; a divisor of C.
  """
  n, (height, width, c) = tf.shape(x)[0], x.shape[1:]
  size = _group_size(x, group)
  y = tf.cast(x, tf.float32)
  shape = [size, n // size, height, width, channels, c // channels]
  y = tf.reshape(y, shape)
  y -= tf.reduce_mean(y, axis=0, keepdims=True)
  deviation = tf.sqrt(tf.reduce_mean(tf.square(y), axis=0) + _EPSILON)
  of_group = tf.reduce_mean(deviation, axis=[1, 2, 4])  # [N / size, channels]
  of_image = tf.tile(of_group, [size, 1])[:, None, None, :]
  feature = tf.tile(of_image, [1, height, width, 1])
  return tf.concat([x, tf.cast(feature, x.dtype)], axis=-1)


def _group_size(x, group):
  """Returns an int, or an int tensor if the batch has an unknown size."""
  n = x.shape[0]
  if n is not None:
    return max(size for size in range(1, group + 1) if n % size == 0)
  sizes = tf.range(1, group + 1)
  fits = tf.equal(tf.shape(x)[0] % sizes, 0)
  return tf.reduce_max(tf.where(fits, sizes, 1))
