"""Convolutions on NHWC images with "SAME" padding.

Here images enter the compute dtype of `precision`: float32 images are cast to
it, others keep their type.

A change of size next to a convolution can be folded into it. Then products with
inserted zeros are not computed, and neither are pixels that would only be
averaged. The results agree to rounding, for a quarter to four ninths of the
work.
"""

from collections.abc import Sequence
from typing import Callable
from typing import Optional

from compare_gan.context import precision
from compare_gan.context.scope import Module
from compare_gan.context.scope import scope
from compare_gan.context.scope import variable
from compare_gan.layers import initializers
from compare_gan.layers import resample
from compare_gan.layers.gin_names import ARCH_OPS
from compare_gan.layers.kernel import Kernel
from compare_gan.layers.kernel import scaled_bias
import gin
import tensorflow as tf


class Conv2D(Module):
  """2-D convolution; TensorFlow pads more at the bottom and right."""

  def __init__(
    self,
    in_channels: int,
    out_channels: int,
    kernel_size: int = 3,
    stride: int = 1,
    use_bias: bool = True,
    kernel_fn: Callable[..., tf.Module] = Kernel,
    name: str = "conv2d",
  ) -> None:
    super().__init__()
    self._stride = stride
    with scope(name):
      self.kernel = kernel_fn(
        [kernel_size, kernel_size, in_channels, out_channels]
      )
      self.bias = None
      if use_bias:
        self.bias = variable("bias", [out_channels], initializers.zeros)

  def __call__(
    self,
    x: tf.Tensor,
    is_training: bool,
    convolve: Optional[Callable[[tf.Tensor, tf.Tensor], tf.Tensor]] = None,
  ) -> tf.Tensor:
    """`convolve`: `convolve(x, kernel)` in place of the plain convolution."""
    x = precision.entering(x)
    kernel = tf.cast(self.kernel(is_training), x.dtype)
    if convolve:
      x = convolve(x, kernel)
    else:
      x = tf.nn.conv2d(x, kernel, self._stride, "SAME")
    if self.bias is None:
      return x
    bias = scaled_bias(self.kernel, self.bias)
    return tf.nn.bias_add(x, tf.cast(bias, x.dtype))


class Deconv2D(Module):
  """Transposed convolution to a given size.

  The size is explicit because the input leaves it open: with stride 2, both 13
  and 14 pixels come from 7. The kernel is [k, k, out_channels, in_channels].
  """

  def __init__(
    self,
    in_channels: int,
    out_channels: int,
    kernel_size: int = 4,
    stride: int = 2,
    kernel_fn: Callable[..., tf.Module] = Kernel,
    name: str = "deconv2d",
  ) -> None:
    super().__init__()
    self._stride = stride
    self._out_channels = out_channels
    with scope(name):
      self.kernel = kernel_fn(
        [kernel_size, kernel_size, out_channels, in_channels]
      )
      self.bias = variable("bias", [out_channels], initializers.zeros)

  def __call__(
    self, x: tf.Tensor, output_size: Sequence[int], is_training: bool
  ) -> tf.Tensor:
    """`output_size`: height and width, each between stride (n - 1) + 1 and
    stride n for an input of n pixels."""
    x = precision.entering(x)
    kernel = tf.cast(self.kernel(is_training), x.dtype)
    shape = [tf.shape(x)[0], *output_size, self._out_channels]
    x = tf.nn.conv2d_transpose(x, kernel, shape, self._stride, "SAME")
    # tf.ensure_shape would be an op, which a device's compiler may not know.
    x.set_shape([None, *output_size, self._out_channels])
    bias = scaled_bias(self.kernel, self.bias)
    return tf.nn.bias_add(x, tf.cast(bias, x.dtype))


_FOLDED = (tf.float32, tf.bfloat16)  # float16 was not measured.
_PREFIX = {"up": "up_", "down": "down_", "none": "same_"}


