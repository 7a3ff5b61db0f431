"""DCGAN (Radford et al., 2015, https://arxiv.org/abs/1511.06434).

Any image size: each of four stages halves it, rounding up, so 28 pixels go
through 14, 7 and 4 to 2. 5.4 M + 4.3 M parameters at 64 pixels.
"""

from collections.abc import Sequence
from typing import Callable
from typing import Optional

from compare_gan.architectures import abstract_arch
from compare_gan.configuration import accepted
from compare_gan.context import draws
from compare_gan.context.scope import Module
from compare_gan.layers import initializers
from compare_gan.layers.activations import lrelu
from compare_gan.layers.conv import Conv2D
from compare_gan.layers.conv import Deconv2D
from compare_gan.layers.linear import Linear
import gin
import tensorflow as tf

_NOT_IN_G = "it does not normalise the weights of its deconvolutions"


def halvings(size: int, times: int) -> list[int]:
  """Returns [size, ceil(size / 2), ...], halved `times` times."""
  sizes = [size]
  for _ in range(times):
    sizes.append((sizes[-1] + 1) // 2)
  return sizes


def with_initializer(
  initializer: Optional[str], kernel_fn: Callable[..., tf.Module]
) -> Callable[..., tf.Module]:
  """Returns a `kernel_fn` that initialises kernels with `initializer`.

  Args:
    initializer: as weights.initializer, or None for that one.
    kernel_fn: see layers/kernel.py.
  """
  if initializer is None:
    return kernel_fn
  init = initializers.weights(initializer)
  return lambda shape: kernel_fn(shape, init)


@gin.configurable(denylist=["z_dim", "image_shape", "num_classes"])
class Generator(abstract_arch.AbstractGenerator):
  """Linear to 1/16 of the size, then four 5x5 deconvolutions of stride 2.

  Args:
    z_dim, image_shape, num_classes: as for every generator.
    ch: channels of the last intermediate map; the first one has 8 ch.
  """

  no_place_for = {
    "spectral_norm": _NOT_IN_G,
    "weight_norm": _NOT_IN_G,
    "upsampling": "it upsamples with deconvolutions",
  }

  def __init__(
    self,
    z_dim: int,
    image_shape: Sequence[int],
    num_classes: int = 0,
    ch: accepted.Count = 64,
  ) -> None:
    super().__init__(z_dim, image_shape, num_classes)
    height, width, colors = image_shape
    # From the smallest: [s4, s3, s2, s1, s].
    self._sizes = list(zip(halvings(height, 4), halvings(width, 4)))[::-1]
    channels = [8 * ch, 4 * ch, 2 * ch, ch, colors]
    norm = self.make_norm(z_dim, num_classes)
    h, w = self._sizes[0]
    self._first_shape = [-1, h, w, channels[0]]
    self.fc1 = Linear(z_dim, h * w * channels[0], name="g_fc1")
    self.stages = []
    for i in range(4):
      bn = norm(channels[i], f"g_bn{i + 1}")
      dc = Deconv2D(channels[i], channels[i + 1], 5, 2, name=f"g_dc{i + 1}")
      self.stages.append((bn, dc))

  def __call__(
    self, z: tf.Tensor, y: Optional[tf.Tensor], is_training: bool
  ) -> tf.Tensor:
    x = tf.reshape(self.fc1(z, is_training), self._first_shape)
    for (bn, dc), size in zip(self.stages, self._sizes[1:]):
      x = tf.nn.relu(bn(x, z, y, is_training))
      x = dc(x, size, is_training)
    return abstract_arch.image_range(x, "tanh")


class _Convolutions(Module):
  """Four 5x5 convolutions of stride 2, to a map of 8 ch channels."""

  def __init__(
    self,
    colors: int,
    ch: accepted.Count,
    norm: Callable[[int, str], tf.Module],
    kernel_fn: Callable[..., tf.Module],
    prefix: str,
  ) -> None:
    super().__init__()
    channels = [colors, ch, 2 * ch, 4 * ch, 8 * ch]

    def conv(i: int) -> Conv2D:
      name = f"{prefix}_conv{i}"
      return Conv2D(
        channels[i - 1], channels[i], 5, 2, kernel_fn=kernel_fn, name=name
      )

    self.conv1 = conv(1)
    self.stages = []
    for i in range(2, 5):
      self.stages.append((conv(i), norm(channels[i], f"{prefix}_bn{i - 1}")))

  def __call__(
    self, x: tf.Tensor, y: Optional[tf.Tensor], is_training: bool
  ) -> tf.Tensor:
    x = lrelu(self.conv1(x, is_training))
    for conv, bn in self.stages:
      x = lrelu(bn(conv(x, is_training), None, y, is_training))
    return x


def _flat_size(image_shape, ch):
  height, width, _ = image_shape
  return 8 * ch * halvings(height, 4)[-1] * halvings(width, 4)[-1]


@gin.configurable(denylist=["image_shape", "num_classes"])
class Discriminator(abstract_arch.AbstractDiscriminator):
  """Four 5x5 convolutions of stride 2, then linear.

  Args:
    image_shape, num_classes: as for AbstractDiscriminator.
    ch: channels of the first convolution; the last one has 8 ch.
    conv_initializer: of the convolutions; None: weights.initializer.
  """

  no_place_for = {"layer_norm": "only residual blocks have layer norms"}

  def __init__(
    self,
    image_shape: Sequence[int],
    num_classes: int = 0,
    ch: accepted.Count = 64,
    conv_initializer: Optional[str] = None,
  ) -> None:
    super().__init__(image_shape, num_classes)
    norm = self.make_norm(y_dim=num_classes)
    kernel_fn = with_initializer(conv_initializer, self.kernel_fn)
    self.convs = _Convolutions(image_shape[2], ch, norm, kernel_fn, "d")
    self.scores = abstract_arch.Scores(
      _flat_size(image_shape, ch), 0, self.kernel_fn, name="d_fc4"
    )

  def __call__(
    self, x: tf.Tensor, y: Optional[tf.Tensor], is_training: bool
  ) -> abstract_arch.DiscriminatorOutput:
    x = self.convs(x, y, is_training)
    flat = tf.reshape(x, [tf.shape(x)[0], -1])
    # Its features are the map itself, not flattened.
    return self.scores(flat, y, is_training, returned_features=x)


@gin.configurable(denylist=["image_shape", "z_dim"])
class Encoder(abstract_arch.AbstractEncoder):
  """The discriminator's convolutions, then the mean and deviation of a normal.

  As in ALI and BiGAN (https://arxiv.org/abs/1606.00704, 1605.09782).

  Args:
    image_shape, z_dim: as for every encoder.
    ch: channels of the first convolution; the last one has 8 ch.
  """

  def __init__(
    self, image_shape: Sequence[int], z_dim: int, ch: accepted.Count = 64
  ) -> None:
    super().__init__(image_shape, z_dim)
    norm = self.make_norm()
    self.convs = _Convolutions(image_shape[2], ch, norm, self.kernel_fn, "e")
    size = _flat_size(image_shape, ch)
    self.mean = Linear(size, z_dim, kernel_fn=self.kernel_fn, name="e_mean")
    self.stddev = Linear(size, z_dim, kernel_fn=self.kernel_fn, name="e_stddev")

  def __call__(
    self, x: tf.Tensor, is_training: bool
  ) -> abstract_arch.EncoderOutput:
    x = self.convs(x, None, is_training)
    x = tf.cast(x, tf.float32)
    features = tf.reduce_mean(x, axis=[1, 2])
    x = tf.reshape(x, [tf.shape(x)[0], -1])
    mean = self.mean(x, is_training)
    stddev = tf.nn.softplus(self.stddev(x, is_training))
    z = mean + stddev * draws.normal(tf.shape(mean))
    return abstract_arch.EncoderOutput(z, mean, stddev, features)
