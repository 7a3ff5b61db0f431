"""BigGAN for 32 to 512 pixels (Brock et al., 2018, arxiv.org/abs/1809.11096).

Every block's batch norm is conditioned on its own chunk of z and on a class
embedding that all blocks share. The last normaliser is always a plain one.
70 M + 88 M parameters at 128 pixels with ch = 96.
"""

from collections.abc import Sequence
from typing import Annotated
from typing import Callable
from typing import Optional
from typing import Union
import warnings

from compare_gan.architectures import abstract_arch
from compare_gan.configuration import accepted
from compare_gan.context import pixels
from compare_gan.context import precision
from compare_gan.context import recompute
from compare_gan.context.scope import Module
from compare_gan.context.scope import scope
from compare_gan.layers import initializers
from compare_gan.layers import resample
from compare_gan.layers.attention import NonLocalBlock
from compare_gan.layers.batch_norm import BatchNorm
from compare_gan.layers.conv import Conv2D
from compare_gan.layers.conv import ScaledConv2D
from compare_gan.layers.kernel import Kernel
from compare_gan.layers.linear import Linear
from compare_gan.layers.residual import ResidualPath
import gin
import tensorflow as tf

# Width of each block's input and of the last output, in units of ch.
_G_MULTIPLIERS = {
  32: [4, 4, 4, 4],
  64: [16, 16, 8, 4, 2],
  128: [16, 16, 8, 4, 2, 1],
  256: [16, 16, 8, 8, 4, 2, 1],
  512: [16, 16, 8, 8, 4, 2, 1, 1],
}
# Width of each block's output; the first block's input is the image.
_D_MULTIPLIERS = {
  32: [2, 2, 2, 2],
  64: [2, 4, 8, 16, 16],
  128: [1, 2, 4, 8, 16, 16],
  256: [1, 2, 4, 8, 8, 16, 16],
  512: [1, 1, 2, 4, 8, 8, 16, 16],
}

SHORTCUTS = ("original", "identity", "relu")  # of the discriminator


def multipliers_of(
  network: Union[
    abstract_arch.AbstractGenerator, abstract_arch.AbstractDiscriminator
  ],
  by_size: dict[int, list[int]],
  chosen: Optional[Sequence[int]] = None,
) -> list[int]:
  """Returns `chosen`, by default the entry of `by_size` for these images."""
  network.require_pixels(list(by_size))
  size = network.image_shape[0]
  usual = by_size[size]
  if not chosen:
    return usual
  network.require(
    len(chosen) == len(usual) and all(m > 0 for m in chosen),
    f"multipliers = {list(chosen)}",
    f"{len(usual)} positive numbers at {size} pixels, such as {usual}",
    f"{network.title}.multipliers",
  )
  return list(chosen)


def block_names(count: int) -> list[str]:
  """Returns ["B1", "B2", ...]."""
  return [f"B{i + 1}" for i in range(count)]


