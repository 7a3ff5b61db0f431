"""Activations that TensorFlow spells differently."""

import tensorflow as tf


def lrelu(x: tf.Tensor, leak: float = 0.2) -> tf.Tensor:
  """max(x, leak x)."""
  return tf.maximum(x, leak * x)


def scaled_lrelu(x: tf.Tensor, gain: float = 1.0) -> tf.Tensor:
  """Returns gain sqrt(2) lrelu(x), of about x's scale for a gain of 1."""
  return tf.nn.leaky_relu(x, 0.2) * (gain * 2.0**0.5)
