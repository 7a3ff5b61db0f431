"""The small BigBiGAN of the model card BigbiGAN_ID1293.

BigBiGAN (https://arxiv.org/abs/1907.02544) with 2.1 M + 2.5 M + 0.6 M
parameters for 32x32 gray pixels and 10 classes. G and D see the 32 pixels, the
encoder sees them doubled to 64. Options of G, D and E do not apply: normalisers
and norms of weights are as in the card.

  32 pixels, as in the card   G 4x4 -> 8 -> 16, attention -> 32
                              F 32 -> 16, attention -> 8 -> 4, and one block
                              E: the image doubled to 64x64
  64 and 128 pixels           one block more for each doubling; E sees the image

Choices that the card leaves open: half of RevNet's zero channels come before
the others and half after. G's last convolution, transposed in the card, is a
plain one; for a stride of 1 these differ only in the order of the weights.
"""

from collections.abc import Sequence
from typing import Optional

from compare_gan.architectures import abstract_arch
from compare_gan.configuration import accepted
from compare_gan.context import precision
from compare_gan.context import recompute
from compare_gan.context.scope import Module
from compare_gan.context.scope import scope
from compare_gan.context.scope import variable
from compare_gan.layers import attention
from compare_gan.layers import initializers
from compare_gan.layers import resample
from compare_gan.layers.batch_norm import BatchNorm
from compare_gan.layers.batch_norm import ConditionalBatchNorm
from compare_gan.layers.conv import Conv2D
from compare_gan.layers.dense_residual import DenseResiduals
from compare_gan.layers.dense_residual import ScoredResiduals
from compare_gan.layers.kernel import Kernel
from compare_gan.layers.linear import Embedding
from compare_gan.layers.linear import Linear
from compare_gan.layers.reversible import Reversible
from compare_gan.layers.reversible import RevUnit
from compare_gan.layers.reversible import widened
from compare_gan.layers.spectral_norm import SpectralNorm
import gin
import tensorflow as tf

_SIZES = [32, 64, 128]
_ATTENTION_AT = 16  # pixels
_FIXED_NORM = "its batch norms are fixed"
_FIXED_WEIGHTS = "it fixes which kernels have a spectral norm"
_NO_PLACE = {
  "batch_norm_fn": _FIXED_NORM,
  "spectral_norm": _FIXED_WEIGHTS,
  "weight_norm": _FIXED_WEIGHTS,
}


