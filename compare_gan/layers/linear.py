"""The linear layer, and the embedding of class labels."""

from compare_gan.layers import initializers
from compare_gan.layers.kernel import Kernel
from compare_gan.layers.scope import Module
from compare_gan.layers.scope import scope
from compare_gan.layers.scope import variable
import tensorflow as tf


class Linear(Module):
  """x K + b for x [N, in_channels]."""

  def __init__(
    self,
    in_channels,
    out_channels,
    use_bias=True,
    bias_start=0.0,
    kernel_fn=Kernel,
    init=None,
    name="linear",
  ):
    super().__init__()
    with scope(name):
      self.kernel = kernel_fn([in_channels, out_channels], init)
      self.bias = None
      if use_bias:
        self.bias = variable(
          "bias", [out_channels], initializers.constant(bias_start)
        )

  def __call__(self, x, is_training):
    x = tf.matmul(x, tf.cast(self.kernel(is_training), x.dtype))
    return x if self.bias is None else x + tf.cast(self.bias, x.dtype)


class Embedding(Linear):
  """Rows of a table: y K for labels y.

  `y` is [N, num_classes], one-hot or with soft weights, or ints [N]. A label
  outside of [0, num_classes), -1 for "unknown", gives a row of zeros.
  """

  def __init__(
    self, num_classes, channels, kernel_fn=Kernel, init=None, name="embedding"
  ):
    super().__init__(
      num_classes, channels, False, kernel_fn=kernel_fn, init=init, name=name
    )
    self._num_classes = num_classes

  def __call__(self, y, is_training):
    y = tf.convert_to_tensor(y)
    if y.dtype.is_integer:
      y = tf.one_hot(y, self._num_classes)
    return super().__call__(y, is_training)
