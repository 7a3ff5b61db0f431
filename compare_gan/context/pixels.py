"""Images as networks take them."""

import tensorflow as tf


def to_unit(images: tf.Tensor) -> tf.Tensor:
  """Returns images in [0, 1]: uint8 / 255 as float32, others unchanged."""
  if images.dtype == tf.uint8:
    return tf.cast(images, tf.float32) * (1.0 / 255.0)
  return images


# d x / d x' of a pixel x in [0, 1], as used here, and x' = 2 x - 1 in [-1, 1],
# as in papers and nearly all public code. It converts slopes to the papers'
# units, so that weights and targets of slopes are the papers' own.
PER_PAPERS_PIXEL = 0.5


def to_papers(images: tf.Tensor) -> tf.Tensor:
  """Returns images in [0, 1] mapped to [-1, 1], as in papers."""
  return 2.0 * images - 1.0


def from_papers(images: tf.Tensor, is_training: bool) -> tf.Tensor:
  """Returns a generator's images around [-1, 1] mapped to [0, 1], in float32.

  For generators without a last activation. In training images may leave [0, 1]:
  clipped pixels would get no gradient. Afterwards they are clipped.
  """
  # A row of colors: tf2onnx moves transpositions past it, not past a number.
  gray = tf.constant([0.5] * images.shape[-1], tf.float32)
  images = 0.5 * tf.cast(images, tf.float32) + gray
  return images if is_training else tf.clip_by_value(images, 0.0, 1.0)
