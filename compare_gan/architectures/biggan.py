"""BigGAN of the model card AnimeFaceGAN_ID1062, for 32 to 256 pixels.

The networks of https://arxiv.org/abs/1809.11096 as in that card. Unlike
resnet_biggan: the first linear layer sees the class embedding too and has no
spectral norm; z need not be a multiple of the number of its chunks; attention
averages instead of taking maxima, and has biases; D has a shortcut in every
block, four times ch everywhere at 32 pixels, and sees pixels in [-1, 1].

With the settings of configs/biggan_cifar.gin (spectral norm in both networks, a
conditional batch norm with biases, nearest up-sampling), 10 classes and z of
120, G has 10,315,428 and D 9,937,442 weights at 32 pixels.
"""

from collections.abc import Sequence
import functools
from typing import Optional

from compare_gan.architectures import abstract_arch
from compare_gan.architectures.resnet_biggan import Attention
from compare_gan.architectures.resnet_biggan import BigGanResNetBlock
from compare_gan.architectures.resnet_biggan import block_names
from compare_gan.architectures.resnet_biggan import multipliers_of
from compare_gan.configuration import accepted
from compare_gan.context import recompute
from compare_gan.layers import initializers
from compare_gan.layers.attention import NonLocalBlock
from compare_gan.layers.batch_norm import BatchNorm
from compare_gan.layers.conv import Conv2D
from compare_gan.layers.linear import Linear
import gin
import tensorflow as tf

# Width of each block's input and of the last output, in units of ch.
_G_MULTIPLIERS = {
  32: [4, 4, 4, 4],
  64: [16, 16, 8, 4, 2],
  128: [16, 16, 8, 4, 2, 1],
  256: [16, 16, 8, 8, 4, 2, 1],
}
# Width of each block's output; the first block's input is the image.
_D_MULTIPLIERS = {
  32: [4, 4, 4, 4],
  64: [1, 2, 4, 8, 16],
  128: [1, 2, 4, 8, 16, 16],
  256: [1, 2, 4, 8, 8, 16, 16],
}
# How many of D's blocks halve the size: down to 8x8 pixels at 32, else to 4x4.
_D_HALVINGS = {32: 2, 64: 4, 128: 5, 256: 6}
# Attention is at half the size, but at 64x64 pixels for 256, as in the paper.
_G_ATTENTION = {32: "B2", 64: "B3", 128: "B4", 256: "B4"}
_D_ATTENTION = {32: "B1", 64: "B1", 128: "B1", 256: "B2"}

_non_local_block = functools.partial(
  NonLocalBlock, use_bias=True, pooling="average"
)


def _chunk_sizes(z_dim, count):
  """Returns the sizes of `count` chunks of z; the last one gets the rest."""
  size = z_dim // count
  return [size] * (count - 1) + [z_dim - size * (count - 1)]