@gin.configurable(allowlist=["add_shortcut"])
class BigGanResNetBlock(Module):
  """path(x) + shortcut(x); the shortcut is a 1x1 convolution, made last.

  Without it the block is its convolutional path alone, unless `identity`, which
  adds x. With `relu_shortcut` the shortcut sees relu(x). Without `first_relu`
  the path begins with a convolution.

  Args:
    in_channels, out_channels, scale, is_gen_block, norm, layer_norm, kernel_fn,
      upsample, name: see layers/residual.py.
    add_shortcut: False leaves out the convolution beside the path. A binding
      acts on generators; discriminators decide it block by block.
    identity, relu_shortcut, first_relu: see above.
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
    name: str = "block",
    add_shortcut: bool = True,
    identity: bool = False,
    relu_shortcut: bool = False,
    first_relu: bool = True,
  ) -> None:
    super().__init__()
    self._identity = identity
    self._relu_shortcut = relu_shortcut
    with scope(name):
      self.path = ResidualPath(
        in_channels,
        out_channels,
        scale,
        is_gen_block,
        norm,
        layer_norm,
        kernel_fn,
        upsample,
        first_relu,
      )
      self.shortcut = None
      if add_shortcut:
        self.shortcut = ScaledConv2D(
          in_channels,
          out_channels,
          1,
          scale,
          kernel_fn,
          upsample,
          "conv_shortcut",
        )

  def __call__(
    self,
    x: tf.Tensor,
    z: Optional[tf.Tensor],
    y: Optional[tf.Tensor],
    is_training: bool,
  ) -> tf.Tensor:
    out = self.path(x, z, y, is_training)
    if self._relu_shortcut:
      x = tf.nn.relu(x)
    if self.shortcut:
      out += self.shortcut(x, is_training)
    elif self._identity:
      out += precision.entering(x)
    return out


class Attention:
  """Places the non-local block where `blocks_with_attention` says.

  Blocks that are listed together share its weights, as they share its scope.

  Args:
    network: for messages and its kernel_fn.
    wanted: names of blocks, separated by commas; "" for none.
    blocks: the names of the blocks that exist.
    make_block: `make_block(channels, kernel_fn)` -> the non-local block.
  """

  def __init__(
    self,
    network: Union[
      abstract_arch.AbstractGenerator, abstract_arch.AbstractDiscriminator
    ],
    wanted: str,
    blocks: list[str],
    make_block: Callable[..., NonLocalBlock] = NonLocalBlock,
  ) -> None:
    self._network = network
    self._make_block = make_block
    self._wanted = [name.strip() for name in wanted.split(",") if name.strip()]
    self._block: Optional[NonLocalBlock] = None
    self._channels: Optional[int] = None
    missing = [name for name in self._wanted if name not in blocks]
    if missing:
      warnings.warn(
        f"{network.title}.blocks_with_attention names {', '.join(missing)}, "
        f"but at {network.image_shape[0]} pixels there are only "
        f"{', '.join(blocks)}. Name only those.",
        stacklevel=3,
      )

  def block_after(self, name: str, channels: int) -> Optional[NonLocalBlock]:
    """Returns the NonLocalBlock that follows block `name`, or None."""
    if name not in self._wanted:
      return None
    self._network.require(
      self._channels in (None, channels),
      f"blocks_with_attention = {','.join(self._wanted)!r}, blocks of "
      f"{self._channels} and {channels} channels",
      "blocks of one width, since they share the weights of the attention",
      f"{self._network.title}.blocks_with_attention",
    )
    if self._block is None:
      self._block = self._make_block(channels, self._network.kernel_fn)
      self._channels = channels
    return self._block


@gin.configurable(denylist=["z_dim", "image_shape", "num_classes"])
class Generator(abstract_arch.AbstractGenerator):
  """One residual block per doubling of the size, from 4x4 pixels.

  Args:
    z_dim, image_shape, num_classes: as for every generator.
    ch: unit of the widths: channels are multiples of it.
    blocks_with_attention: names of blocks followed by a non-local block.
    hierarchical_z: each block sees its own chunk of z, in addition to y.
    embed_z: z first passes a linear layer of its own size.
    embed_y: a linear layer to `embed_y_dim` units before y is used.
    embed_y_dim: length of the label embedding.
    embed_bias: gives both a bias.
    multipliers: widths in units of ch, of the first block's input and of every
      block's output. None: the paper's.
  """

  def __init__(
    self,
    z_dim: int,
    image_shape: Sequence[int],
    num_classes: int = 0,
    ch: accepted.Count = 96,
    blocks_with_attention: str = "B4",
    hierarchical_z: bool = True,
    embed_z: bool = False,
    embed_y: bool = True,
    embed_y_dim: accepted.Count = 128,
    embed_bias: bool = False,
    multipliers: Optional[Sequence[int]] = None,
  ) -> None:
    super().__init__(z_dim, image_shape, num_classes)
    multipliers = multipliers_of(self, _G_MULTIPLIERS, multipliers)
    self._chunks = len(multipliers) if hierarchical_z else 1
    self.require(
      z_dim % self._chunks == 0,
      f"options.z_dim = {z_dim} with hierarchical_z",
      f"a multiple of {self._chunks} at {image_shape[0]} pixels",
      "options.z_dim or resnet_biggan.Generator.hierarchical_z",
    )
    channels = [multiplier * ch for multiplier in multipliers]
    self._first_shape = [-1, 4, 4, channels[0]]
    self.embed_z = self.embed_y = None
    if embed_z:
      self.embed_z = Linear(z_dim, z_dim, embed_bias, name="embed_z")
    y_dim = num_classes
    if num_classes and embed_y:
      y_dim = embed_y_dim
      self.embed_y = Linear(num_classes, y_dim, embed_bias, name="embed_y")
    block_z = z_dim // self._chunks
    block_y = y_dim + block_z if hierarchical_z and y_dim else y_dim
    self.fc_noise = Linear(
      block_z, 4 * 4 * channels[0], kernel_fn=self.kernel_fn, name="fc_noise"
    )
    attention = Attention(
      self, blocks_with_attention, block_names(len(channels) - 1)
    )
    self.stages = []
    for i, name in enumerate(block_names(len(channels) - 1)):
      block = BigGanResNetBlock(
        channels[i],
        channels[i + 1],
        scale="up",
        is_gen_block=True,
        norm=self.make_norm(block_z, block_y),
        kernel_fn=self.kernel_fn,
        upsample=self.upsample,
        name=name,
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
    if self.embed_z:
      z = self.embed_z(z, is_training)
    if self.embed_y:
      y = self.embed_y(y, is_training)
    z0, zs, ys = z, [z] * len(self.stages), [y] * len(self.stages)
    if self._chunks > 1:
      z0, *zs = tf.split(z, self._chunks, axis=1)
      if y is not None:
        ys = [tf.concat([chunk, y], axis=1) for chunk in zs]
    x = tf.reshape(self.fc_noise(z0, is_training), self._first_shape)
    for stage, block_z, block_y in zip(self.stages, zs, ys):
      x = recompute.stage(*stage, x, block_z, block_y, is_training)
    x = tf.nn.relu(self.final_norm(x, z, y, is_training))
    x = self.final_conv(x, is_training)
    return abstract_arch.image_range(x, "tanh")


@gin.configurable(denylist=["image_shape", "num_classes"])
class Discriminator(abstract_arch.AbstractDiscriminator):
  """Residual blocks down to 4x4 pixels; sum over what is left.

  Args:
    image_shape, num_classes: as for every discriminator.
    ch: unit of the widths: channels are multiples of it.
    blocks_with_attention: names of blocks followed by a non-local block.
    project_y: adds <embedding of y, features> to the logits.
    multipliers: widths of the blocks' outputs, in ch. None: the paper's.
    halvings: how many blocks halve the size. None: all but the last.
    shortcuts: "original": a convolution where the width changes, else none.
      "identity": a convolution where width or size change, else the block's
      input, as in the paper. "relu": the same of relu(input), beyond the first
      block, as PyTorch computes it with ReLUs in place.
    papers_pixels: maps images to [-1, 1] and leaves out the first ReLU.
  """

  def __init__(
    self,
    image_shape: Sequence[int],
    num_classes: int = 0,
    ch: accepted.Count = 96,
    blocks_with_attention: str = "B1",
    project_y: bool = True,
    multipliers: Optional[Sequence[int]] = None,
    halvings: Optional[accepted.Count] = None,
    shortcuts: Annotated[str, accepted.OneOf(*SHORTCUTS)] = "original",
    papers_pixels: bool = False,
  ) -> None:
    super().__init__(image_shape, num_classes)
    multipliers = multipliers_of(self, _D_MULTIPLIERS, multipliers)
    if halvings is None:
      halvings = len(multipliers) - 1
    self.require(
      halvings <= len(multipliers),
      f"halvings = {halvings}",
      f"at most {len(multipliers)}, the number of its blocks",
      f"{self.title}.halvings",
    )
    self.require(
      shortcuts in SHORTCUTS,
      f"shortcuts = {shortcuts!r}",
      f"one of {', '.join(SHORTCUTS)}",
      f"{self.title}.shortcuts",
    )
    self.halvings, self.shortcuts = halvings, shortcuts
    self.papers_pixels = papers_pixels
    channels = [image_shape[2]] + [
      ch * multiplier for multiplier in multipliers
    ]
    names = block_names(len(multipliers))
    attention = Attention(self, blocks_with_attention, names)
    self.stages = []
    for i, name in enumerate(names):
      halves = i < halvings
      changes = channels[i] != channels[i + 1]
      block = BigGanResNetBlock(
        channels[i],
        channels[i + 1],
        scale="down" if halves else "none",
        is_gen_block=False,
        norm=self.make_norm(y_dim=num_classes),
        layer_norm=self.layer_norm,
        kernel_fn=self.kernel_fn,
        name=name,
        add_shortcut=changes or (halves and shortcuts != "original"),
        identity=shortcuts != "original",
        relu_shortcut=shortcuts == "relu" and i > 0,
        first_relu=i > 0 or not papers_pixels,
      )
      self.stages.append((block, attention.block_after(name, channels[i + 1])))
    self.scores = abstract_arch.Scores(
      channels[-1],
      num_classes,
      self.kernel_fn,
      project_y,
      initializers.glorot_normal,
      name="final_fc",
      owner=self.title,
    )

  def __call__(
    self, x: tf.Tensor, y: Optional[tf.Tensor], is_training: bool
  ) -> abstract_arch.DiscriminatorOutput:
    if self.papers_pixels:
      x = pixels.to_papers(x)
    for stage in self.stages:
      x = recompute.stage(*stage, x, None, y, is_training)
    features = tf.reduce_sum(tf.nn.relu(x), axis=[1, 2])
    return self.scores(features, y, is_training)
