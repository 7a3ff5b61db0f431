"""AC: D says the class, and G wants it to be right.

Conditional Image Synthesis with Auxiliary Classifier GANs (Odena et al., 2017,
https://arxiv.org/abs/1610.09585).
"""

from typing import Any

from compare_gan.configuration import accepted
from compare_gan.gans.heads import HEADS
from compare_gan.gans.heads.class_head import ClassifierHead
from compare_gan.gans.heads.class_head import HeadLosses
from compare_gan.gans.heads.class_head import cross_entropy
import gin
import tensorflow as tf


@gin.configurable("ac_head", module=HEADS, denylist=["discriminator"])
class AC(ClassifierHead):
  """CE(c(x), y) for D and CE(c(g), y) for G.

  Args:
    discriminator, num_classes, d_weight, g_weight, normalize, temperature: as
      for ClassifierHead.
    learns_from_fakes: D's loss has CE(c(g), y) too, as in the paper; public
      code leaves it out.
  """

  def __init__(
    self,
    discriminator: Any,
    num_classes: int,
    d_weight: accepted.NotNegative = 1.0,
    g_weight: accepted.NotNegative = 1.0,
    learns_from_fakes: bool = False,
    normalize: bool = False,
    temperature: accepted.Positive = 1.0,
  ) -> None:
    self._learns_from_fakes = learns_from_fakes
    super().__init__(
      discriminator, num_classes, d_weight, g_weight, normalize, temperature
    )

  def build(self) -> None:
    self.classes = self.linear(self.num_classes, "classes", use_bias=False)

  def losses(
    self, real: tf.Tensor, fake: tf.Tensor, y: tf.Tensor, y_fake: tf.Tensor
  ) -> HeadLosses:
    d_loss = cross_entropy(self.class_scores(self.classes, real), y)
    fake_loss = cross_entropy(self.class_scores(self.classes, fake), y_fake)
    if self._learns_from_fakes:
      d_loss += fake_loss
    return HeadLosses(d_loss, fake_loss)
