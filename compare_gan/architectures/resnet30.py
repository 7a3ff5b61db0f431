"""ResNet30: a very deep residual network for 128 pixels.

Follows the 101-layer network of WGAN-GP (https://arxiv.org/abs/1704.00028).
Unlike the other ResNets it has no normaliser, relu or pooling at the end. 52.2
M + 53.5 M parameters.
"""

from collections.abc import Sequence
from typing import Optional

from compare_gan.architectures import abstract_arch
from compare_gan.configuration import accepted
from compare_gan.context import recompute
from compare_gan.layers.conv import Conv2D
from compare_gan.layers.linear import Linear
from compare_gan.layers.residual import ResidualBlock
import gin
import tensorflow as tf

_STAGES = 6  # 4, 8, ..., 128 pixels
_BLOCKS = 5  # in a stage, before the one that changes the size


def _blocks(make_block, channels, factor):
  """Makes B_0_0 ... B_0_4, B_0_up, B_1_0, ..., B_5_4.

  Args:
    make_block: makes a block from in_channels, out_channels, whether it changes
      the size, and name.
    channels: of the first stage.
    factor: between two stages, 2.0 or 0.5.
  """
  blocks = []
  for stage in range(_STAGES):
    for i in range(_BLOCKS):
      blocks.append(make_block(channels, channels, False, f"B_{stage}_{i}"))
    if stage < _STAGES - 1:
      out_channels = int(channels * factor)
      # Named "up" in the discriminator too, where it halves the size.
      blocks.append(make_block(channels, out_channels, True, f"B_{stage}_up"))
      channels = out_channels
  return blocks


@gin.configurable(denylist=["z_dim", "image_shape", "num_classes"])
class Generator(abstract_arch.AbstractGenerator):
  """Six stages of five blocks, from 32 `ch` channels at 4x4 pixels to `ch`.

  Args:
    z_dim, image_shape, num_classes: as for every generator.
    ch: channels of the last stage, at 128 pixels; each stage before has twice
      as many as the next, up to 32 ch.
  """

  def __init__(
    self,
    z_dim: int,
    image_shape: Sequence[int],
    num_classes: int = 0,
    ch: accepted.Count = 16,
  ) -> None:
    super().__init__(z_dim, image_shape, num_classes)
    self.require_pixels([128])
    norm = self.make_norm(z_dim, num_classes)
    self._first_shape = [-1, 4, 4, 32 * ch]
    self.fc_noise = Linear(z_dim, 4 * 4 * 32 * ch, name="fc_noise")

    def block(
      in_channels: int, out_channels: int, changes_size: bool, name: str
    ) -> ResidualBlock:
      return ResidualBlock(
        in_channels,
        out_channels,
        scale="up" if changes_size else "none",
        is_gen_block=True,
        norm=norm,
        kernel_fn=self.kernel_fn,
        upsample=self.upsample,
        name=name,
      )

    self.blocks = _blocks(block, 32 * ch, 0.5)
    self.final_conv = Conv2D(ch, image_shape[2], name="final_conv")

  def __call__(
    self, z: tf.Tensor, y: Optional[tf.Tensor], is_training: bool
  ) -> tf.Tensor:
    x = tf.reshape(self.fc_noise(z, is_training), self._first_shape)
    for block in self.blocks:
      x = recompute.stage(block, None, x, z, y, is_training)
    x = self.final_conv(x, is_training)
    return abstract_arch.image_range(x, "sigmoid")


@gin.configurable(denylist=["image_shape", "num_classes"])
class Discriminator(abstract_arch.AbstractDiscriminator):
  """The generator backwards; the features are the flattened last map.

  Args:
    image_shape, num_classes: as for every discriminator.
    ch: channels of the first stage, at 128 pixels, doubled at each later one,
      up to 32 ch.
  """

  def __init__(
    self,
    image_shape: Sequence[int],
    num_classes: int = 0,
    ch: accepted.Count = 16,
  ) -> None:
    super().__init__(image_shape, num_classes)
    self.require_pixels([128])
    # No normalisation of its weights, unlike all later layers.
    self.color_conv = Conv2D(image_shape[2], ch, name="color_conv")

    def block(
      in_channels: int, out_channels: int, changes_size: bool, name: str
    ) -> ResidualBlock:
      return ResidualBlock(
        in_channels,
        out_channels,
        scale="down" if changes_size else "none",
        is_gen_block=False,
        norm=self.make_norm(y_dim=num_classes),
        layer_norm=self.layer_norm,
        kernel_fn=self.kernel_fn,
        name=name,
      )

    self.blocks = _blocks(block, ch, 2.0)
    self.scores = abstract_arch.Scores(4 * 4 * 32 * ch, 0, self.kernel_fn)

  def __call__(
    self, x: tf.Tensor, y: Optional[tf.Tensor], is_training: bool
  ) -> abstract_arch.DiscriminatorOutput:
    x = self.color_conv(x, is_training)
    for block in self.blocks:
      x = recompute.stage(block, None, x, None, y, is_training)
    flat = tf.reshape(x, [tf.shape(x)[0], -1])
    return self.scores(flat, y, is_training)
