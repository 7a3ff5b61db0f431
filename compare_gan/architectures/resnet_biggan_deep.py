"""BigGAN-deep (https://arxiv.org/abs/1809.11096, appendix B), 32 to 512 pixels.

Twice as many blocks as BigGAN, each a bottleneck of four convolutions whose
shortcut has few weights or none. z and the class embedding are concatenated and
condition every batch norm as a whole. 50 M + 35 M parameters at 128 pixels.
"""

from collections.abc import Sequence
from typing import Callable
from typing import Optional
import warnings

from compare_gan.architectures import abstract_arch
from compare_gan.architectures.resnet_biggan import block_names
from compare_gan.architectures.resnet_biggan import multipliers_of
from compare_gan.configuration import accepted
from compare_gan.context import pixels
from compare_gan.context import precision
from compare_gan.context import recompute
from compare_gan.context.scope import Module
from compare_gan.context.scope import scope
from compare_gan.layers import initializers
from compare_gan.layers import resample
from compare_gan.layers import slices
from compare_gan.layers.attention import NonLocalBlock
from compare_gan.layers.batch_norm import BatchNorm
from compare_gan.layers.conv import Conv2D
from compare_gan.layers.kernel import Kernel
from compare_gan.layers.linear import Linear
import gin
import tensorflow as tf

# Width of each block's input and of the last output, in units of ch.
_G_MULTIPLIERS = {
  32: [4] * 8,
  64: [16] * 4 + [8] * 2 + [4, 4, 2],
  128: [16] * 4 + [8] * 2 + [4, 4, 2, 2, 1],
  256: [16] * 4 + [8] * 4 + [4, 4, 2, 2, 1],
  512: [16] * 4 + [8] * 4 + [4, 4, 2, 2, 1, 1, 1],
}
# The same for the discriminator; the first entry is for initial_conv.
_D_MULTIPLIERS = {
  32: [2] * 8,
  64: [2, 4, 4] + [8] * 2 + [16] * 4,
  128: [1, 2, 2, 4, 4] + [8] * 2 + [16] * 4,
  256: [1, 2, 2, 4, 4] + [8] * 4 + [16] * 4,
  512: [1, 1, 1, 2, 2, 4, 4] + [8] * 4 + [16] * 4,
}
_ATTENTION_SIZE = 64  # pixels of the block that attention follows


@gin.configurable(
  denylist=["in_channels", "out_channels", "scale", "norm", "name"]
)
class BigGanDeepResNetBlock(Module):
  """1x1, 3x3, 3x3, 1x1 convolutions, a quarter as wide inside.

  The shortcut keeps the first channels when the width falls, and appends those
  of a 1x1 convolution when it grows.

  Args:
    in_channels, out_channels: of the block.
    scale: "up", "down" or "none".
    norm: makes a normaliser from channels and a name.
    kernel_fn: how the convolutions write their kernels, see layers/kernel.py.
      Networks pass their own, so that a binding has no effect in them.
    upsample: doubles height and width of a map. Networks pass what G.upsampling
      chooses, so that a binding has no effect in them.
    name: of its scope.
  """

  def __init__(
    self,
    in_channels: int,
    out_channels: int,
    scale: str,
    norm: Callable[[int, str], tf.Module],
    kernel_fn: Callable[..., tf.Module] = Kernel,
    upsample: Callable[[tf.Tensor], tf.Tensor] = resample.unpool,
    name: str = "block",
  ) -> None:
    super().__init__()
    self._scale = scale
    self._upsample = upsample
    self._kept_channels = min(in_channels, out_channels)
    inner = max(in_channels, out_channels) // 4
    with scope(name):
      self.steps = []
      for i, (size, from_channels, to_channels) in enumerate(
        [
          (1, in_channels, inner),
          (3, inner, inner),
          (3, inner, inner),
          (1, inner, out_channels),
        ]
      ):
        with scope(f"conv{i + 1}"):
          bn = norm(from_channels, "bn")
          conv = Conv2D(
            from_channels,
            to_channels,
            size,
            kernel_fn=kernel_fn,
            name=f"{size}x{size}_conv",
          )
          self.steps.append((bn, conv))
      self.add_channels = None
      if in_channels < out_channels:
        with scope("shortcut"):
          self.add_channels = Conv2D(
            in_channels,
            out_channels - in_channels,
            1,
            kernel_fn=kernel_fn,
            name="add_channels",
          )

  def __call__(
    self,
    x: tf.Tensor,
    z: Optional[tf.Tensor],
    y: Optional[tf.Tensor],
    is_training: bool,
  ) -> tf.Tensor:
    x = path = precision.entering(x)  # The shortcut may have no convolution.
    for i, (bn, conv) in enumerate(self.steps):
      path = tf.nn.relu(bn(path, z, y, is_training))
      if i == 1 and self._scale == "up":
        path = self._upsample(path)
      if i == 3 and self._scale == "down":
        path = resample.average_pool(path)
      path = conv(path, is_training)
    return path + self._shortcut(x, is_training)

  def _shortcut(self, x, is_training):
    x = slices.part(x, 3, 0, self._kept_channels)
    if self._scale == "up":
      x = self._upsample(x)
    elif self._scale == "down":
      x = resample.average_pool(x)
    if self.add_channels:
      x = tf.concat([x, self.add_channels(x, is_training)], axis=-1)
    return x


