"""R3GAN's residual block, as in ResNeXt (https://arxiv.org/abs/2501.05441)."""

import math

from compare_gan.context.scope import Module
from compare_gan.context.scope import scope
from compare_gan.layers import initializers
from compare_gan.layers.activations import lrelu
from compare_gan.layers.grouped_conv import GroupedConv2D
import tensorflow as tf


class GroupedResidualBlock(Module):
  """x + conv3(lrelu(conv2(lrelu(conv1(x) + b1)) + b2)).

  Args:
    channels: of x.
    cardinality: groups of the middle convolution.
    expansion: the inner width is `expansion` times `channels`.
    kernel_size: of the middle convolution.
    depth: blocks of the whole network. After all of them the variance has grown
      alike in networks of any depth (Fixup, https://arxiv.org/abs/1901.09321).
    name: scope of the variables.
  """

  def __init__(
    self,
    channels: int,
    cardinality: int,
    expansion: int,
    kernel_size: int,
    depth: int,
    name: str,
  ) -> None:
    super().__init__()
    inner = expansion * channels
    # The gain of leaky relus, and L^(-1/4) for two convolutions that count.
    init = initializers.fan_in_normal(math.sqrt(2.0 / 1.04) * depth**-0.25)
    with scope(name):
      self.conv1 = GroupedConv2D(channels, inner, 1, init=init, name="conv1")
      self.conv2 = GroupedConv2D(
        inner, inner, kernel_size, cardinality, init=init, name="conv2"
      )
      self.conv3 = GroupedConv2D(
        inner,
        channels,
        1,
        use_bias=False,
        init=initializers.zeros,
        name="conv3",
      )

  def __call__(
    self, x: tf.Tensor, z: None, y: None, is_training: bool
  ) -> tf.Tensor:
    h = lrelu(self.conv1(x, is_training))
    h = lrelu(self.conv2(h, is_training))
    return x + self.conv3(h, is_training)
