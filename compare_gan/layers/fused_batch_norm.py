"""Batch normalisation by one operation of TensorFlow, FusedBatchNormV3.

Batch norm (https://arxiv.org/abs/1502.03167) written out reads its input six
times in a training step, as much memory traffic as a convolution of a small
network takes time. The fused operation reads it twice. It gives the same
values, gradients and second derivatives, to rounding: 1e-6 of the largest value
in float32, compared on the CPU by TensorFlow 2.6.5, 2.15.1 and 2.21. In
bfloat16 and float16 it rounds once where the formula rounds three times.

batch_norm.py uses it for the moments of one replica's images in training, on
the CPU. On a GPU it was not compared (and cuDNN wants an epsilon of 1e-5 or
more); devices with a compiler fuse the formula themselves.
"""

from compare_gan.context import replica
import tensorflow as tf


def is_usable(x: tf.Tensor) -> bool:
  """Returns whether `normalize` was compared with the formula for such x."""
  return replica.device_kind() == "cpu" and x.shape.rank == 4


def normalize(
  x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, epsilon: float
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
  """Returns gamma (x - mean) / sqrt(variance + epsilon) + beta, and moments.

  Args:
    x: [N, H, W, C], of any precision; the result has the same.
    gamma, beta: [C], float32.
    epsilon: added to the variance.

  Returns:
    The result; mean [C] and biased variance [C] in float32, through which no
    gradient passes.
  """
  none = tf.zeros([0])
  y, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
    x=x,
    scale=gamma,
    offset=beta,
    mean=none,
    variance=none,
    epsilon=epsilon,
    is_training=True,
  )
  n = tf.cast(tf.size(x) // x.shape[-1], tf.float32)
  return y, mean, variance * ((n - 1.0) / n)  # The operation divides by n - 1.
