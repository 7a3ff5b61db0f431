"""Heads that compare images with each other and with a point of their class.

  2C      ContraGAN (Kang & Park, 2020, https://arxiv.org/abs/2006.12681)
  D2D-CE  ReACGAN (Kang et al., 2021, https://arxiv.org/abs/2111.01118)

Both map features to an embedding e and have a proxy p for each class. All
similarities are cosines, so that unlike AC's logits they stay bounded. An image
is compared with all others of the global batch, of all replicas; with
options.micro_batches, with those of its part. This costs N^2 products of
embeddings.
"""

from typing import Annotated
from typing import Any

from compare_gan.configuration import accepted
from compare_gan.context import replica
from compare_gan.gans.heads import HEADS
from compare_gan.gans.heads.class_head import ClassHead
from compare_gan.gans.heads.class_head import HeadLosses
import gin
import tensorflow as tf


class _Contrastive(ClassHead):
  """An embedding of images, and proxies of classes."""

  def __init__(
    self,
    discriminator: Any,
    num_classes: int,
    d_weight: float,
    g_weight: float,
    size: int,
  ) -> None:
    self._size = size
    super().__init__(discriminator, num_classes, d_weight, g_weight)

  def build(self) -> None:
    self.embed = self.linear(self._size, "embedding")
    self.proxies = self.embedding(self.num_classes, self._size, "proxies")

  def losses(
    self, real: tf.Tensor, fake: tf.Tensor, y: tf.Tensor, y_fake: tf.Tensor
  ) -> HeadLosses:
    return HeadLosses(
      self._loss_of_features(real, y), self._loss_of_features(fake, y_fake)
    )

  def _loss_of_features(self, features, y):
    e = tf.cast(self.embed(features, is_training=True), tf.float32)
    p = tf.cast(self.proxies(y, is_training=True), tf.float32)
    return self.loss(e, p, y)


