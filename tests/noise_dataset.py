"""A dataset of noise for tests of training: batch t follows from (seed, t)."""

import numpy as np
import tensorflow as tf


class NoiseDataset:
  """Images [4, 4, 1] of noise with labels 0, 1, 2."""

  image_shape = (4, 4, 1)
  num_classes = 3

  def batches(self, split, batch_size, seed=0, start=0):
    del split
    shape = [batch_size, *self.image_shape]

    def batch(t):
      key = tf.stack([tf.constant(seed, tf.int64), t])
      return {
        "images": tf.random.stateless_uniform(shape, key),
        "labels": tf.cast(tf.range(batch_size) % 3, tf.int32),
      }

    return tf.data.Dataset.range(start, np.iinfo(np.int64).max).map(batch)
