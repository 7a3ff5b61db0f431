"""TAC: a twin classifier that keeps AC's G from making easy images only.

Twin Auxiliary Classifiers GAN (Gong et al., 2019,
https://arxiv.org/abs/1907.02690). The twin learns to classify fakes; G wants it
to fail.
"""

from typing import Any

from compare_gan.configuration import accepted
from compare_gan.gans.heads import HEADS
from compare_gan.gans.heads.class_head import ClassifierHead
from compare_gan.gans.heads.class_head import HeadLosses
from compare_gan.gans.heads.class_head import cross_entropy
import gin
import tensorflow as tf


@gin.configurable("tac_head", module=HEADS, denylist=["discriminator"])
class TAC(ClassifierHead):
  """CE(c(x), y) + t_d CE(m(g), y) for D, CE(c(g), y) - t_g CE(m(g), y) for G.

  Args:
    discriminator, num_classes, d_weight, g_weight: as for ClassifierHead.
    twin_d_weight, twin_g_weight: t_d and t_g, factors of the twin's losses.
    normalize, temperature: as for ClassifierHead; the twin is treated alike.
  """

  def __init__(
    self,
    discriminator: Any,
    num_classes: int,
    d_weight: accepted.NotNegative = 1.0,
    g_weight: accepted.NotNegative = 1.0,
    twin_d_weight: accepted.NotNegative = 1.0,
    twin_g_weight: accepted.NotNegative = 1.0,
    normalize: bool = False,
    temperature: accepted.Positive = 1.0,
  ) -> None:
    self._twin_d_weight = twin_d_weight
    self._twin_g_weight = twin_g_weight
    super().__init__(
      discriminator, num_classes, d_weight, g_weight, normalize, temperature
    )

  def build(self) -> None:
    self.classes = self.linear(self.num_classes, "classes", use_bias=False)
    self.twin = self.linear(self.num_classes, "twin", use_bias=False)

  def losses(
    self, real: tf.Tensor, fake: tf.Tensor, y: tf.Tensor, y_fake: tf.Tensor
  ) -> HeadLosses:
    twin = self.class_scores(self.twin, fake)
    d_loss = cross_entropy(self.class_scores(self.classes, real), y)
    d_loss += self._twin_d_weight * cross_entropy(twin, y_fake)
    classes = self.class_scores(self.classes, fake)
    return HeadLosses(
      d_loss, generator_loss(classes, twin, y_fake, self._twin_g_weight)
    )


def generator_loss(
  classes: tf.Tensor, twin: tf.Tensor, y: tf.Tensor, twin_weight: float = 1.0
) -> tf.Tensor:
  """Returns CE(classes, y) - t CE(twin, y)."""
  return cross_entropy(classes, y) - twin_weight * cross_entropy(twin, y)