@gin.configurable(denylist=["z_dim", "image_shape", "num_classes"])
class Generator(abstract_arch.AbstractGenerator):
  """Blocks in pairs: the first keeps the size, the second doubles it.

  Args:
    z_dim, image_shape, num_classes: as for every generator.
    ch: unit of the widths: channels are multiples of it.
    embed_y: a linear layer to `embed_y_dim` units before y is used.
    embed_y_dim: length of the label embedding, which is concatenated to z.
    experimental_fast_conv_to_rgb: 128 output channels, of which the first are
      the colors: faster on some accelerators.
  """

  def __init__(
    self,
    z_dim: int,
    image_shape: Sequence[int],
    num_classes: int = 0,
    ch: accepted.Count = 128,
    embed_y: bool = True,
    embed_y_dim: accepted.Count = 128,
    experimental_fast_conv_to_rgb: bool = False,
  ) -> None:
    super().__init__(z_dim, image_shape, num_classes)
    channels = [ch * m for m in multipliers_of(self, _G_MULTIPLIERS)]
    self._first_shape = [-1, 4, 4, channels[0]]
    self.embed_y = None
    y_dim = num_classes
    if num_classes and embed_y:
      y_dim = embed_y_dim
      self.embed_y = Linear(num_classes, y_dim, False, name="embed_y")
    condition = z_dim + y_dim
    # [z, y] takes the place of z and, if there are labels, of y.
    norm = self.make_norm(condition, condition if num_classes else 0)
    self.fc_noise = Linear(
      condition, 4 * 4 * channels[0], kernel_fn=self.kernel_fn, name="fc_noise"
    )
    self.stages = []
    size = 4
    for i, name in enumerate(block_names(len(channels) - 1)):
      scale = "none" if i % 2 == 0 else "up"
      size = 2 * size if scale == "up" else size
      block = BigGanDeepResNetBlock(
        channels[i],
        channels[i + 1],
        scale,
        norm,
        kernel_fn=self.kernel_fn,
        upsample=self.upsample,
        name=name,
      )
      attention = None
      if scale == "up" and size == _ATTENTION_SIZE:
        attention = NonLocalBlock(channels[i + 1], self.kernel_fn)
      self.stages.append((block, attention))
    self.final_norm = BatchNorm(channels[-1], name="final_norm")
    self.final_conv = Conv2D(
      channels[-1],
      128 if experimental_fast_conv_to_rgb else image_shape[2],
      kernel_fn=self.kernel_fn,
      name="final_conv",
    )

  def __call__(
    self, z: tf.Tensor, y: Optional[tf.Tensor], is_training: bool
  ) -> tf.Tensor:
    if self.embed_y:
      y = self.embed_y(y, is_training)
    if y is not None:
      z = y = tf.concat([z, y], axis=1)
    x = tf.reshape(self.fc_noise(z, is_training), self._first_shape)
    for stage in self.stages:
      x = recompute.stage(*stage, x, z, y, is_training)
    x = tf.nn.relu(self.final_norm(x, z, y, is_training))
    x = self.final_conv(x, is_training)
    x = slices.part(x, 3, 0, self.image_shape[2])
    return abstract_arch.image_range(x, "tanh")


@gin.configurable(denylist=["image_shape", "num_classes"])
class Discriminator(abstract_arch.AbstractDiscriminator):
  """Blocks in pairs: the first halves the size; sum over what is left.

  Args:
    image_shape, num_classes: as for every discriminator.
    ch: unit of the widths: channels are multiples of it.
    blocks_with_attention: no effect, as in the original: attention follows the
      block that keeps the size at 64x64 pixels.
    project_y: adds <embedding of y, features> to the logits.
    papers_pixels: maps images to [-1, 1].
  """

  no_place_for = {"layer_norm": "its bottleneck blocks have none"}

  def __init__(
    self,
    image_shape: Sequence[int],
    num_classes: int = 0,
    ch: accepted.Count = 128,
    blocks_with_attention: str = "B1",
    project_y: bool = True,
    papers_pixels: bool = False,
  ) -> None:
    super().__init__(image_shape, num_classes)
    self.papers_pixels = papers_pixels
    if blocks_with_attention != "B1":
      warnings.warn(
        f"{self.title}.blocks_with_attention = {blocks_with_attention!r} has "
        "no effect: attention is always at 64x64 pixels.",
        stacklevel=2,
      )
    channels = [ch * m for m in multipliers_of(self, _D_MULTIPLIERS)]
    self.initial_conv = Conv2D(
      image_shape[2],
      channels[0],
      kernel_fn=self.kernel_fn,
      name="initial_conv",
    )
    self.stages = []
    size = image_shape[0]
    for i, name in enumerate(block_names(len(channels) - 1)):
      scale = "down" if i % 2 == 0 else "none"
      size = size // 2 if scale == "down" else size
      block = BigGanDeepResNetBlock(
        channels[i],
        channels[i + 1],
        scale,
        self.make_norm(y_dim=num_classes),
        kernel_fn=self.kernel_fn,
        name=name,
      )
      attention = None
      if scale == "none" and size == _ATTENTION_SIZE:
        attention = NonLocalBlock(channels[i + 1], self.kernel_fn)
      self.stages.append((block, attention))
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
    x = self.initial_conv(x, is_training)
    for stage in self.stages:
      x = recompute.stage(*stage, x, None, y, is_training)
    features = tf.reduce_sum(tf.nn.relu(x), axis=[1, 2])
    return self.scores(features, y, is_training)
