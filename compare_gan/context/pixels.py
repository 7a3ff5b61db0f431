"""Images as networks take them."""

import tensorflow as tf


def to_unit(images: tf.Tensor) -> tf.Tensor:
  """Returns images in [0, 1]: uint8 / 255 as float32, others as they are."""
  if images.dtype == tf.uint8:
    return tf.cast(images, tf.float32) * (1.0 / 255.0)
  return images
