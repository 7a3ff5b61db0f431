"""Activations that TensorFlow spells differently."""

import tensorflow as tf


def lrelu(x: tf.Tensor, leak: float = 0.2) -> tf.Tensor:
  """max(x, leak x)."""
  return tf.maximum(x, leak * x)
