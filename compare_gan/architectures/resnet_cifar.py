"""The residual network of the spectral normalisation paper for 32 pixels.

https://arxiv.org/abs/1802.05957, table 4, with the conditioning of later work:
a hierarchical z, embedded labels, projection. 5.8 M + 1.5 M parameters.
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

_CHUNKS = 4  # of a hierarchical z: one for fc_noise, one for each block


@gin.configurable(denylist=["z_dim", "image_shape", "num_classes"])
class Generator(abstract_arch.AbstractGenerator):
  """Three residual blocks from 4x4 pixels to 32x32.

  Args:
    z_dim, image_shape, num_classes: as for every generator.
    ch: channels of every block.
    hierarchical_z: each block sees a quarter of z, in addition to y.
    embed_z, embed_y: a linear layer to z_dim units before use.
  """

  def __init__(
    self,
    z_dim: int,
    image_shape: Sequence[int],
    num_classes: int = 0,
    ch: accepted.Count = 256,
    hierarchical_z: bool = False,
    embed_z: bool = False,
    embed_y: bool = False,
  ) -> None:
    super().__init__(z_dim, image_shape, num_classes)
    self.require_pixels([32])
    self.require(
      not hierarchical_z or z_dim % _CHUNKS == 0,
      f"options.z_dim = {z_dim} with hierarchical_z",
      f"a multiple of {_CHUNKS}",
      "options.z_dim or resnet_cifar.Generator.hierarchical_z",
    )
    self.require(
      not embed_y or num_classes,
      "embed_y = True without labels",
      "them",
      "ModularGAN.conditional = True or resnet_cifar.Generator.embed_y = False",
    )
    self._hierarchical_z = hierarchical_z
    self._first_shape = [-1, 4, 4, ch]
    self.embed_z = self.embed_y = None
    y_dim = num_classes
    if embed_z:
      self.embed_z = self._linear(z_dim, z_dim, "embed_z")
    if embed_y:
      self.embed_y = self._linear(num_classes, z_dim, "embed_y")
      y_dim = z_dim
    block_z = z_dim // _CHUNKS if hierarchical_z else z_dim
    block_y = y_dim + block_z if hierarchical_z and y_dim else y_dim
    self.fc_noise = self._linear(block_z, 4 * 4 * ch, "fc_noise")
    self.blocks = []
    for i in range(3):
      self.blocks.append(
        ResidualBlock(
          ch,
          ch,
          scale="up",
          is_gen_block=True,
          norm=self.make_norm(block_z, block_y),
          kernel_fn=self.kernel_fn,
          upsample=self.upsample,
          name=f"B{i + 1}",
        )
      )
    self.final_norm = self.make_norm(z_dim, y_dim)(ch, "final_norm")
    self.final_conv = Conv2D(
      ch, image_shape[2], kernel_fn=self.kernel_fn, name="final_conv"
    )

  def _linear(self, in_channels, out_channels, name):
    return Linear(
      in_channels, out_channels, kernel_fn=self.kernel_fn, name=name
    )

  def __call__(
    self, z: tf.Tensor, y: Optional[tf.Tensor], is_training: bool
  ) -> tf.Tensor:
    if self.embed_z:
      z = self.embed_z(z, is_training)
    if self.embed_y:
      y = self.embed_y(y, is_training)
    z0, zs, ys = z, [z] * 3, [y] * 3
    if self._hierarchical_z:
      z0, *zs = tf.split(z, _CHUNKS, axis=1)
      if y is not None:
        ys = [tf.concat([chunk, y], axis=1) for chunk in zs]
    x = tf.reshape(self.fc_noise(z0, is_training), self._first_shape)
    for block, block_z, block_y in zip(self.blocks, zs, ys):
      x = recompute.stage(block, None, x, block_z, block_y, is_training)
    # The last normaliser sees all of z, and y without a chunk of z.
    x = tf.nn.relu(self.final_norm(x, z, y, is_training))
    x = self.final_conv(x, is_training)
    return abstract_arch.image_range(x, "sigmoid")


@gin.configurable(denylist=["image_shape", "num_classes"])
class Discriminator(abstract_arch.AbstractDiscriminator):
  """Four residual blocks, 32x32 to 8x8; mean over what is left.

  Args:
    image_shape, num_classes: as for every discriminator.
    ch: channels of every block.
    project_y: adds <embedding of y, features> to the logits.
  """

  def __init__(
    self,
    image_shape: Sequence[int],
    num_classes: int = 0,
    ch: accepted.Count = 128,
    project_y: bool = False,
  ) -> None:
    super().__init__(image_shape, num_classes)
    self.require_pixels([32])
    self.blocks = []
    for i, scale in enumerate(["down", "down", "none", "none"]):
      self.blocks.append(
        ResidualBlock(
          image_shape[2] if i == 0 else ch,
          ch,
          scale=scale,
          is_gen_block=False,
          norm=self.make_norm(y_dim=num_classes),
          layer_norm=self.layer_norm,
          kernel_fn=self.kernel_fn,
          name=f"B{i + 1}",
        )
      )
    self.scores = abstract_arch.Scores(
      ch, num_classes, self.kernel_fn, project_y, owner=self.title
    )

  def __call__(
    self, x: tf.Tensor, y: Optional[tf.Tensor], is_training: bool
  ) -> abstract_arch.DiscriminatorOutput:
    for block in self.blocks:
      x = recompute.stage(block, None, x, None, y, is_training)
    features = tf.reduce_mean(tf.nn.relu(x), axis=[1, 2])
    return self.scores(features, y, is_training)
