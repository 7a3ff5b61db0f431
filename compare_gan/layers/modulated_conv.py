"""The modulated convolution of StyleGAN2 (https://arxiv.org/abs/1912.04958).

Each image has a style, one factor for each input channel, from a learnt affine
map of w. Instead of a normaliser, demodulation scales each output channel to
the deviation that it has for inputs of deviation 1:

  s = A(w)                                     [N, in]
  y = d conv(s x, K)                           [N, H, W, out]
  d = 1 / sqrt(sum over k, k, in of (s K)^2 + 1e-8)    [N, out]

The images are scaled, not the kernels: the same numbers as with a kernel for
each image, without a grouped convolution.
"""

from typing import Callable

from compare_gan.context import precision
from compare_gan.context.scope import Module
from compare_gan.layers import fir_conv
from compare_gan.layers import initializers
from compare_gan.layers.equalized_learning_rate import EqualizedLearningRate
from compare_gan.layers.kernel import Kernel
from compare_gan.layers.linear import Linear
import tensorflow as tf

_EPSILON = 1e-8


def equalized(
  lr_multiplier: float = 1.0,
) -> Callable[..., EqualizedLearningRate]:
  """Returns StyleGAN2's `kernel_fn`: no gain, and a learning rate's factor."""
  return lambda shape, init=None: EqualizedLearningRate(
    shape, init, gain=1.0, lr_multiplier=lr_multiplier
  )


class ModulatedConv2D(Module):
  """See above; its variables are in the surrounding scope.

  Args:
    in_channels, out_channels, kernel_size: of the kernel. Its numbers start
      from N(0, 1) and are used as they are: demodulation sets the scale.
    w_dim: length of w.
    doubles: whether the image grows to twice its size.
    demodulate: without it styles are divided by sqrt(in_channels) instead.
  """

  def __init__(
    self,
    in_channels: int,
    out_channels: int,
    kernel_size: int,
    w_dim: int,
    doubles: bool = False,
    demodulate: bool = True,
  ) -> None:
    super().__init__()
    self._convolve = fir_conv.convolve_doubled if doubles else fir_conv.convolve
    self._demodulate = demodulate
    self._in_channels = in_channels
    self.affine = Linear(
      w_dim, in_channels, bias_start=1.0, kernel_fn=equalized(), name="affine"
    )
    self.kernel = Kernel(
      [kernel_size, kernel_size, in_channels, out_channels],
      initializers.normal(1.0),
    )

  def __call__(
    self, x: tf.Tensor, w: tf.Tensor, is_training: bool
  ) -> tf.Tensor:
    """Returns images in the compute dtype; x is [N, H, W, C], w [N, w_dim]."""
    x = precision.entering(x)
    style = self.affine(w, is_training)
    kernel = tf.convert_to_tensor(self.kernel(is_training))
    if not self._demodulate:
      return self._scaled(x, style * self._in_channels**-0.5, kernel)
    if x.dtype == tf.float16:
      kernel, style = _within_float16(kernel, style)
    squares = tf.reduce_sum(tf.square(kernel), axis=[0, 1])  # [in, out]
    scale = tf.math.rsqrt(tf.matmul(tf.square(style), squares) + _EPSILON)
    y = self._scaled(x, style, kernel)
    return y * tf.cast(scale[:, None, None, :], y.dtype)

  def _scaled(self, x, style, kernel):
    x *= tf.cast(style[:, None, None, :], x.dtype)
    return self._convolve(x, tf.cast(kernel, x.dtype))


def _within_float16(kernel, style):
  """Returns both scaled to numbers that float16 can sum.

  Demodulation undoes any factor of an output channel, and of an image's style.
  """
  fan_in = kernel.shape[0] * kernel.shape[1] * kernel.shape[2]
  largest = tf.reduce_max(tf.abs(kernel), axis=[0, 1, 2], keepdims=True)
  kernel /= largest * float(fan_in) ** 0.5
  return kernel, style / tf.reduce_max(tf.abs(style), axis=1, keepdims=True)
