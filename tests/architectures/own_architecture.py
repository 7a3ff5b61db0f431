"""An architecture outside of the package, reached by its dotted path.

As small as one can be, with all four kinds of networks.
"""

from compare_gan.architectures import abstract_arch
from compare_gan.layers.linear import Linear
import gin
import tensorflow as tf


def _flat(x):
  return tf.reshape(x, [tf.shape(x)[0], -1])


def _pixels(image_shape):
  height, width, colors = image_shape
  return height * width * colors


@gin.configurable(module="tests.architectures.own_architecture")
class Generator(abstract_arch.AbstractGenerator):
  def __init__(self, z_dim, image_shape, num_classes=0, ch=2):
    super().__init__(z_dim, image_shape, num_classes)
    self.hidden = Linear(z_dim + num_classes, ch, name="hidden")
    self.norm = self.make_norm(z_dim, num_classes)(ch, "norm")
    self.out = Linear(ch, _pixels(image_shape), name="out")

  def __call__(self, z, y, is_training):
    x = z if y is None else tf.concat([z, y], axis=1)
    x = self.norm(self.hidden(x, is_training), z, y, is_training)
    x = self.out(tf.nn.relu(x), is_training)
    return tf.sigmoid(tf.reshape(x, [-1, *self.image_shape]))


@gin.configurable(module="tests.architectures.own_architecture")
class Discriminator(abstract_arch.AbstractDiscriminator):
  no_place_for = {"layer_norm": "it has no residual blocks"}

  def __init__(self, image_shape, num_classes=0, ch=2):
    super().__init__(image_shape, num_classes)
    self.hidden = Linear(
      _pixels(image_shape), ch, kernel_fn=self.kernel_fn, name="hidden"
    )
    self.scores = abstract_arch.Scores(ch, 0, self.kernel_fn)

  def __call__(self, x, y, is_training):
    features = self.hidden(_flat(x), is_training)
    return self.scores(features, y, is_training)


@gin.configurable(module="tests.architectures.own_architecture")
class Encoder(abstract_arch.AbstractEncoder):
  def __init__(self, image_shape, z_dim, ch=2):
    super().__init__(image_shape, z_dim)
    self.hidden = Linear(_pixels(image_shape), ch, name="hidden")
    self.mean = Linear(ch, z_dim, name="mean")

  def __call__(self, x, is_training):
    hidden = tf.nn.relu(self.hidden(_flat(x), is_training))
    mean = self.mean(hidden, is_training)
    return abstract_arch.EncoderOutput(mean, mean, None, features=hidden)


class JointDiscriminator(abstract_arch.AbstractJointDiscriminator):
  def __init__(self, image_shape, z_dim, num_classes=0):
    super().__init__(image_shape, z_dim, num_classes)
    self.x = Linear(_pixels(image_shape), 1, name="x")
    self.z = Linear(z_dim, 1, name="z")
    self.xz = Linear(_pixels(image_shape) + z_dim, 1, name="xz")

  def __call__(self, x, z, y, is_training):
    flat = _flat(x)
    return abstract_arch.JointOutput(
      s_x=self.x(flat, is_training),
      s_z=self.z(z, is_training),
      s_xz=self.xz(tf.concat([flat, z], axis=1), is_training),
    )
