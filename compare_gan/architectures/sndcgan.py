"""SNDCGAN, the small network of the spectral normalisation paper.

https://arxiv.org/abs/1802.05957, table 3. Any image size. Unlike in the others,
its discriminator scales the images to [-1, 1], and its first normaliser works
on the vector before it becomes a map. 3.8 M + 5.9 M parameters at 32 pixels.
"""

from collections.abc import Sequence
from typing import Optional

from compare_gan.architectures import abstract_arch
from compare_gan.architectures.dcgan import halvings
from compare_gan.configuration import accepted
from compare_gan.layers.activations import lrelu
from compare_gan.layers.conv import Conv2D
from compare_gan.layers.conv import Deconv2D
from compare_gan.layers.linear import Linear
import gin
import tensorflow as tf

_NOT_IN_G = "it does not normalise the weights of its deconvolutions"
_NOT_IN_D = "it has only leaky ReLUs between its convolutions"


@gin.configurable(denylist=["z_dim", "image_shape", "num_classes"])
class Generator(abstract_arch.AbstractGenerator):
  """Linear to 1/8 of the size, then three 4x4 deconvolutions of stride 2.

  Args:
    z_dim, image_shape, num_classes: as for every generator.
    ch: unit of the widths: channels are multiples of it.
    first_norm: False leaves out the normaliser and the ReLU between the linear
      layer and the first deconvolution.
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
    first_norm: bool = True,
  ) -> None:
    super().__init__(z_dim, image_shape, num_classes)
    height, width, colors = image_shape
    # From the smallest: [s8, s4, s2, s].
    self._sizes = list(zip(halvings(height, 3), halvings(width, 3)))[::-1]
    channels = [8 * ch, 4 * ch, 2 * ch, ch]
    norm = self.make_norm(z_dim, num_classes)
    h, w = self._sizes[0]
    self._first_shape = [-1, h, w, channels[0]]
    self.fc1 = Linear(z_dim, h * w * channels[0], name="g_fc1")
    self.bn1 = norm(h * w * channels[0], "g_bn1") if first_norm else None
    self.stages = []
    for i in range(1, 4):
      dc = Deconv2D(channels[i - 1], channels[i], 4, 2, name=f"g_dc{i + 1}")
      self.stages.append((dc, norm(channels[i], f"g_bn{i + 1}")))
    self.dc5 = Deconv2D(channels[3], colors, 3, 1, name="g_dc5")

  def __call__(
    self, z: tf.Tensor, y: Optional[tf.Tensor], is_training: bool
  ) -> tf.Tensor:
    x = self.fc1(z, is_training)
    if self.bn1:
      x = tf.nn.relu(self.bn1(x, z, y, is_training))  # on the vector
    x = tf.reshape(x, self._first_shape)
    for (dc, bn), size in zip(self.stages, self._sizes[1:]):
      x = tf.nn.relu(bn(dc(x, size, is_training), z, y, is_training))
    x = self.dc5(x, self._sizes[-1], is_training)
    return abstract_arch.image_range(x, "tanh")


@gin.configurable(denylist=["image_shape", "num_classes"])
class Discriminator(abstract_arch.AbstractDiscriminator):
  """Seven convolutions, 3x3 and, to halve the size, 4x4; then linear.

  Args:
    image_shape, num_classes: as for every discriminator.
    ch: channels of the first convolution.
    project_y: adds <embedding of y, features> to the logits, which the paper's
      small network does not have.
  """

  no_place_for = {"batch_norm_fn": _NOT_IN_D, "layer_norm": _NOT_IN_D}

  def __init__(
    self,
    image_shape: Sequence[int],
    num_classes: int = 0,
    ch: accepted.Count = 64,
    project_y: bool = False,
  ) -> None:
    super().__init__(image_shape, num_classes)
    height, width, colors = image_shape
    self.convs = []
    in_channels = colors
    for i, (factor, stride) in enumerate(
      [(1, 1), (2, 2), (2, 1), (4, 2), (4, 1), (8, 2), (8, 1)], start=1
    ):
      self.convs.append(
        Conv2D(
          in_channels,
          factor * ch,
          3 if stride == 1 else 4,
          stride,
          kernel_fn=self.kernel_fn,
          name=f"d_conv{i}",
        )
      )
      in_channels = factor * ch
    pixels = halvings(height, 3)[-1] * halvings(width, 3)[-1]
    self.scores = abstract_arch.Scores(
      8 * ch * pixels,
      num_classes,
      self.kernel_fn,
      project_y,
      name="d_fc1",
      owner=self.title,
    )

  def __call__(
    self, x: tf.Tensor, y: Optional[tf.Tensor], is_training: bool
  ) -> abstract_arch.DiscriminatorOutput:
    x = 2.0 * x - 1.0
    for conv in self.convs:
      x = lrelu(conv(x, is_training), leak=0.1)
    flat = tf.reshape(x, [tf.shape(x)[0], -1])
    return self.scores(flat, y, is_training)
