"""Multi-hinge: one more class, "fake", in the place of a score.

cGANs with Multi-Hinge Loss (Kavalerov et al., 2019,
https://arxiv.org/abs/1912.04216). It replaces `loss.fn`. The paper adds feature
matching to G's loss:

  g_penalty.terms = [@feature_matching/term()]
  feature_matching/term.fn = @feature_matching
  feature_matching.distance = "l1"
"""

from typing import Any

from compare_gan.configuration import accepted
from compare_gan.gans.heads import HEADS
from compare_gan.gans.heads.class_head import ClassHead
from compare_gan.gans.heads.class_head import HeadLosses
import gin
import tensorflow as tf


@gin.configurable("multi_hinge_head", module=HEADS, denylist=["discriminator"])
class MultiHinge(ClassHead):
  """MH(s(x), y) + MH(s(g), K) for D and MH(s(g), y) for G; s has K + 1 scores.

  Args:
    discriminator, num_classes, d_weight, g_weight: as for ClassHead.
  """

  replaces_losses = True

  def __init__(
    self,
    discriminator: Any,
    num_classes: int,
    d_weight: accepted.NotNegative = 1.0,
    g_weight: accepted.NotNegative = 0.05,
  ) -> None:
    super().__init__(discriminator, num_classes, d_weight, g_weight)

  def build(self) -> None:
    self.scores = self.linear(self.num_classes + 1, "scores")

  def losses(
    self, real: tf.Tensor, fake: tf.Tensor, y: tf.Tensor, y_fake: tf.Tensor
  ) -> HeadLosses:
    real = self.scores(real, is_training=True)
    fake = self.scores(fake, is_training=True)
    return HeadLosses(
      multi_hinge(real, with_fake(y)) + multi_hinge(fake, all_fake(y_fake)),
      multi_hinge(fake, with_fake(y_fake)),
    )


def with_fake(y: tf.Tensor) -> tf.Tensor:
  """Returns [N, K + 1], labels of images that are not to be called fake."""
  return tf.pad(y, [[0, 0], [0, 1]])


def all_fake(y: tf.Tensor) -> tf.Tensor:
  """Returns [N, K + 1], the label of fakes for each row of y."""
  return tf.pad(tf.zeros_like(y), [[0, 0], [0, 1]], constant_values=1.0)


def multi_hinge(scores: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
  """Returns the mean of relu(1 + max_{k != y} s_k - s_y).

  Args:
    scores: [N, C].
    y: [N, C], one-hot. An unknown label, a row of zeros, costs nothing.
  """
  scores = tf.cast(scores, tf.float32)
  label_score = tf.reduce_sum(y * scores, axis=1)
  others = tf.reduce_max(tf.where(y > 0.5, scores.dtype.min, scores), axis=1)
  has_label = tf.reduce_sum(y, axis=1)
  return tf.reduce_mean(has_label * tf.nn.relu(1.0 + others - label_score))
