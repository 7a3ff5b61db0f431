"""DCGAN (Radford et al., 2015, https://arxiv.org/abs/1511.06434).

Any image size: each of four stages halves it, rounding up, so 28 pixels go
through 14, 7 and 4 to 2. 5.4 M + 4.3 M parameters at 64 pixels.
"""

from compare_gan.architectures import abstract_arch
from compare_gan.layers.activations import lrelu
from compare_gan.layers.conv import Conv2D
from compare_gan.layers.conv import Deconv2D
from compare_gan.layers.linear import Linear
import gin
import tensorflow as tf

_NOT_IN_G = "its deconvolutions carry no norm of the weights"


def halvings(size, times):
  """Returns [size, ceil(size / 2), ...], halved `times` times."""
  sizes = [size]
  for _ in range(times):
    sizes.append((sizes[-1] + 1) // 2)
  return sizes


@gin.configurable(denylist=["z_dim", "image_shape", "num_classes"])
class Generator(abstract_arch.AbstractGenerator):
  """Linear to 1/16 of the size, then four 5x5 deconvolutions of stride 2."""

  no_place_for = {
    "spectral_norm": _NOT_IN_G,
    "weight_norm": _NOT_IN_G,
    "upsampling": "it has deconvolutions instead",
  }

  def __init__(self, z_dim, image_shape, num_classes=0, ch=64):
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

  def __call__(self, z, y, is_training):
    x = tf.reshape(self.fc1(z, is_training), self._first_shape)
    for (bn, dc), size in zip(self.stages, self._sizes[1:]):
      x = tf.nn.relu(bn(x, z, y, is_training))
      x = dc(x, size, is_training)
    return abstract_arch.image_range(x, "tanh")


@gin.configurable(denylist=["image_shape", "num_classes"])
class Discriminator(abstract_arch.AbstractDiscriminator):
  """Four 5x5 convolutions of stride 2, then linear."""

  no_place_for = {"layer_norm": "only residual blocks have layer norms"}

  def __init__(self, image_shape, num_classes=0, ch=64):
    super().__init__(image_shape, num_classes)
    height, width, colors = image_shape
    channels = [colors, ch, 2 * ch, 4 * ch, 8 * ch]
    norm = self.make_norm(y_dim=num_classes)

    def conv(i):
      return Conv2D(
        channels[i - 1],
        channels[i],
        5,
        2,
        kernel_fn=self.kernel_fn,
        name=f"d_conv{i}",
      )

    self.conv1 = conv(1)
    self.stages = []
    for i in range(2, 5):
      self.stages.append((conv(i), norm(channels[i], f"d_bn{i - 1}")))
    pixels = halvings(height, 4)[-1] * halvings(width, 4)[-1]
    self.scores = abstract_arch.Scores(
      8 * ch * pixels, 0, self.kernel_fn, name="d_fc4"
    )

  def __call__(self, x, y, is_training):
    x = lrelu(self.conv1(x, is_training))
    for conv, bn in self.stages:
      x = lrelu(bn(conv(x, is_training), None, y, is_training))
    flat = tf.reshape(x, [tf.shape(x)[0], -1])
    # Its features are the map itself, not flattened.
    return self.scores(flat, y, is_training, returned_features=x)