@gin.configurable(denylist=["z_dim", "image_shape", "num_classes"])
class Generator(abstract_arch.AbstractGenerator):
  """One residual block per doubling of the size, from 4x4 pixels.

  The first layer and every block see a chunk of z and the class embedding.

  Args:
    z_dim, image_shape, num_classes: as for every generator.
    ch: unit of the widths: channels are multiples of it.
    blocks_with_attention: names of blocks followed by a non-local block, such
      as "B2", or "" for none. None: the block whose output has half the size,
      at most 64 pixels.
    embed_y_dim: length of the class embedding.
    multipliers: widths in units of ch, of the first block's input and of every
      block's output. None: the card's.
  """

  def __init__(
    self,
    z_dim: int,
    image_shape: Sequence[int],
    num_classes: int = 0,
    ch: accepted.Count = 96,
    blocks_with_attention: Optional[str] = None,
    embed_y_dim: accepted.Count = 128,
    multipliers: Optional[Sequence[int]] = None,
  ) -> None:
    super().__init__(z_dim, image_shape, num_classes)
    multipliers = multipliers_of(self, _G_MULTIPLIERS, multipliers)
    if blocks_with_attention is None:
      blocks_with_attention = _G_ATTENTION[image_shape[0]]
    channels = [multiplier * ch for multiplier in multipliers]
    names = block_names(len(channels) - 1)
    self.require(
      z_dim >= len(channels),
      f"options.z_dim = {z_dim}",
      f"at least {len(channels)} at {image_shape[0]} pixels: one number for "
      "the first layer and one for each block",
      "options.z_dim",
    )
    self._chunks = _chunk_sizes(z_dim, len(channels))
    self._first_shape = [-1, 4, 4, channels[0]]
    self.embed_y = None
    y_dim = 0
    if num_classes:
      y_dim = embed_y_dim
      self.embed_y = Linear(
        num_classes, y_dim, False, init=initializers.orthogonal, name="embed_y"
      )
    self.fc_noise = Linear(
      self._chunks[0] + y_dim, 4 * 4 * channels[0], name="fc_noise"
    )
    attention = Attention(self, blocks_with_attention, names, _non_local_block)
    self.stages = []
    for i, name in enumerate(names):
      block_z = self._chunks[i + 1]
      block = BigGanResNetBlock(
        channels[i],
        channels[i + 1],
        scale="up",
        is_gen_block=True,
        norm=self.make_norm(block_z, block_z + y_dim),
        kernel_fn=self.kernel_fn,
        upsample=self.upsample,
        name=name,
        add_shortcut=True,
      )
      self.stages.append((block, attention.block_after(name, channels[i + 1])))
    self.final_norm = BatchNorm(channels[-1], name="final_norm")
    self.final_conv = Conv2D(
      channels[-1],
      image_shape[2],
      kernel_fn=self.kernel_fn,
      name="final_conv",
    )

  def __call__(
    self, z: tf.Tensor, y: Optional[tf.Tensor], is_training: bool
  ) -> tf.Tensor:
    zs = tf.split(z, self._chunks, axis=1)
    conditions = zs
    if self.embed_y:
      y = self.embed_y(y, is_training)
      conditions = [tf.concat([chunk, y], axis=1) for chunk in zs]
    x = self.fc_noise(conditions[0], is_training)
    x = tf.reshape(x, self._first_shape)
    for stage, chunk, condition in zip(self.stages, zs[1:], conditions[1:]):
      x = recompute.stage(*stage, x, chunk, condition, is_training)
    x = tf.nn.relu(self.final_norm(x, z, y, is_training))
    x = self.final_conv(x, is_training)
    return abstract_arch.image_range(x, "tanh")


@gin.configurable(denylist=["image_shape", "num_classes"])
class Discriminator(abstract_arch.AbstractDiscriminator):
  """Residual blocks down to 4x4 pixels, 8x8 of 32; sum over what is left.

  Args:
    image_shape, num_classes: as for every discriminator.
    ch: unit of the widths: channels are multiples of it.
    blocks_with_attention: names of blocks followed by a non-local block, such
      as "B1", or "" for none. None: the first block, the second at 256 pixels.
    project_y: adds <embedding of y, features> to the logits. None: yes if there
      are labels.
    multipliers: width of every block's output in units of ch. None: the card's.
  """

  def __init__(
    self,
    image_shape: Sequence[int],
    num_classes: int = 0,
    ch: accepted.Count = 96,
    blocks_with_attention: Optional[str] = None,
    project_y: Optional[bool] = None,
    multipliers: Optional[Sequence[int]] = None,
  ) -> None:
    super().__init__(image_shape, num_classes)
    multipliers = multipliers_of(self, _D_MULTIPLIERS, multipliers)
    if blocks_with_attention is None:
      blocks_with_attention = _D_ATTENTION[image_shape[0]]
    channels = [image_shape[2], *(ch * m for m in multipliers)]
    names = block_names(len(multipliers))
    attention = Attention(self, blocks_with_attention, names, _non_local_block)
    self.stages = []
    for i, name in enumerate(names):
      block = BigGanResNetBlock(
        channels[i],
        channels[i + 1],
        scale="down" if i < _D_HALVINGS[image_shape[0]] else "none",
        is_gen_block=False,
        norm=self.make_norm(y_dim=num_classes),
        layer_norm=self.layer_norm,
        kernel_fn=self.kernel_fn,
        name=name,
        add_shortcut=True,
      )
      self.stages.append((block, attention.block_after(name, channels[i + 1])))
    self.scores = abstract_arch.Scores(
      channels[-1],
      num_classes,
      self.kernel_fn,
      bool(num_classes) if project_y is None else project_y,
      initializers.orthogonal,
      name="final_fc",
      owner=self.title,
    )

  def __call__(
    self, x: tf.Tensor, y: Optional[tf.Tensor], is_training: bool
  ) -> abstract_arch.DiscriminatorOutput:
    x = 2.0 * x - 1.0
    for stage in self.stages:
      x = recompute.stage(*stage, x, None, y, is_training)
    features = tf.reduce_sum(tf.nn.relu(x), axis=[1, 2])
    return self.scores(features, y, is_training)
