"""ADC: a classifier that tells real and fake images of each class apart.

A Unified View of cGANs with and without Classifiers, ADC-GAN (Hou et al., 2021,
https://arxiv.org/abs/2107.10060).
"""

from compare_gan.gans.heads import HEADS
from compare_gan.gans.heads.class_head import ClassHead
from compare_gan.gans.heads.class_head import HeadLosses
from compare_gan.gans.heads.class_head import cross_entropy
import gin
import tensorflow as tf


@gin.configurable("adc_head", module=HEADS, denylist=["discriminator"])
class ADC(ClassHead):
  """CE(c(x), 2y) + CE(c(g), 2y + 1) for D, and for G what it can change of it.

  G's loss is CE(c(g), 2y) - CE(c(g), 2y + 1). c has 2 K classes: 2y is a real
  image of class y, 2y + 1 a fake one.
  """

  def build(self) -> None:
    self.classes = self.linear(2 * self.num_classes, "classes", use_bias=False)

  def losses(
    self, real: tf.Tensor, fake: tf.Tensor, y: tf.Tensor, y_fake: tf.Tensor
  ) -> HeadLosses:
    real = self.classes(real, is_training=True)
    fake = self.classes(fake, is_training=True)
    as_fake = cross_entropy(fake, doubled(y_fake, is_real=False))
    return HeadLosses(
      cross_entropy(real, doubled(y, is_real=True)) + as_fake,
      cross_entropy(fake, doubled(y_fake, is_real=True)) - as_fake,
    )


def doubled(y: tf.Tensor, is_real: bool) -> tf.Tensor:
  """Returns [N, 2 K] for y [N, K]: class y becomes 2y, or 2y + 1 for fakes."""
  none = tf.zeros_like(y)
  pair = [y, none] if is_real else [none, y]
  return tf.reshape(tf.stack(pair, axis=2), [-1, 2 * y.shape[1]])
