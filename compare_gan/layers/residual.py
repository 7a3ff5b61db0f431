"""The residual block of the ResNet architectures (https://arxiv.org/abs/1603.05027).

norm, relu, conv, norm, relu, conv, plus a convolved shortcut. Generators change
the size in the first convolution, discriminators in the second.
"""

from typing import Callable
from typing import Optional

from compare_gan.context.scope import Module
from compare_gan.context.scope import scope
from compare_gan.layers import resample
from compare_gan.layers.conv import ScaledConv2D
from compare_gan.layers.kernel import Kernel
from compare_gan.layers.layer_norm import LayerNorm
import tensorflow as tf


class ResidualPath(Module):
  """The block without its shortcut, in the scope that surrounds it.

  Args:
    in_channels, out_channels: of the images.
    scale: "up", "down" or "none".
    is_gen_block: whether the first convolution changes the size.
    norm: `norm(channels, name)` -> normaliser; called with (x, z, y, training).
    layer_norm: adds a layer norm after each normaliser.
    kernel_fn: of the convolutions.
    upsample: how "up" doubles the size.
    first_relu: False leaves out the ReLU before the first convolution.
  """

  def __init__(
    self,
    in_channels: int,
    out_channels: int,
    scale: str,
    is_gen_block: bool,
    norm: Callable[[int, str], tf.Module],
    layer_norm: bool = False,
    kernel_fn: Callable[..., tf.Module] = Kernel,
    upsample: Callable[[tf.Tensor], tf.Tensor] = resample.unpool,
    first_relu: bool = True,
  ) -> None:
    super().__init__()
    self._first_relu = first_relu

    def conv(channels: int, scale: str, name: str) -> ScaledConv2D:
      return ScaledConv2D(
        channels, out_channels, 3, scale, kernel_fn, upsample, name
      )

    def ln(channels: int, name: str) -> Optional[LayerNorm]:
      return LayerNorm(channels, name) if layer_norm else None

    self.bn1 = norm(in_channels, "bn1")
    self.ln1 = ln(in_channels, "ln1")
    self.conv1 = conv(in_channels, scale if is_gen_block else "none", "conv1")
    self.bn2 = norm(out_channels, "bn2")
    self.ln2 = ln(out_channels, "ln2")
    self.conv2 = conv(out_channels, "none" if is_gen_block else scale, "conv2")

  def __call__(
    self,
    x: tf.Tensor,
    z: Optional[tf.Tensor],
    y: Optional[tf.Tensor],
    is_training: bool,
  ) -> tf.Tensor:
    x = self.bn1(x, z, y, is_training)
    x = self.ln1(x) if self.ln1 else x
    x = self.conv1(tf.nn.relu(x) if self._first_relu else x, is_training)
    x = self.bn2(x, z, y, is_training)
    x = self.ln2(x) if self.ln2 else x
    return self.conv2(tf.nn.relu(x), is_training)


class ResidualBlock(Module):
  """path(x) + shortcut(x); the shortcut is a 3x3 convolution, always."""

  def __init__(
    self,
    in_channels: int,
    out_channels: int,
    scale: str,
    is_gen_block: bool,
    norm: Callable[[int, str], tf.Module],
    layer_norm: bool = False,
    kernel_fn: Callable[..., tf.Module] = Kernel,
    upsample: Callable[[tf.Tensor], tf.Tensor] = resample.unpool,
    name: str = "block",
  ) -> None:
    super().__init__()
    with scope(name):
      self.shortcut = ScaledConv2D(
        in_channels,
        out_channels,
        3,
        scale,
        kernel_fn,
        upsample,
        "conv_shortcut",
      )
      self.path = ResidualPath(
        in_channels,
        out_channels,
        scale,
        is_gen_block,
        norm,
        layer_norm,
        kernel_fn,
        upsample,
      )

  def __call__(
    self,
    x: tf.Tensor,
    z: Optional[tf.Tensor],
    y: Optional[tf.Tensor],
    is_training: bool,
  ) -> tf.Tensor:
    return self.path(x, z, y, is_training) + self.shortcut(x, is_training)
