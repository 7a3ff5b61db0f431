"""The networks of InfoGAN (Chen et al., 2016, https://arxiv.org/abs/1606.03657).

For images whose sides are multiples of 4. The generator always has plain batch
norm, and leaky relus. 6.6 M + 6.6 M parameters at 28 pixels.
"""

from collections.abc import Sequence
from typing import Optional

from compare_gan.architectures import abstract_arch
from compare_gan.configuration import accepted
from compare_gan.layers.activations import lrelu
from compare_gan.layers.batch_norm import BatchNorm
from compare_gan.layers.batch_norm import NoBatchNorm
from compare_gan.layers.conv import Conv2D
from compare_gan.layers.conv import Deconv2D
from compare_gan.layers.linear import Linear
import gin
import tensorflow as tf

_NOT_IN_G = "it does not normalise the weights of its deconvolutions"


def _require_multiple_of_4(network, height, width):
  network.require(
    height % 4 == 0 and width % 4 == 0,
    f"images of {height}x{width} pixels",
    "sides that are multiples of 4",
    "another dataset.name or options.architecture",
  )


@gin.configurable(denylist=["z_dim", "image_shape", "num_classes"])
class Generator(abstract_arch.AbstractGenerator):
  """Two linear layers, then two 4x4 deconvolutions of stride 2.

  Args:
    z_dim, image_shape, num_classes: as for every generator.
    ch: channels before the last deconvolution; the first linear layer has 16 ch
      units.
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
    self._require_plain_batch_norm()
    height, width, colors = image_shape
    _require_multiple_of_4(self, height, width)
    h, w = height // 4, width // 4
    self._sizes = [(2 * h, 2 * w), (height, width)]
    self._map_shape = [-1, h, w, 2 * ch]
    self.fc1 = Linear(z_dim, 16 * ch, name="g_fc1")
    self.bn1 = BatchNorm(16 * ch, name="g_bn1")
    self.fc2 = Linear(16 * ch, 2 * ch * h * w, name="g_fc2")
    self.bn2 = BatchNorm(2 * ch * h * w, name="g_bn2")
    self.dc3 = Deconv2D(2 * ch, ch, 4, 2, name="g_dc3")
    self.bn3 = BatchNorm(ch, name="g_bn3")
    self.dc4 = Deconv2D(ch, colors, 4, 2, name="g_dc4")

  def _require_plain_batch_norm(self):
    chosen = self._batch_norm_fn
    if not (
      isinstance(chosen, type) and issubclass(chosen, (BatchNorm, NoBatchNorm))
    ):
      raise ValueError(
        "infogan.Generator always has plain batch norm, but G.batch_norm_fn is "
        f"@{chosen.__name__}. Set G.batch_norm_fn = @batch_norm or choose "
        "another options.architecture."
      )

  def __call__(
    self, z: tf.Tensor, y: Optional[tf.Tensor], is_training: bool
  ) -> tf.Tensor:
    x = self.fc1(z, is_training)
    x = lrelu(self.bn1(x, z, y, is_training))
    x = self.fc2(x, is_training)
    x = lrelu(self.bn2(x, z, y, is_training))
    x = tf.reshape(x, self._map_shape)
    x = self.dc3(x, self._sizes[0], is_training)
    x = lrelu(self.bn3(x, z, y, is_training))
    x = self.dc4(x, self._sizes[1], is_training)
    return abstract_arch.image_range(x, "sigmoid")


@gin.configurable(denylist=["image_shape", "num_classes"])
class Discriminator(abstract_arch.AbstractDiscriminator):
  """Two 4x4 convolutions of stride 2, then two linear layers.

  Args:
    image_shape, num_classes: as for every discriminator.
    ch: channels of the first convolution; the last hidden layer has 16 ch
      units.
  """

  no_place_for = {"layer_norm": "only residual blocks have layer norms"}

  def __init__(
    self,
    image_shape: Sequence[int],
    num_classes: int = 0,
    ch: accepted.Count = 64,
  ) -> None:
    super().__init__(image_shape, num_classes)
    height, width, colors = image_shape
    _require_multiple_of_4(self, height, width)
    norm = self.make_norm(y_dim=num_classes)
    kernel_fn = self.kernel_fn
    self.conv1 = Conv2D(colors, ch, 4, 2, kernel_fn=kernel_fn, name="d_conv1")
    self.conv2 = Conv2D(ch, 2 * ch, 4, 2, kernel_fn=kernel_fn, name="d_conv2")
    self.bn2 = norm(2 * ch, "d_bn2")  # There is no d_bn1.
    self.fc3 = Linear(
      2 * ch * (height // 4) * (width // 4),
      16 * ch,
      kernel_fn=kernel_fn,
      name="d_fc3",
    )
    self.bn3 = norm(16 * ch, "d_bn3")
    self.scores = abstract_arch.Scores(16 * ch, 0, kernel_fn, name="d_fc4")

  def __call__(
    self, x: tf.Tensor, y: Optional[tf.Tensor], is_training: bool
  ) -> abstract_arch.DiscriminatorOutput:
    x = lrelu(self.conv1(x, is_training))
    x = lrelu(self.bn2(self.conv2(x, is_training), None, y, is_training))
    x = tf.reshape(x, [tf.shape(x)[0], -1])
    x = lrelu(self.bn3(self.fc3(x, is_training), None, y, is_training))
    return self.scores(x, y, is_training)