@gin.configurable("contrastive_head", module=HEADS, denylist=["discriminator"])
class Contrastive(_Contrastive):
  """2C: images of a class attract each other and the class's proxy.

  With c_ij = cos(e_i, e_j) and q_i = cos(e_i, p_{y_i}), loss_i is minus the log
  of (exp(q_i / t) + sum over others of y_i of exp(c_ij / t)) by (exp(q_i / t) +
  sum over all others of exp(c_ij / t)).

  Args:
    discriminator, num_classes, d_weight, g_weight: as for ClassHead.
    size: of the embedding.
    temperature: cosines are divided by it; lower ones weigh near images more.
  """

  def __init__(
    self,
    discriminator: Any,
    num_classes: int,
    d_weight: accepted.NotNegative = 1.0,
    g_weight: accepted.NotNegative = 1.0,
    size: accepted.Count = 512,
    temperature: accepted.Positive = 1.0,
  ) -> None:
    self._temperature = temperature
    super().__init__(discriminator, num_classes, d_weight, g_weight, size)

  def loss(self, e: tf.Tensor, p: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    return conditional_contrastive(e, p, y, self._temperature)


@gin.configurable("d2d_ce_head", module=HEADS, denylist=["discriminator"])
class D2DCE(_Contrastive):
  """D2D-CE: unlike images repel each other, up to a margin.

  With m_n = 1 - m_p, loss_i is minus the log of exp(pos_i) by (exp(pos_i) + sum
  over others of other classes of exp(neg_ij)), where pos_i = min(q_i - m_p, 0)
  / t and neg_ij = max(c_ij - m_n, 0) / t.

  Args:
    discriminator, num_classes, d_weight, g_weight: as for ClassHead.
    size: of the embedding.
    temperature: t; 0.5 on CIFAR-10, 0.25 elsewhere.
    margin: m_p; 0.98 on CIFAR-10, 0.95 elsewhere.
    reference_shift: subtracts from the negatives' exponents the largest (c_ij -
      m_n) / t of the row, as the authors' code does; needed to reproduce their
      numbers.
  """

  def __init__(
    self,
    discriminator: Any,
    num_classes: int,
    d_weight: accepted.NotNegative = 0.5,
    g_weight: accepted.NotNegative = 0.5,
    size: accepted.Count = 512,
    temperature: accepted.Positive = 0.5,
    margin: Annotated[float, accepted.Range(least=-1, most=1)] = 0.98,
    reference_shift: bool = False,
  ) -> None:
    self._temperature, self._margin = temperature, margin
    self._reference_shift = reference_shift
    super().__init__(discriminator, num_classes, d_weight, g_weight, size)

  def loss(self, e: tf.Tensor, p: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    return data_to_data_cross_entropy(
      e,
      p,
      y,
      self._temperature,
      self._margin,
      1.0 - self._margin,
      self._reference_shift,
    )


def conditional_contrastive(
  e: tf.Tensor, p: tf.Tensor, y: tf.Tensor, temperature: float
) -> tf.Tensor:
  """Returns the mean 2C loss.

  Args:
    e, p: embeddings and proxies [N, q] of this replica's images.
    y: their labels [N, K].
    temperature: t.
  """
  e, p = _unit(e), _unit(p)
  q = tf.reduce_sum(e * p, axis=1, keepdims=True) / temperature
  similar, is_other, is_same = _with_all(e, y)
  c = similar / temperature
  everyone = tf.concat([q, _only(c, is_other)], axis=1)
  own = tf.concat([q, _only(c, is_other & is_same)], axis=1)
  return tf.reduce_mean(
    tf.reduce_logsumexp(everyone, axis=1) - tf.reduce_logsumexp(own, axis=1)
  )


def data_to_data_cross_entropy(
  e: tf.Tensor,
  p: tf.Tensor,
  y: tf.Tensor,
  temperature: float,
  margin_positive: float,
  margin_negative: float,
  reference_shift: bool = False,
) -> tf.Tensor:
  """Returns the mean D2D-CE loss; see `conditional_contrastive`."""
  e, p = _unit(e), _unit(p)
  q = tf.reduce_sum(e * p, axis=1, keepdims=True)
  positive = tf.minimum(q - margin_positive, 0.0) / temperature
  similar, is_other, is_same = _with_all(e, y)
  c = (similar - margin_negative) / temperature
  negative = tf.nn.relu(c)
  if reference_shift:
    highest = tf.reduce_max(_only(c, is_other), axis=1, keepdims=True)
    negative -= tf.stop_gradient(highest)
  negative = _only(negative, is_other & ~is_same)
  both = tf.concat([positive, negative], axis=1)
  return tf.reduce_mean(tf.reduce_logsumexp(both, axis=1) - positive[:, 0])


def _with_all(e, y):
  """Returns cosines with the global batch, and masks: others, same class."""
  all_e, all_y = _gathered(e), _gathered(y)
  n = tf.shape(e)[0]
  mine = replica.replica_id() * n + tf.range(n)
  is_other = mine[:, None] != tf.range(tf.shape(all_e)[0])[None, :]
  is_same = tf.matmul(y, all_y, transpose_b=True) > 0.5
  return tf.matmul(e, all_e, transpose_b=True), is_other, is_same


def _gathered(x):
  """Returns the rows of all replicas, [R N, ...]; it is differentiable."""
  count = replica.num_replicas()
  if count == 1:
    return x
  place = tf.one_hot(replica.replica_id(), count, dtype=x.dtype)
  everyone = replica.all_sum(place[:, None, None] * x[None])
  return tf.reshape(everyone, [-1, x.shape[1]])


def _unit(x):
  return x / tf.maximum(tf.norm(x, axis=1, keepdims=True), 1e-8)


def _only(values, wanted):
  """Returns the values, nearly minus infinity where not wanted."""
  return tf.where(wanted, values, tf.constant(-1e30, values.dtype))
