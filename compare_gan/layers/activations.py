"""Activations that TensorFlow spells differently."""

import tensorflow as tf


def lrelu(x, leak=0.2):
  """max(x, leak x)."""
  return tf.maximum(x, leak * x)
