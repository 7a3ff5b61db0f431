"""R3GAN (Huang et al., 2024, https://arxiv.org/abs/2501.05441), its Config E.

A modern baseline from plain parts, a ResNeXt of mirrored G and D:

  G   basis of 4x4 pixels -> blocks -> (up -> blocks) ... -> 1x1 to colours
  D   1x1 from colours -> (blocks -> down) ... -> blocks -> basis of 4x4 pixels

  block       x + conv1x1(lrelu(conv3x3 in groups(lrelu(conv1x1(x) + b1)) + b2))
  up, down    a filter, and a 1x1 convolution where the width changes
  basis       of G: images = basis * (z W); of D: features = sum of basis * x

There are no normalisers, no noise, no styles, no equalised learning rates, and
no biases but those of blocks. Every block starts as the identity: its last
convolution is 0, and the others are smaller the more blocks there are. The
training, which the paper is about, pairs real and fake images (loss.fn =
@relativistic_paired) and penalises slopes at both (@r1_r2).

G's last layer is linear: in training its pixels may leave [0, 1]. Inside of the
networks they are in [-1, 1], as in the paper. 20.8 M + 21.3 M parameters on
CIFAR-10 with labels, 14 GFLOP an image in each.
"""

from collections.abc import Sequence
import math
from typing import Any
from typing import Optional

from compare_gan.architectures import abstract_arch
from compare_gan.configuration import accepted
from compare_gan.context import pixels
from compare_gan.context import precision
from compare_gan.context import recompute
from compare_gan.context.scope import Module
from compare_gan.context.scope import scope
from compare_gan.layers import fir
from compare_gan.layers import initializers
from compare_gan.layers.basis import DiscriminativeBasis
from compare_gan.layers.basis import GenerativeBasis
from compare_gan.layers.grouped_conv import GroupedConv2D
from compare_gan.layers.grouped_residual import GroupedResidualBlock
from compare_gan.layers.linear import Embedding
import gin
import tensorflow as tf

_NO_PLACE = {
  "batch_norm_fn": "it does without normalisers",
  "spectral_norm": "its kernels are plain, their scale is set at the start",
  "weight_norm": "its kernels are plain, their scale is set at the start",
}


def _conv1x1(in_channels, out_channels, name):
  """Returns the convolution that changes the width, without a bias."""
  return GroupedConv2D(
    in_channels,
    out_channels,
    kernel_size=1,
    use_bias=False,
    init=initializers.fan_in_normal(),
    name=name,
  )


class _Resized(Module):
  """A change of size, with a 1x1 convolution where the width changes too."""

  def __init__(
    self,
    in_channels: int,
    out_channels: int,
    taps: Sequence[float],
    name: str,
  ) -> None:
    super().__init__()
    self._taps = taps
    self.conv = None
    if in_channels != out_channels:
      self.conv = _conv1x1(in_channels, out_channels, name)

  def _changed_width(self, x, is_training):
    return self.conv(x, is_training) if self.conv else x


class Up(_Resized):
  """The convolution, then the filter: twice the size."""

  def __call__(self, x: tf.Tensor, is_training: bool) -> tf.Tensor:
    return fir.upsample(self._changed_width(x, is_training), self._taps)


class Down(_Resized):
  """The filter, then the convolution: half the size."""

  def __call__(self, x: tf.Tensor, is_training: bool) -> tf.Tensor:
    return self._changed_width(fir.downsample(x, self._taps), is_training)


class Stage(Module):
  """The blocks of one size, behind or before a change of size."""

  def __init__(self, layers: Sequence[Module], is_float32: bool) -> None:
    super().__init__()
    self._is_float32 = is_float32
    self.layers = list(layers)

  def entering(self, x: tf.Tensor) -> tf.Tensor:
    """Returns x in the precision of this stage."""
    x = tf.cast(x, tf.float32)
    return x if self._is_float32 else precision.entering(x)

  def __call__(self, x: tf.Tensor, is_training: bool) -> tf.Tensor:
    x = self.entering(x)
    for layer in self.layers:
      if isinstance(layer, GroupedResidualBlock):
        x = recompute.stage(layer, None, x, None, None, is_training)
      else:
        x = layer(x, is_training)
    return x


