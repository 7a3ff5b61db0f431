"""Convolutions on NHWC images with "SAME" padding."""

from compare_gan.layers import initializers
from compare_gan.layers import resample
from compare_gan.layers.kernel import Kernel
from compare_gan.layers.scope import Module
from compare_gan.layers.scope import scope
from compare_gan.layers.scope import variable
import tensorflow as tf


class Conv2D(Module):
  """2-D convolution; TensorFlow pads more at the bottom and right."""

  def __init__(
    self,
    in_channels,
    out_channels,
    kernel_size=3,
    stride=1,
    use_bias=True,
    kernel_fn=Kernel,
    name="conv2d",
  ):
    super().__init__()
    self._stride = stride
    with scope(name):
      self.kernel = kernel_fn(
        [kernel_size, kernel_size, in_channels, out_channels]
      )
      self.bias = None
      if use_bias:
        self.bias = variable("bias", [out_channels], initializers.zeros)

  def __call__(self, x, is_training):
    kernel = tf.cast(self.kernel(is_training), x.dtype)
    x = tf.nn.conv2d(x, kernel, self._stride, "SAME")
    return x if self.bias is None else x + tf.cast(self.bias, x.dtype)


class Deconv2D(Module):
  """Transposed convolution to a given size.

  The size is explicit because two inputs lead to it: with stride 2, 13 and 14
  pixels both come from 7. The kernel is [k, k, out_channels, in_channels].
  """

  def __init__(
    self,
    in_channels,
    out_channels,
    kernel_size=4,
    stride=2,
    kernel_fn=Kernel,
    name="deconv2d",
  ):
    super().__init__()
    self._stride = stride
    self._out_channels = out_channels
    with scope(name):
      self.kernel = kernel_fn(
        [kernel_size, kernel_size, out_channels, in_channels]
      )
      self.bias = variable("bias", [out_channels], initializers.zeros)

  def __call__(self, x, output_size, is_training):
    """`output_size`: height and width, each between stride (n - 1) + 1 and
    stride n for an input of n pixels."""
    kernel = tf.cast(self.kernel(is_training), x.dtype)
    shape = [tf.shape(x)[0], *output_size, self._out_channels]
    x = tf.nn.conv2d_transpose(x, kernel, shape, self._stride, "SAME")
    x = tf.ensure_shape(x, [None, *output_size, self._out_channels])
    return x + tf.cast(self.bias, x.dtype)


_PREFIX = {"up": "up_", "down": "down_", "none": "same_"}


class ScaledConv2D(Module):
  """A convolution with the change of size that goes with it.

  Args:
    in_channels, out_channels, kernel_size, kernel_fn: as for Conv2D.
    scale: "up" (doubled before the convolution), "down" (averaged over 2x2
      after it), or "none".
    upsample: how "up" doubles, `resample.unpool` as in the original.
    name: prefixed with `up_`, `down_` or `same_`.
  """

  def __init__(
    self,
    in_channels,
    out_channels,
    kernel_size,
    scale,
    kernel_fn=Kernel,
    upsample=resample.unpool,
    name="conv",
  ):
    super().__init__()
    if scale not in _PREFIX:
      raise ValueError(f"scale = {scale!r}; it can be 'up', 'down' or 'none'.")
    self._scale = scale
    self._upsample = upsample
    self.conv = Conv2D(
      in_channels,
      out_channels,
      kernel_size,
      kernel_fn=kernel_fn,
      name=_PREFIX[scale] + name,
    )

  def __call__(self, x, is_training):
    if self._scale == "up":
      x = self._upsample(x)
    x = self.conv(x, is_training)
    return resample.average_pool(x) if self._scale == "down" else x
