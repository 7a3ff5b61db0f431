"""The residual block of StyleGAN2's D (https://arxiv.org/abs/1912.04958).

Its convolutions have equalised learning rates, and halve images with a filter.
"""

from typing import Optional

from compare_gan.context.scope import Module
from compare_gan.context.scope import scope
from compare_gan.layers import fir_conv
from compare_gan.layers.activations import clamped
from compare_gan.layers.activations import scaled_lrelu
from compare_gan.layers.conv import Conv2D
from compare_gan.layers.modulated_conv import equalized
import tensorflow as tf

_EQUALIZED = equalized()


class FilteredConv2D(Module):
  """A convolution and the activation; `halves` its images with a filter."""

  def __init__(
    self,
    in_channels: int,
    out_channels: int,
    kernel_size: int,
    name: str,
    clamp: Optional[float],
    halves: bool = False,
    gain: float = 1.0,
  ) -> None:
    super().__init__()
    self._gain = gain
    self._clamp = None if clamp is None else clamp * gain
    self._convolve = fir_conv.convolve_halved if halves else fir_conv.convolve
    self.conv = Conv2D(
      in_channels, out_channels, kernel_size, kernel_fn=_EQUALIZED, name=name
    )

  def __call__(self, x: tf.Tensor, is_training: bool) -> tf.Tensor:
    x = self.conv(x, is_training, self._convolve)
    return clamped(scaled_lrelu(x, self._gain), self._clamp)


class FilteredResidualBlock(Module):
  """Two convolutions, of which the second halves, and a 1x1 beside them.

  Args:
    colors: of the image, for the first block, which it enters by a 1x1; 0.
    in_channels, out_channels: of the block.
    residual: whether there is the 1x1 beside.
    clamp: limit of activations.
    name: of the scope.
  """

  def __init__(
    self,
    colors: int,
    in_channels: int,
    out_channels: int,
    residual: bool,
    clamp: Optional[float],
    name: str,
  ) -> None:
    super().__init__()
    gain = 0.5**0.5 if residual else 1.0
    self._gain = gain
    self.from_rgb = None
    with scope(name):
      if colors:
        self.from_rgb = FilteredConv2D(colors, in_channels, 1, "fromrgb", clamp)
      self.conv0 = FilteredConv2D(in_channels, in_channels, 3, "conv0", clamp)
      self.conv1 = FilteredConv2D(
        in_channels, out_channels, 3, "conv1", clamp, halves=True, gain=gain
      )
      self.skip = None
      if residual:
        self.skip = Conv2D(
          in_channels,
          out_channels,
          1,
          use_bias=False,
          kernel_fn=_EQUALIZED,
          name="skip",
        )

  def __call__(
    self,
    x: tf.Tensor,
    z: Optional[tf.Tensor],
    y: Optional[tf.Tensor],
    is_training: bool,
  ) -> tf.Tensor:
    del z, y
    if self.from_rgb:
      x = self.from_rgb(x, is_training)
    h = self.conv1(self.conv0(x, is_training), is_training)
    if not self.skip:
      return h
    beside = self.skip(x, is_training, fir_conv.convolve_halved)
    return h + self._gain * beside
