"""BigBiGAN (Donahue & Simonyan, 2019, https://arxiv.org/abs/1907.02544).

G is BigGAN's, F of the discriminator is BigGAN's D, H and J are residual MLPs,
and the encoder is a reversible network whose output is a normal distribution.
Sizes are BigGAN's, 32 to 512 pixels.

Deviations: the paper's RevNet-50 has bottlenecks, this encoder has `units`
units of two 3x3 convolutions; its image is as large as G's, whereas the paper's
is twice as large (256 to 128 pixels).
"""

from collections.abc import Sequence
from typing import Callable
from typing import Optional

from compare_gan.architectures import abstract_arch
from compare_gan.architectures import resnet_biggan
from compare_gan.configuration import accepted
from compare_gan.context import draws
from compare_gan.context.scope import Module
from compare_gan.context.scope import scope
from compare_gan.layers.conv import Conv2D
from compare_gan.layers.dense_residual import DenseResiduals
from compare_gan.layers.dense_residual import ScoredResiduals
from compare_gan.layers.linear import Linear
from compare_gan.layers.reversible import Reversible
from compare_gan.layers.reversible import widened
import gin
import tensorflow as tf


@gin.configurable(denylist=["z_dim", "image_shape", "num_classes"])
class Generator(resnet_biggan.Generator):
  """BigGAN's; the bindings of resnet_biggan.Generator act here too."""


@gin.configurable(denylist=["image_shape", "z_dim", "num_classes"])
class JointDiscriminator(abstract_arch.AbstractJointDiscriminator):
  """F of the image, H of the latent, J of the features of both.

  Args:
    image_shape, z_dim, num_classes: as for every joint discriminator.
    ch: unit of F's widths: channels are multiples of it.
    blocks_with_attention: names of F's blocks followed by a non-local block.
    units: of each hidden layer of H and J.
    blocks: residual blocks of H, and of J, two layers each.
    dropout: share of their units dropped in training.
  """

  def __init__(
    self,
    image_shape: Sequence[int],
    z_dim: int,
    num_classes: int = 0,
    ch: accepted.Count = 96,
    blocks_with_attention: str = "B1",
    units: accepted.Count = 2048,
    blocks: accepted.Count = 4,
    dropout: accepted.Decay = 0.0,
  ) -> None:
    super().__init__(image_shape, z_dim, num_classes)

    def mlp(channels: int) -> ScoredResiduals:
      return ScoredResiduals(
        channels, units, blocks, dropout, self.kernel_fn, self.kernel_fn
      )

    with scope("F"):
      self.f = resnet_biggan.Discriminator(
        image_shape,
        num_classes,
        ch=ch,
        blocks_with_attention=blocks_with_attention,
        project_y=bool(num_classes),
      )
    with scope("H"):
      self.h = mlp(z_dim)
    with scope("J"):
      self.j = mlp(self.f.num_features + units)

  def __call__(  # type: ignore[override]  # It scores pairs, not images.
    self, x: tf.Tensor, z: tf.Tensor, y: Optional[tf.Tensor], is_training: bool
  ) -> abstract_arch.JointOutput:
    f = self.f(x, y, is_training)
    h, s_z = self.h(tf.cast(z, tf.float32), is_training)
    both = tf.concat([tf.cast(f.features, tf.float32), h], axis=1)
    _, s_xz = self.j(both, is_training)
    return abstract_arch.JointOutput(f.logits, s_z, s_xz)


class PreActivationUnit(Module):
  """f(x) = conv ReLU norm conv ReLU norm x, of a reversible unit."""

  def __init__(
    self,
    channels: int,
    norm: Callable[[int, str], tf.Module],
    kernel_fn: Callable[..., tf.Module],
    name: str,
  ) -> None:
    super().__init__()

    def conv(name: str) -> Conv2D:
      return Conv2D(channels, channels, 3, kernel_fn=kernel_fn, name=name)

    with scope(name):
      self.bn1 = norm(channels, "bn1")
      self.conv1 = conv("conv1")
      self.bn2 = norm(channels, "bn2")
      self.conv2 = conv("conv2")

  def __call__(self, x: tf.Tensor, is_training: bool) -> tf.Tensor:
    for bn, conv in ((self.bn1, self.conv1), (self.bn2, self.conv2)):
      x = tf.nn.relu(bn(x, None, None, is_training))
      x = conv(x, is_training)
    return x


