"""Small networks without convolutions, for the toys ring8 and grid25.

options.architecture = "benchmarks.toy_networks"
"""

from typing import Any

from compare_gan.architectures import abstract_arch
from compare_gan.layers.linear import Linear
import gin
import tensorflow as tf


@gin.configurable(module="benchmarks.toy_networks")
class Generator(abstract_arch.AbstractGenerator):
  """Two hidden layers of `ch` units; any image shape."""

  def __init__(
    self,
    z_dim: int,
    image_shape: tuple[int, ...],
    num_classes: int = 0,
    ch: int = 64,
  ) -> None:
    super().__init__(z_dim, image_shape, num_classes)
    height, width, colors = image_shape
    self.first = Linear(z_dim, ch, name="first")
    self.norm = self.make_norm(z_dim, num_classes)(ch, "norm")
    self.second = Linear(ch, ch, name="second")
    self.out = Linear(ch, height * width * colors, name="out")

  def __call__(self, z: tf.Tensor, y: Any, is_training: bool) -> tf.Tensor:
    x = self.norm(self.first(z, is_training), z, y, is_training)
    x = tf.nn.relu(self.second(tf.nn.relu(x), is_training))
    x = tf.sigmoid(self.out(x, is_training))
    return tf.reshape(x, [-1, *self.image_shape])


@gin.configurable(module="benchmarks.toy_networks")
class Discriminator(abstract_arch.AbstractDiscriminator):
  """The same, with leaky ReLUs."""

  no_place_for = {"layer_norm": "it has no residual blocks"}

  def __init__(
    self, image_shape: tuple[int, ...], num_classes: int = 0, ch: int = 64
  ) -> None:
    super().__init__(image_shape, num_classes)
    height, width, colors = image_shape
    self._size = size = height * width * colors
    self.first = Linear(size, ch, kernel_fn=self.kernel_fn, name="first")
    self.second = Linear(ch, ch, kernel_fn=self.kernel_fn, name="second")
    self.scores = abstract_arch.Scores(ch, 0, self.kernel_fn)

  def __call__(self, x: tf.Tensor, y: Any, is_training: bool) -> Any:
    x = tf.reshape(2.0 * x - 1.0, [tf.shape(x)[0], self._size])
    x = tf.nn.leaky_relu(self.first(x, is_training), 0.2)
    x = tf.nn.leaky_relu(self.second(x, is_training), 0.2)
    return self.scores(x, y, is_training)
