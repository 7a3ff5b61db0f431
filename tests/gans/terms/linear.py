"""A discriminator whose slope is the same everywhere."""

import types

import tensorflow as tf


def discriminator(slope):
  """Returns D(x, y) = x . v with |v| = `slope` in the papers' pixels.

  Images are [N, 1, 2, 1] in [0, 1]; a step of 1 there is one of 2 in [-1, 1].
  """
  v = tf.constant([[0.6 * slope], [0.8 * slope]])

  def score(x, y):
    del y
    flat = tf.reshape(2.0 * x - 1.0, [-1, 2])
    return types.SimpleNamespace(logits=flat @ v)

  return score


IMAGES = tf.constant([[[[0.1], [0.2]]], [[[0.3], [0.9]]]])
FAKES = tf.constant([[[[0.5], [0.5]]], [[[0.0], [1.0]]]])


def uniform(shape, *args, **kwargs):
  del args, kwargs
  return tf.fill(shape, 0.25)
