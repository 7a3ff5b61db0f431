"""LeCam: scores held near the other side's average.

Regularizing Generative Adversarial Networks under Limited Data (Tseng et al.,
2021, https://arxiv.org/abs/2104.03310). It costs next to nothing.
"""

from typing import Union

from compare_gan.configuration import accepted
from compare_gan.context import replica
from compare_gan.context.scope import Module
from compare_gan.context.scope import scope
from compare_gan.context.scope import variable
from compare_gan.gans.terms import PENALTY_LIB
from compare_gan.gans.terms import TERMS
from compare_gan.layers import initializers
import gin
import tensorflow as tf


@gin.configurable("lecam", module=TERMS)
class LeCam(Module):
  """(r - a_F)^2 + (f - a_R)^2, the mean of both over the batch.

  a_R and a_F are moving averages of the mean scores of real and fake images,
  over the global batch. This batch's scores move them before they are used; no
  gradient goes through them. Weights: 0.3 for BigGAN on CIFAR-10, 0.01 on
  ImageNet.

  Args:
    decay: of the averages.
    relu: relu(r - a_F)^2 + relu(a_R - f)^2, as in the authors' code.
    start: the update of D after which the term acts. Until then an average is
      the batch's own mean.
    debias: the averages start at 0 and are divided by 1 - decay^t.
  """

  def __init__(
    self,
    decay: accepted.Decay = 0.99,
    relu: bool = False,
    start: accepted.CountOrZero = 0,
    debias: bool = True,
  ) -> None:
    super().__init__()
    if not 0 <= decay < 1:
      raise ValueError(f"lecam.decay = {decay!r}. It must be in [0, 1).")
    self._decay, self._relu = decay, relu
    self._start, self._debias = start, debias
    zeros = initializers.zeros
    self.real = variable("real", [], zeros, trainable=False)
    self.fake = variable("fake", [], zeros, trainable=False)
    self.updates = variable(
      "updates", [], zeros, trainable=False, dtype=tf.int32
    )

  def __call__(
    self, real_logits: tf.Tensor, fake_logits: tf.Tensor
  ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
    """Returns the term, and the mean scores that move the averages."""
    real = replica.all_mean(tf.stop_gradient(tf.reduce_mean(real_logits)))
    fake = replica.all_mean(tf.stop_gradient(tf.reduce_mean(fake_logits)))
    value = distance(
      real_logits,
      fake_logits,
      self.used(self.real, real),
      self.used(self.fake, fake),
      self._relu,
    )
    acts = self.updates > self._start if self._start else True
    return tf.where(acts, value, 0.0), {"real": real, "fake": fake}

  def used(self, average: tf.Variable, mean: tf.Tensor) -> tf.Tensor:
    """Returns the value used for an average in a batch of this mean."""
    moved = self._moved(average, mean)
    if not self._debias:
      return moved
    t = tf.cast(self.updates + 1, tf.float32)
    return moved / (1.0 - tf.pow(self._decay, t))

  def move(self, real: tf.Tensor, fake: tf.Tensor) -> None:
    self.real.assign(self._moved(self.real, real))
    self.fake.assign(self._moved(self.fake, fake))
    self.updates.assign_add(1)

  def _moved(self, average, mean):
    moved = self._decay * average + (1.0 - self._decay) * mean
    if not self._start:
      return moved
    return tf.where(self.updates < self._start, mean, moved)


def distance(
  real_logits: tf.Tensor,
  fake_logits: tf.Tensor,
  real_average: tf.Tensor,
  fake_average: tf.Tensor,
  relu: bool = False,
) -> tf.Tensor:
  """Returns the mean squared distances to the other side's average."""
  from_fake = real_logits - fake_average
  from_real = real_average - fake_logits
  if relu:
    from_fake, from_real = tf.nn.relu(from_fake), tf.nn.relu(from_real)
  return tf.reduce_mean(tf.square(from_fake)) + tf.reduce_mean(
    tf.square(from_real)
  )


@gin.configurable(
  module=PENALTY_LIB,
  denylist=["real_logits", "fake_logits", "real_anchor", "fake_anchor"],
)
def lecam_penalty(
  real_logits: tf.Tensor,
  fake_logits: tf.Tensor,
  real_anchor: Union[tf.Tensor, tf.Variable],
  fake_anchor: Union[tf.Tensor, tf.Variable],
) -> tf.Tensor:
  """Scores held near the other side's average (arxiv.org/abs/2104.03310)."""
  return tf.reduce_mean(tf.square(real_logits - fake_anchor)) + tf.reduce_mean(
    tf.square(fake_logits - real_anchor)
  )


class ScoreAnchors(Module):
  """Moving averages of D's mean scores, over the global batch.

  They start at 0, the score of a discriminator that knows nothing.
  """

  def __init__(self, decay: accepted.Decay = 0.99) -> None:
    super().__init__()
    self._decay = decay
    with scope("score_anchors"):
      self.real = variable("real", [], initializers.zeros, trainable=False)
      self.fake = variable("fake", [], initializers.zeros, trainable=False)

  def move(self, real_logits: tf.Tensor, fake_logits: tf.Tensor) -> None:
    for anchor, logits in ((self.real, real_logits), (self.fake, fake_logits)):
      mean = replica.all_mean(tf.reduce_mean(logits))
      anchor.assign(self._decay * anchor + (1.0 - self._decay) * mean)