def _doublings(size):
  """Returns how many doublings lead from 4 pixels to `size`."""
  return (size // 4).bit_length() - 1


def _conv(in_channels, out_channels, size, name, use_bias=False):
  return Conv2D(
    in_channels,
    out_channels,
    size,
    use_bias=use_bias,
    kernel_fn=SpectralNorm,
    name=name,
  )


class Attention(Module):
  """x + gamma conv(softmax(g f^T) h), without any pooling; gamma starts at 0.

  f, g and h have channels / 8 channels.
  """

  def __init__(self, channels: int, name: str = "attention") -> None:
    super().__init__()
    inner = max(1, channels // 8)
    with scope(name):
      self.f = _conv(channels, inner, 1, "f", True)
      self.g = _conv(channels, inner, 1, "g", True)
      self.h = _conv(channels, inner, 1, "h", True)
      self.v = _conv(inner, channels, 1, "v", True)
      self.gamma = variable("gamma", [], initializers.zeros)

  def __call__(self, x: tf.Tensor, is_training: bool) -> tf.Tensor:
    x = precision.entering(x)
    height, width = x.shape[1], x.shape[2]

    def pixels(conv: Conv2D) -> tf.Tensor:
      y = conv(x, is_training)
      return tf.reshape(y, [-1, height * width, y.shape[-1]])

    attended = attention.attention(
      pixels(self.g), pixels(self.f), pixels(self.h)
    )
    attended = tf.reshape(attended, [-1, height, width, attended.shape[-1]])
    return x + tf.cast(self.gamma, x.dtype) * self.v(attended, is_training)


class UpBlock(Module):
  """Doubles the size: cBN, ReLU, up, conv, cBN, ReLU, conv; shortcut up, 1x1.

  Args:
    in_channels, out_channels: of the images.
    cond: width of what the batch norms are conditioned on.
    name: of the scope.
  """

  def __init__(
    self, in_channels: int, out_channels: int, cond: int, name: str
  ) -> None:
    super().__init__()

    def norm(channels: int, name: str) -> ConditionalBatchNorm:
      return ConditionalBatchNorm(
        channels, y_dim=cond, kernel_fn=Kernel, name=name, use_bias=True
      )

    with scope(name):
      self.bn1 = norm(in_channels, "bn1")
      self.conv1 = _conv(in_channels, out_channels, 3, "conv1")
      self.bn2 = norm(out_channels, "bn2")
      self.conv2 = _conv(out_channels, out_channels, 3, "conv2")
      self.shortcut = _conv(in_channels, out_channels, 1, "conv_shortcut")

  def __call__(
    self, x: tf.Tensor, z: Optional[tf.Tensor], y: tf.Tensor, is_training: bool
  ) -> tf.Tensor:
    del z  # It is a part of y.
    h = tf.nn.relu(self.bn1(x, None, y, is_training))
    h = self.conv1(resample.nearest(h), is_training)
    h = tf.nn.relu(self.bn2(h, None, y, is_training))
    h = self.conv2(h, is_training)
    # A 1x1 convolution and the copying of pixels commute.
    return h + resample.nearest(self.shortcut(x, is_training))


@gin.configurable(denylist=["z_dim", "image_shape", "num_classes"])
class Generator(abstract_arch.AbstractGenerator):
  """Blocks that double the size from 4x4, each with its own part of z.

  Args:
    z_dim, image_shape, num_classes: as for every generator.
    ch: width of the last block; the first one's is four times that.
    embed_y_dim: length of the label embedding, which is concatenated to z.
  """

  no_place_for = {
    **_NO_PLACE,
    "upsampling": "it always copies pixels, as G.upsampling = 'nearest' does",
  }

  def __init__(
    self,
    z_dim: int,
    image_shape: Sequence[int],
    num_classes: int = 0,
    ch: accepted.Count = 64,
    embed_y_dim: accepted.Count = 32,
  ) -> None:
    super().__init__(z_dim, image_shape, num_classes)
    self.require_pixels(_SIZES)
    count = _doublings(image_shape[0])
    self.require(
      z_dim % (count + 1) == 0,
      f"options.z_dim = {z_dim}",
      f"a multiple of {count + 1} at {image_shape[0]} pixels: each block has "
      "its own part of z",
      "options.z_dim",
    )
    widths = [min(4, 2 ** (count - 1 - i)) * ch for i in range(count)]
    self._chunks = count + 1
    self._first_shape = [-1, 4, 4, 4 * ch]
    self.embed_y = None
    cond = chunk = z_dim // self._chunks
    if num_classes:
      self.embed_y = Embedding(num_classes, embed_y_dim, name="embed_y")
      cond += embed_y_dim
    self.fc_noise = Linear(
      chunk, 16 * 4 * ch, kernel_fn=SpectralNorm, name="fc_noise"
    )
    self.stages = []
    channels, size = 4 * ch, 4
    for i, width in enumerate(widths):
      size *= 2
      block = UpBlock(channels, width, cond, f"B{i + 1}")
      attends = size == _ATTENTION_AT
      self.stages.append((block, Attention(width) if attends else None))
      channels = width
    self.final_norm = BatchNorm(channels, name="final_norm")
    self.final_conv = _conv(channels, image_shape[2], 3, "final_conv")

  def __call__(
    self, z: tf.Tensor, y: Optional[tf.Tensor], is_training: bool
  ) -> tf.Tensor:
    z0, *zs = tf.split(z, self._chunks, axis=1)
    if self.embed_y:
      e = self.embed_y(y, is_training)
      zs = [tf.concat([chunk, e], axis=1) for chunk in zs]
    x = tf.reshape(self.fc_noise(z0, is_training), self._first_shape)
    for stage, cond in zip(self.stages, zs):
      x = recompute.stage(*stage, x, None, cond, is_training)
    x = tf.nn.relu(self.final_norm(x, z, y, is_training))
    x = self.final_conv(x, is_training)
    return abstract_arch.image_range(x, "sigmoid")


class DownBlock(Module):
  """ReLU, conv, ReLU, conv, mean over 2x2; shortcut 1x1, mean over 2x2."""

  def __init__(self, in_channels: int, out_channels: int, name: str) -> None:
    super().__init__()
    with scope(name):
      self.conv1 = _conv(in_channels, out_channels, 3, "conv1")
      self.conv2 = _conv(out_channels, out_channels, 3, "conv2")
      self.shortcut = _conv(in_channels, out_channels, 1, "conv_shortcut")

  def __call__(
    self,
    x: tf.Tensor,
    z: Optional[tf.Tensor],
    y: Optional[tf.Tensor],
    is_training: bool,
  ) -> tf.Tensor:
    del z, y
    h = self.conv1(tf.nn.relu(x), is_training)
    h = self.conv2(tf.nn.relu(h), is_training)
    return resample.average_pool(h + self.shortcut(x, is_training))


class LastBlock(Module):
  """x + conv(ReLU(conv(x))): no ReLU at the entrance."""

  def __init__(self, channels: int, name: str) -> None:
    super().__init__()
    with scope(name):
      self.conv1 = _conv(channels, channels, 3, "conv1")
      self.conv2 = _conv(channels, channels, 3, "conv2")

  def __call__(
    self,
    x: tf.Tensor,
    z: Optional[tf.Tensor],
    y: Optional[tf.Tensor],
    is_training: bool,
  ) -> tf.Tensor:
    del z, y
    x = precision.entering(x)
    h = tf.nn.relu(self.conv1(x, is_training))
    return x + self.conv2(h, is_training)


class F(Module):
  """Features [N, 4 ch] of an image, and its score s_x."""

  def __init__(
    self, image_shape: Sequence[int], num_classes: int, ch: int, owner: str
  ) -> None:
    super().__init__()
    count = _doublings(image_shape[0])
    channels, size = image_shape[2], image_shape[0]
    self.stages = []
    for i in range(count):
      width, size = min(4, 2**i) * ch, size // 2
      block = DownBlock(channels, width, f"B{i + 1}")
      attends = size == _ATTENTION_AT
      self.stages.append((block, Attention(width) if attends else None))
      channels = width
    self.stages.append((LastBlock(channels, f"B{count + 1}"), None))
    self.scores = abstract_arch.Scores(
      channels, num_classes, Kernel, bool(num_classes), name="fc", owner=owner
    )

  def __call__(
    self, x: tf.Tensor, y: Optional[tf.Tensor], is_training: bool
  ) -> tuple[tf.Tensor, tf.Tensor]:
    for stage in self.stages:
      x = recompute.stage(*stage, x, None, None, is_training)
    x = tf.cast(tf.nn.relu(x), tf.float32)
    features = tf.reduce_sum(x, axis=[1, 2])
    return features, self.scores(features, y, is_training).logits


@gin.configurable(denylist=["image_shape", "z_dim", "num_classes"])
class JointDiscriminator(abstract_arch.AbstractJointDiscriminator):
  """F of the image, H of the latent, J of the features of both.

  Args:
    image_shape, z_dim, num_classes: as for every joint discriminator.
    ch: width of F's first block; the last one's is four times that.
    units: width of the 3 residual blocks of H and of J.
    dropout: share of their units dropped in training.
  """

  no_place_for = {**_NO_PLACE, "layer_norm": "it has no normalisation layers"}

  def __init__(
    self,
    image_shape: Sequence[int],
    z_dim: int,
    num_classes: int = 0,
    ch: accepted.Count = 64,
    units: accepted.Count = 64,
    dropout: accepted.Decay = 0.2,
  ) -> None:
    super().__init__(image_shape, z_dim, num_classes)
    self.require_pixels(_SIZES)
    with scope("F"):
      self.f = F(image_shape, num_classes, ch, self.title)
    with scope("H"):
      self.h = ScoredResiduals(z_dim, units, 3, dropout)
    with scope("J"):
      self.j = ScoredResiduals(4 * ch + units, units, 3, dropout)

  def __call__(  # type: ignore[override]  # It scores pairs, not images.
    self, x: tf.Tensor, z: tf.Tensor, y: Optional[tf.Tensor], is_training: bool
  ) -> abstract_arch.JointOutput:
    f, s_x = self.f(x, y, is_training)
    h, s_z = self.h(tf.cast(z, tf.float32), is_training)
    _, s_xz = self.j(tf.concat([f, h], axis=1), is_training)
    return abstract_arch.JointOutput(s_x, s_z, s_xz)


@gin.configurable(denylist=["image_shape", "z_dim"])
class Encoder(abstract_arch.AbstractEncoder):
  """RevNet-13, deterministic: 3 x 2 reversible units, 2 dense blocks.

  Args:
    image_shape, z_dim: as for every encoder.
    ch: width of the first units, doubled twice; an even number.
    units: width of the two dense residual blocks.
    dropout: share of their units dropped in training.
    recompute: reversible units recompute their activations instead of keeping
      them, see layers/reversible.py.
  """

  no_place_for = _NO_PLACE

  def __init__(
    self,
    image_shape: Sequence[int],
    z_dim: int,
    ch: accepted.Count = 32,
    units: accepted.Count = 256,
    dropout: accepted.Decay = 0.2,
    recompute: bool = True,
  ) -> None:
    super().__init__(image_shape, z_dim)
    self.require_pixels(_SIZES)
    self.require(
      ch > 0 and ch % 2 == 0,
      f"ch = {ch}",
      "an even number: units act on halves of the channels",
      f"{self.title}.ch",
    )
    self._doubles = image_shape[0] < 64
    self.conv = Conv2D(image_shape[2], ch, 7, 2, name="conv")
    self.stacks = []
    for i in range(3):
      with scope(f"B{i + 1}"):
        revs = [RevUnit(ch * 2**i // 2, f"unit{k + 1}") for k in range(2)]
      self.stacks.append(Reversible(revs, recompute))
    self.blocks = DenseResiduals(4 * ch, units, 2, Kernel, dropout)
    self.linear = Linear(units, z_dim, name="fc")

  def __call__(
    self, x: tf.Tensor, is_training: bool
  ) -> abstract_arch.EncoderOutput:
    if self._doubles:
      x = resample.nearest(x)
    x = self.conv(x, is_training)
    x = tf.nn.max_pool2d(x, 3, 2, "VALID")
    first, *others = self.stacks
    x = first(x, is_training)
    for stack in others:
      x = stack(widened(x), is_training)
    features = tf.reduce_mean(tf.cast(x, tf.float32), axis=[1, 2])
    z = self.linear(self.blocks(features, is_training), is_training)
    return abstract_arch.EncoderOutput(z, z, None, features)