class _Sizes:
  """The sizes of a network, checked; its stages are counted from 4 pixels."""

  def __init__(
    self,
    network: Any,
    widths: Sequence[int],
    cardinalities: Sequence[int],
    blocks: Sequence[int],
    expansion: int,
    kernel_size: int,
    low_pass: Sequence[float],
    float32_pixels: int,
  ) -> None:
    self.widths, self._cardinalities = list(widths), list(cardinalities)
    self._blocks, self._expansion = list(blocks), expansion
    self._kernel_size, self._float32_pixels = kernel_size, float32_pixels
    self.taps = fir.taps_of(low_pass)
    title, count = network.title, len(self.widths)
    height, width, _ = network.image_shape
    network.require(
      height == width == 4 * 2 ** (count - 1),
      f"{count} widths for images of {height}x{width} pixels",
      "squares of 4 * 2^k pixels and k + 1 widths, that of 4x4 pixels first",
      f"{title}.widths",
    )
    for name, values in (("cardinalities", cardinalities), ("blocks", blocks)):
      network.require(
        len(values) == count and all(value >= 1 for value in values),
        f"{name} = {list(values)} for {count} widths",
        "as many, each at least 1",
        f"{title}.{name}",
      )
    for channels, groups in zip(self.widths, self._cardinalities):
      network.require(
        channels >= 1 and expansion * channels % groups == 0,
        f"a width of {channels} with expansion = {expansion} and a cardinality "
        f"of {groups}",
        "an inner width, expansion * width, that the cardinality divides",
        f"{title}.widths or {title}.cardinalities",
      )

  def make_blocks(self, stage: int) -> list[Module]:
    """Returns the blocks of a stage."""
    return [
      GroupedResidualBlock(
        self.widths[stage],
        self._cardinalities[stage],
        self._expansion,
        self._kernel_size,
        depth=sum(self._blocks),
        name=f"block{i}",
      )
      for i in range(self._blocks[stage])
    ]

  def is_float32(self, stage: int) -> bool:
    return 4 * 2**stage <= self._float32_pixels


@gin.configurable(denylist=["z_dim", "image_shape", "num_classes"])
class Generator(abstract_arch.AbstractGenerator):
  """From z to the colours; the defaults are those of CIFAR-10.

  Args:
    z_dim, image_shape, num_classes: as for every generator; z should be normal.
    widths: channels at 4x4, 8x8, ... pixels.
    cardinalities: groups of the 3x3 convolutions there.
    blocks: how many residual blocks there.
    expansion: width inside of a block / width outside.
    kernel_size: of the convolutions in groups.
    low_pass: R3GAN's `filter` between sizes; [1, 2, 1] means (1, 3, 3, 1) / 8.
    embed_dim: length of the embedding of y beside z; None for z_dim.
    float32_pixels: stages of at most so many pixels compute in float32,
      whatever run_config.precision is.
  """

  no_place_for = {**_NO_PLACE, "upsampling": "it doubles images by a filter"}

  def __init__(
    self,
    z_dim: int,
    image_shape: Sequence[int],
    num_classes: int = 0,
    widths: Sequence[accepted.Count] = (768, 768, 768, 768),
    cardinalities: Sequence[accepted.Count] = (96, 96, 96, 96),
    blocks: Sequence[accepted.Count] = (2, 2, 2, 2),
    expansion: accepted.Count = 2,
    kernel_size: accepted.Count = 3,
    low_pass: Sequence[float] = (1, 2, 1),
    embed_dim: Optional[accepted.Count] = None,
    float32_pixels: accepted.CountOrZero = 4,
  ) -> None:
    super().__init__(z_dim, image_shape, num_classes)
    sizes = _Sizes(
      self,
      widths,
      cardinalities,
      blocks,
      expansion,
      kernel_size,
      low_pass,
      float32_pixels,
    )
    self.embed_y = None
    if num_classes:
      embed_dim = z_dim if embed_dim is None else embed_dim
      self.embed_y = Embedding(
        num_classes,
        embed_dim,
        init=initializers.fan_in_normal(),
        name="embed_y",
      )
      z_dim += embed_dim
    self.stages = []
    for i, channels in enumerate(sizes.widths):
      with scope(f"stage{i}"):
        if i == 0:
          first: Module = GenerativeBasis(z_dim, channels)
        else:
          first = Up(sizes.widths[i - 1], channels, sizes.taps, "up_conv")
        layers = [first, *sizes.make_blocks(i)]
        self.stages.append(Stage(layers, sizes.is_float32(i)))
    self.to_rgb = _conv1x1(sizes.widths[-1], image_shape[2], "to_rgb")

  def __call__(
    self, z: tf.Tensor, y: Optional[tf.Tensor], is_training: bool
  ) -> tf.Tensor:
    return pixels.from_papers(self.raw_images(z, y, is_training), is_training)

  def raw_images(
    self, z: tf.Tensor, y: Optional[tf.Tensor], is_training: bool
  ) -> tf.Tensor:
    """Returns images of any range, for which -1 is black and 1 is white."""
    x = z
    if self.embed_y:
      x = tf.concat([z, self.embed_y(y, is_training)], axis=1)
    for stage in self.stages:
      x = stage(x, is_training)
    return self.to_rgb(x, is_training)