_STAGES = 4


@gin.configurable(denylist=["image_shape", "z_dim"])
class Encoder(abstract_arch.AbstractEncoder):
  """Four stages of reversible units, then an MLP to a normal distribution.

  z = mean + stddev noise with stddev = softplus(...), as in the paper.

  Args:
    image_shape, z_dim: as for every encoder.
    ch: width of the first stage, doubled at each later one; an even number.
    units: reversible units of a stage.
    mlp_units, mlp_blocks: width and number of the residual blocks of the MLP.
    dropout: share of their units dropped in training.
    stochastic: False ignores the deviation: z is the mean.
    recompute: reversible units recompute their activations instead of keeping
      them, see layers/reversible.py.
  """

  def __init__(
    self,
    image_shape: Sequence[int],
    z_dim: int,
    ch: accepted.Count = 64,
    units: accepted.Count = 2,
    mlp_units: accepted.Count = 1024,
    mlp_blocks: accepted.Count = 2,
    dropout: accepted.Decay = 0.0,
    stochastic: bool = True,
    recompute: bool = True,
  ) -> None:
    super().__init__(image_shape, z_dim)
    self.require_pixels([32, 64, 128, 256, 512])
    self.require(
      ch > 0 and ch % 2 == 0,
      f"ch = {ch}",
      "an even number: units act on halves of the channels",
      f"{self.title}.ch",
    )
    size = image_shape[0]
    self._pools = size >= 128
    self.conv = Conv2D(
      image_shape[2],
      ch,
      3 if size < 64 else 7,
      1 if size < 64 else 2,
      kernel_fn=self.kernel_fn,
      name="conv",
    )
    norm = self.make_norm()
    self.stacks = []
    for i in range(_STAGES):
      with scope(f"B{i + 1}"):
        revs = [
          PreActivationUnit(
            ch * 2**i // 2, norm, self.kernel_fn, f"unit{k + 1}"
          )
          for k in range(units)
        ]
      self.stacks.append(Reversible(revs, recompute))
    width = ch * 2 ** (_STAGES - 1)
    self.final_norm = norm(width, "final_norm")
    self.blocks = DenseResiduals(
      width, mlp_units, mlp_blocks, self.kernel_fn, dropout
    )
    self.mean = Linear(mlp_units, z_dim, kernel_fn=self.kernel_fn, name="mean")
    self.stddev = None
    if stochastic:
      self.stddev = Linear(
        mlp_units, z_dim, kernel_fn=self.kernel_fn, name="stddev"
      )

  def __call__(
    self, x: tf.Tensor, is_training: bool
  ) -> abstract_arch.EncoderOutput:
    x = self.conv(x, is_training)
    if self._pools:
      x = tf.nn.max_pool2d(x, 3, 2, "SAME")
    first, *others = self.stacks
    x = first(x, is_training)
    for stack in others:
      x = stack(widened(x), is_training)
    x = tf.nn.relu(self.final_norm(x, None, None, is_training))
    features = tf.reduce_mean(tf.cast(x, tf.float32), axis=[1, 2])
    x = self.blocks(features, is_training)
    mean = self.mean(x, is_training)
    if self.stddev is None:
      return abstract_arch.EncoderOutput(mean, mean, None, features)
    stddev = tf.nn.softplus(self.stddev(x, is_training))
    z = mean + stddev * draws.normal(tf.shape(mean))
    return abstract_arch.EncoderOutput(z, mean, stddev, features)
