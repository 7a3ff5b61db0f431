"""The residual network of the spectral normalisation paper for 48 pixels.

https://arxiv.org/abs/1802.05957, table 5, for STL-10. 6 M + 25 M parameters.
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


@gin.configurable(denylist=["z_dim", "image_shape", "num_classes"])
class Generator(abstract_arch.AbstractGenerator):
  """Three residual blocks from 6x6 pixels to 48x48.

  Args:
    z_dim, image_shape, num_classes: as for every generator.
    ch: channels of the last block, at 48 pixels; the first one gets 8 ch.
  """

  def __init__(
    self,
    z_dim: int,
    image_shape: Sequence[int],
    num_classes: int = 0,
    ch: accepted.Count = 64,
  ) -> None:
    super().__init__(z_dim, image_shape, num_classes)
    self.require_pixels([48])
    channels = [8 * ch, 4 * ch, 2 * ch, ch]
    norm = self.make_norm(z_dim, num_classes)
    self._first_shape = [-1, 6, 6, channels[0]]
    self.fc_noise = Linear(z_dim, 6 * 6 * channels[0], name="fc_noise")
    self.blocks = []
    for i in range(3):
      self.blocks.append(
        ResidualBlock(
          channels[i],
          channels[i + 1],
          scale="up",
          is_gen_block=True,
          norm=norm,
          kernel_fn=self.kernel_fn,
          upsample=self.upsample,
          name=f"B{i + 1}",
        )
      )
    # Not "final_norm": published checkpoints have "batch_norm".
    self.final_norm = norm(channels[-1], "batch_norm")
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
  """Five residual blocks, 48x48 to 3x3; mean over what is left.

  Args:
    image_shape, num_classes: as for every discriminator.
    ch: channels of the first block, doubled at each later one, up to 16 ch.
  """

  def __init__(
    self,
    image_shape: Sequence[int],
    num_classes: int = 0,
    ch: accepted.Count = 64,
  ) -> None:
    super().__init__(image_shape, num_classes)
    self.require_pixels([48])
    channels = [image_shape[2], ch, 2 * ch, 4 * ch, 8 * ch, 16 * ch]
    self.blocks = []
    for i in range(5):
      self.blocks.append(
        ResidualBlock(
          channels[i],
          channels[i + 1],
          scale="down" if i < 4 else "none",
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