@gin.configurable(denylist=["image_shape", "num_classes"])
class Discriminator(abstract_arch.AbstractDiscriminator):
  """G mirrored: its lists, too, begin with 4x4 pixels, where D ends.

  Labels are projected: logits = <units, embedding of y>.

  Args:
    image_shape, num_classes: as for every discriminator.
    widths, cardinalities, blocks, expansion, kernel_size, low_pass,
      float32_pixels: as for r3gan.Generator.
    embed_dim: units that the embedding of y is projected on; None for the width
      at 4x4 pixels.
  """

  no_place_for = {**_NO_PLACE, "layer_norm": "it does without normalisers"}

  def __init__(
    self,
    image_shape: Sequence[int],
    num_classes: int = 0,
    widths: Sequence[accepted.Count] = (768, 768, 768, 768),
    cardinalities: Sequence[accepted.Count] = (96, 96, 96, 96),
    blocks: Sequence[accepted.Count] = (2, 2, 2, 2),
    expansion: accepted.Count = 2,
    kernel_size: accepted.Count = 3,
    low_pass: Sequence[float] = (1, 2, 1),
    embed_dim: Optional[accepted.Count] = None,
    float32_pixels: accepted.CountOrZero = 4,
  ) -> None:
    super().__init__(image_shape, num_classes)
    sizes = _Sizes(
      self,
      widths,
      cardinalities,
      blocks,
      expansion,
      kernel_size,
      low_pass,
      float32_pixels,
    )
    units = 1
    if num_classes:
      units = sizes.widths[0] if embed_dim is None else embed_dim
    self.from_rgb = _conv1x1(image_shape[2], sizes.widths[-1], "from_rgb")
    self.stages = []
    for place, i in enumerate(reversed(range(len(sizes.widths)))):
      with scope(f"stage{place}"):
        layers = sizes.make_blocks(i)
        if i:
          widths = sizes.widths[i], sizes.widths[i - 1]
          layers.append(Down(*widths, sizes.taps, "down_conv"))
        else:
          self.basis = DiscriminativeBasis(sizes.widths[0], units)
        self.stages.append(Stage(layers, sizes.is_float32(i)))
    self.embed_y = None
    if num_classes:
      self.embed_y = Embedding(
        num_classes,
        units,
        init=initializers.fan_in_normal(1.0 / math.sqrt(units)),
        name="embed_y",
      )

  @property
  def num_features(self) -> int:
    return self.basis.channels

  def __call__(
    self, x: tf.Tensor, y: Optional[tf.Tensor], is_training: bool
  ) -> abstract_arch.DiscriminatorOutput:
    x = self.stages[0].entering(pixels.to_papers(x))
    x = self.from_rgb(x, is_training)
    for stage in self.stages:
      x = stage(x, is_training)
    features = self.basis.features(x)
    logits = self.basis.fc(features, is_training)
    if self.embed_y:
      e = self.embed_y(y, is_training)
      logits = tf.reduce_sum(e * logits, axis=1, keepdims=True)
    return abstract_arch.DiscriminatorOutput(
      tf.sigmoid(logits), logits, features
    )
