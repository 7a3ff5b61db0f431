"""The conditional DCGAN for digits of the model card of DCGAN_ID2196.

It follows https://arxiv.org/abs/1511.06434 with labels added everywhere: y [N,
num_classes] is appended to vectors, and to images as maps that hold y in every
pixel. For images whose sides are multiples of 4. 7.1 M + 3.8 M parameters for
28x28x1 pixels, 10 classes and a z of 100.
"""

from collections.abc import Sequence
from typing import Optional

from compare_gan.architectures import abstract_arch
from compare_gan.architectures.dcgan import with_initializer
from compare_gan.configuration import accepted
from compare_gan.layers.activations import lrelu
from compare_gan.layers.conv import Conv2D
from compare_gan.layers.conv import Deconv2D
from compare_gan.layers.linear import Linear
import gin
import tensorflow as tf

_NOT_IN_G = "it does not normalise the weights of its deconvolutions"


def _append_labels(x, y):
  """Returns vectors or images x with y appended to their channels."""
  if y is None:
    return x
  y = tf.cast(y, x.dtype)
  if x.shape.rank == 4:
    height, width = x.shape[1:3]
    y = tf.tile(y[:, None, None, :], [1, height, width, 1])
  return tf.concat([x, y], axis=-1)


def _quarter(network, image_shape):
  height, width, _ = image_shape
  network.require(
    height % 4 == 0 and width % 4 == 0,
    f"images of {height}x{width} pixels",
    "sides that are multiples of 4",
    "another dataset.name or options.architecture",
  )
  return height // 4, width // 4


@gin.configurable(denylist=["z_dim", "image_shape", "num_classes"])
class Generator(abstract_arch.AbstractGenerator):
  """Two linear layers, then two 5x5 deconvolutions of stride 2.

  Args:
    z_dim, image_shape, num_classes: as for AbstractGenerator.
    ch: half of the channels of the intermediate images.
    fc: length of the intermediate vector.
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
    fc: accepted.Count = 1024,
  ) -> None:
    super().__init__(z_dim, image_shape, num_classes)
    height, width, colors = image_shape
    h, w = _quarter(self, image_shape)
    self._sizes = [(2 * h, 2 * w), (height, width)]
    self._map_shape = [-1, h, w, 2 * ch]
    norm = self.make_norm(z_dim, num_classes)
    k = num_classes
    self.fc1 = Linear(z_dim + k, fc, name="g_fc1")
    self.bn1 = norm(fc, "g_bn1")
    self.fc2 = Linear(fc + k, h * w * 2 * ch, name="g_fc2")
    self.bn2 = norm(h * w * 2 * ch, "g_bn2")
    self.dc1 = Deconv2D(2 * ch + k, 2 * ch, 5, 2, name="g_dc1")
    self.bn3 = norm(2 * ch, "g_bn3")
    self.dc2 = Deconv2D(2 * ch + k, colors, 5, 2, name="g_dc2")

  def __call__(
    self, z: tf.Tensor, y: Optional[tf.Tensor], is_training: bool
  ) -> tf.Tensor:
    def relu_of_norm(bn: tf.Module, x: tf.Tensor) -> tf.Tensor:
      return tf.nn.relu(bn(x, z, y, is_training))

    x = relu_of_norm(self.bn1, self.fc1(_append_labels(z, y), is_training))
    x = relu_of_norm(self.bn2, self.fc2(_append_labels(x, y), is_training))
    x = tf.reshape(x, self._map_shape)
    x = self.dc1(_append_labels(x, y), self._sizes[0], is_training)
    x = relu_of_norm(self.bn3, x)
    x = self.dc2(_append_labels(x, y), self._sizes[1], is_training)
    return abstract_arch.image_range(x, "sigmoid")


@gin.configurable(denylist=["image_shape", "num_classes"])
class Discriminator(abstract_arch.AbstractDiscriminator):
  """Two 5x5 convolutions of stride 2, then two linear layers.

  As in the card, each convolution has num_classes extra channels; besides
  these, the first one has only as many as the image has colors.

  Args:
    image_shape, num_classes: as for AbstractDiscriminator.
    ch: channels of the second convolution, without those of the classes.
    fc: length of the features.
    conv_initializer: of the convolutions; None: weights.initializer.
  """

  no_place_for = {"layer_norm": "only residual blocks have layer norms"}

  def __init__(
    self,
    image_shape: Sequence[int],
    num_classes: int = 0,
    ch: accepted.Count = 64,
    fc: accepted.Count = 1024,
    conv_initializer: Optional[str] = None,
  ) -> None:
    super().__init__(image_shape, num_classes)
    colors, k = image_shape[2], num_classes
    h, w = _quarter(self, image_shape)
    norm = self.make_norm(y_dim=k)
    kernel_fn = with_initializer(conv_initializer, self.kernel_fn)
    channels = [colors + k, ch + k]
    self.conv1 = Conv2D(
      colors + k, channels[0], 5, 2, kernel_fn=kernel_fn, name="d_conv1"
    )
    self.conv2 = Conv2D(
      channels[0] + k, channels[1], 5, 2, kernel_fn=kernel_fn, name="d_conv2"
    )
    self.bn1 = norm(channels[1], "d_bn1")
    self.fc3 = Linear(
      h * w * channels[1] + k, fc, kernel_fn=self.kernel_fn, name="d_fc3"
    )
    self.bn2 = norm(fc, "d_bn2")
    self.scores = abstract_arch.Scores(
      fc + k, 0, self.kernel_fn, name="d_fc4", owner=self.title
    )

  def __call__(
    self, x: tf.Tensor, y: Optional[tf.Tensor], is_training: bool
  ) -> abstract_arch.DiscriminatorOutput:
    def lrelu_of_norm(bn: tf.Module, x: tf.Tensor) -> tf.Tensor:
      return lrelu(bn(x, None, y, is_training))

    x = lrelu(self.conv1(_append_labels(x, y), is_training))
    x = lrelu_of_norm(self.bn1, self.conv2(_append_labels(x, y), is_training))
    x = tf.reshape(x, [tf.shape(x)[0], -1])
    x = tf.cast(x, tf.float32)
    x = lrelu_of_norm(self.bn2, self.fc3(_append_labels(x, y), is_training))
    return self.scores(_append_labels(x, y), y, is_training)
