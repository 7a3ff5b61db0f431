"""The networks of own_architecture, with a normaliser in D too."""

from compare_gan.architectures import abstract_arch
from compare_gan.layers.linear import Linear
import gin
import numpy as np
import tensorflow as tf

from tests.architectures import own_architecture

Generator = own_architecture.Generator


@gin.configurable(module="tests.architectures.normed_architecture")
class Discriminator(abstract_arch.AbstractDiscriminator):
  no_place_for = {"layer_norm": "it has no residual blocks"}

  def __init__(self, image_shape, num_classes=0, ch=2):
    super().__init__(image_shape, num_classes)
    self.hidden = Linear(int(np.prod(image_shape)), ch, name="hidden")
    self.norm = self.make_norm(0, num_classes)(ch, "norm")
    self.scores = abstract_arch.Scores(ch, 0, self.kernel_fn)

  def __call__(self, x, y, is_training):
    flat = tf.reshape(x, [tf.shape(x)[0], -1])
    features = self.norm(self.hidden(flat, is_training), None, y, is_training)
    return self.scores(features, y, is_training)