@gin.configurable("conv", module=ARCH_OPS, allowlist=["fold"])
class ScaledConv2D(Module):
  """A convolution with the change of size that goes with it.

  Args:
    in_channels, out_channels, kernel_size, kernel_fn: as for Conv2D.
    scale: "up" (doubled before the convolution), "down" (averaged over 2x2
      after it), or "none".
    upsample: how "up" doubles, `resample.unpool` as in the original.
    name: prefixed with `up_`, `down_` or `same_`.
    fold: whether the two become one convolution. None: if that is faster, as it
      is in float32 and bfloat16.
  """

  def __init__(
    self,
    in_channels: int,
    out_channels: int,
    kernel_size: int,
    scale: str,
    kernel_fn: Callable[..., tf.Module] = Kernel,
    upsample: Callable[[tf.Tensor], tf.Tensor] = resample.unpool,
    name: str = "conv",
    fold: Optional[bool] = None,
  ) -> None:
    super().__init__()
    if scale not in _PREFIX:
      raise ValueError(f"scale = {scale!r}; it can be 'up', 'down' or 'none'.")
    self._scale = scale
    self._upsample = upsample
    self.fold = fold
    self.conv = Conv2D(
      in_channels,
      out_channels,
      kernel_size,
      kernel_fn=kernel_fn,
      name=_PREFIX[scale] + name,
    )

  def __call__(self, x: tf.Tensor, is_training: bool) -> tf.Tensor:
    x = precision.entering(x)
    return self.conv(x, is_training, self._convolve)

  def _convolve(self, x, kernel):
    fold = x.dtype in _FOLDED if self.fold is None else self.fold
    if self._scale == "up":
      convolve = convolve_doubled if fold else convolve_doubled_plainly
      return convolve(x, kernel, self._upsample)
    if self._scale == "down":
      return (convolve_halved if fold else convolve_halved_plainly)(x, kernel)
    return _convolve(x, kernel)


def _convolve(x, kernel):
  return tf.nn.conv2d(x, kernel, 1, "SAME")


def convolve_doubled_plainly(
  x: tf.Tensor, kernel: tf.Tensor, upsample: Callable[[tf.Tensor], tf.Tensor]
) -> tf.Tensor:
  return _convolve(upsample(x), kernel)


def convolve_halved_plainly(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
  return resample.average_pool(_convolve(x, kernel))


def convolve_doubled(
  x: tf.Tensor, kernel: tf.Tensor, upsample: Callable[[tf.Tensor], tf.Tensor]
) -> tf.Tensor:
  """Returns convolve_doubled_plainly(x, kernel, upsample), with less work.

  A kernel of one pixel is applied before the image grows. One of 3x3 pixels on
  an unpooled image is a transposed convolution of stride 2. On an image of
  copies it is one too, with the 4x4 kernel that sums the weights that meet the
  same pixel. Other kernels and your own up-samplings are not folded.
  """
  size = kernel.shape[0]
  if upsample not in (resample.unpool, resample.nearest):
    return convolve_doubled_plainly(x, kernel, upsample)
  if size == 1:
    return upsample(_convolve(x, kernel))
  if size != 3:
    return convolve_doubled_plainly(x, kernel, upsample)
  # No padding="EXPLICIT" for these: oneDNN does not take it, and the kernels
  # that do are slower, in bfloat16 by hundreds of times.
  height, width = 2 * x.shape[1], 2 * x.shape[2]
  if upsample is resample.nearest:
    return _transposed(x, _sum_over_cell(kernel), height, width, "SAME")
  # Output pixel 2 p + e - 1 gets x[p] times the kernel at 2 - e: the first row
  # and column are surplus. The gradient of y[:, 1:, 1:] is slow in bfloat16.
  y = _transposed(x, kernel, height + 1, width + 1, "VALID")
  return tf.slice(y, [0, 1, 1, 0], [-1, height, width, -1])


def _transposed(x, kernel, height, width, padding):
  """Returns the transposed convolution of stride 2 to a given size."""
  flipped = tf.transpose(tf.reverse(kernel, [0, 1]), [0, 1, 3, 2])
  y = tf.raw_ops.Conv2DBackpropInput(
    input_sizes=[tf.shape(x)[0], height, width, kernel.shape[3]],
    filter=flipped,
    out_backprop=x,
    strides=[1, 2, 2, 1],
    padding=padding,
  )
  y.set_shape([None, height, width, kernel.shape[3]])
  return y


def convolve_halved(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
  """Returns convolve_halved_plainly(x, kernel), with less work.

  A kernel of one pixel is applied after the image shrinks. The mean over 2x2 of
  3x3 sums is one sum over 4x4 with stride 2. Other kernels, and images whose
  last cell is cut off, are not folded.
  """
  size = kernel.shape[0]
  if size == 1:
    return _convolve(resample.average_pool(x), kernel)
  if size != 3 or x.shape[1] % 2 or x.shape[2] % 2:
    return convolve_halved_plainly(x, kernel)
  return tf.nn.conv2d(x, 0.25 * _sum_over_cell(kernel), 2, "SAME")


def _sum_over_cell(kernel):
  """Returns the 4x4 kernel: the 3x3 one summed over 2x2 positions."""
  # Rows, then columns: all four at once would take hundreds of megabytes more.
  none = [0, 0]
  for before, after in (
    ([[0, 1], none, none, none], [[1, 0], none, none, none]),
    ([none, [0, 1], none, none], [none, [1, 0], none, none]),
  ):
    kernel = tf.pad(kernel, before) + tf.pad(kernel, after)
  return kernel
