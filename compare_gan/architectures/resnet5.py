"""ResNet5 (also "ResNet19"), for 4 * 2^k pixels, k = 0..5.

The residual network of https://arxiv.org/abs/1807.04720 for images up to 128
pixels. 13.8 M + 15.1 M parameters.
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

_SIZES = [4, 8, 16, 32, 64, 128]


@gin.configurable(denylist=["z_dim", "image_shape", "num_classes"])
class Generator(abstract_arch.AbstractGenerator):
  """Five residual blocks; the first log2(size / 4) of them double the size.

  Args:
    z_dim, image_shape, num_classes: as for every generator.
    ch: channels of the last block; the first one has 8 ch.
  """

  def __init__(
    self,
    z_dim: int,
    image_shape: Sequence[int],
    num_classes: int = 0,
    ch: accepted.Count = 64,
  ) -> None:
    super().__init__(z_dim, image_shape, num_classes)
    self.require_pixels(_SIZES)
    ups = _SIZES.index(image_shape[0])
    channels = [8 * ch, 8 * ch, 4 * ch, 4 * ch, 2 * ch, ch]
    norm = self.make_norm(z_dim, num_classes)
    self._first_shape = [-1, 4, 4, channels[0]]
    self.fc_noise = Linear(z_dim, 4 * 4 * channels[0], name="fc_noise")
    self.blocks = []
    for i in range(5):
      self.blocks.append(
        ResidualBlock(
          channels[i],
          channels[i + 1],
          scale="up" if i < ups else "none",
          is_gen_block=True,
          norm=norm,
          kernel_fn=self.kernel_fn,
          upsample=self.upsample,
          name=f"B{i + 1}",
        )
      )
    self.final_norm = norm(channels[-1], "final_norm")
    self.final_conv = Conv2D(channels[-1], image_shape[2], name="final_conv")

  def __call__(
    self, z: tf.Tensor, y: Optional[tf.Tensor], is_training: bool
  ) -> tf.Tensor:
    x = tf.reshape(self.fc_noise(z, is_training), self._first_shape)
    for block in self.blocks:
      x = recompute.stage(block, None, x, z, y, is_training)
    x = tf.nn.relu(self.final_norm(x, z, y, is_training))
    x = self.final_conv(x, is_training)
    return abstract_arch.image_range(x, "sigmoid")


@gin.configurable(denylist=["image_shape", "num_classes"])
class Discriminator(abstract_arch.AbstractDiscriminator):
  """Six residual blocks that halve the size; mean over what is left.

  Args:
    image_shape, num_classes: as for every discriminator.
    ch: channels of the first block; the last two have 8 ch.
  """

  def __init__(
    self,
    image_shape: Sequence[int],
    num_classes: int = 0,
    ch: accepted.Count = 64,
  ) -> None:
    super().__init__(image_shape, num_classes)
    self.require_pixels(_SIZES)
    channels = [image_shape[2], ch, 2 * ch, 4 * ch, 4 * ch, 8 * ch, 8 * ch]
    self.blocks = []
    for i in range(6):
      self.blocks.append(
        ResidualBlock(
          channels[i],
          channels[i + 1],
          scale="down",
          is_gen_block=False,
          norm=self.make_norm(y_dim=num_classes),
          layer_norm=self.layer_norm,
          kernel_fn=self.kernel_fn,
          name=f"B{i}",
        )
      )
    self.scores = abstract_arch.Scores(channels[-1], 0, self.kernel_fn)

  def __call__(
    self, x: tf.Tensor, y: Optional[tf.Tensor], is_training: bool
  ) -> abstract_arch.DiscriminatorOutput:
    for block in self.blocks:
      x = recompute.stage(block, None, x, None, y, is_training)
    features = tf.reduce_mean(tf.nn.relu(x), axis=[1, 2])
    return self.scores(features, y, is_training)
