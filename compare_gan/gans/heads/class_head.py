"""What all class heads share."""

import abc
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple
from typing import Optional

from compare_gan.configuration import accepted
from compare_gan.context.scope import Module
from compare_gan.context.scope import scope
from compare_gan.layers.linear import Embedding
from compare_gan.layers.linear import Linear
import tensorflow as tf

_EPSILON = 1e-12  # of squared lengths: a length of 0 has a finite gradient


class HeadLosses(NamedTuple):
  """Scalars that a head adds to the GAN's losses, or replaces them with."""

  d_loss: tf.Tensor
  g_loss: tf.Tensor


class ClassHead(Module, abc.ABC):
  """Layers on D's features, trained with D.

  Their kernels are normalised like D's. A subclass makes them in `build` and
  computes its losses from them in `losses`.

  Args:
    discriminator: has `num_features` and `kernel_fn`.
    num_classes: number of classes. The GAN passes the dataset's, so that a
      binding has no effect in a training.
    d_weight, g_weight: factors of the losses that it adds for D and for G.
  """

  replaces_losses = False  # whether the GAN's own losses are dropped

  def __init__(
    self,
    discriminator: Any,
    num_classes: int,
    d_weight: accepted.NotNegative = 1.0,
    g_weight: accepted.NotNegative = 1.0,
  ) -> None:
    super().__init__()
    for name, weight in (("d_weight", d_weight), ("g_weight", g_weight)):
      if not weight >= 0:
        raise ValueError(
          f"{type(self).__name__}.{name} = {weight!r}. It must be 0 or more."
        )
    self.num_classes = num_classes
    self.d_weight, self.g_weight = d_weight, g_weight
    self._num_features = discriminator.num_features
    self._kernel_fn = discriminator.kernel_fn
    with scope("class_head"):
      self.build()

  @abc.abstractmethod
  def build(self) -> None:
    """Makes the layers."""

  @abc.abstractmethod
  def losses(
    self, real: tf.Tensor, fake: tf.Tensor, y: tf.Tensor, y_fake: tf.Tensor
  ) -> HeadLosses:
    """Returns the losses, without weights.

    Args:
      real, fake: D's features, [N, d] each.
      y, y_fake: labels, [N, K] each. A row of zeros stands for an unknown one.
    """

  def added_to(self, scored: Any, batch: Any) -> Any:
    """Returns the Scored of a Batch with the head's losses."""
    losses = self.losses(
      _flat(scored.real.features),
      _flat(scored.fake.features),
      batch.y,
      batch.fake_y,
    )
    kept = 0.0 if self.replaces_losses else 1.0
    return scored._replace(
      d_loss=kept * scored.d_loss + self.d_weight * losses.d_loss,
      g_loss=kept * scored.g_loss + self.g_weight * losses.g_loss,
      scalars={**scored.scalars, "loss/class_g": losses.g_loss},
      d_scalars={"loss/class_d": losses.d_loss},
    )

  def linear(self, size: int, name: str, use_bias: bool = True) -> Linear:
    """Returns a linear layer on the features."""
    return Linear(
      self._num_features, size, use_bias, kernel_fn=self._kernel_fn, name=name
    )

  def embedding(self, classes: int, size: int, name: str) -> Embedding:
    """Returns an embedding with one row for each class."""
    return Embedding(classes, size, self._kernel_fn, name=name)


class ClassifierHead(ClassHead):
  """A ClassHead that scores classes by linear layers without biases.

  Args:
    discriminator, num_classes, d_weight, g_weight: as for ClassHead.
    normalize: class scores are cosines between the features and the columns of
      the kernel. They stay bounded, unlike the features' length, which can make
      AC's training collapse (ReACGAN, https://arxiv.org/abs/2111.01118).
      StudioGAN's `normalize_d_embed` is meant to be this, but leaves the
      kernel's columns as long as they are.
    temperature: cosines are divided by it.
  """

  def __init__(
    self,
    discriminator: Any,
    num_classes: int,
    d_weight: accepted.NotNegative = 1.0,
    g_weight: accepted.NotNegative = 1.0,
    normalize: bool = False,
    temperature: float = 1.0,
  ) -> None:
    self._normalize, self._temperature = normalize, temperature
    super().__init__(discriminator, num_classes, d_weight, g_weight)
    name = f"{type(self).__name__.lower()}_head"
    if not temperature > 0:
      raise ValueError(
        f"{name}.temperature = {temperature!r}. It must be above 0."
      )
    if temperature != 1.0 and not normalize:
      raise ValueError(
        f"{name}.temperature = {temperature!r} divides cosines, but class "
        f"scores are none. Set {name}.normalize = True, or leave it at 1.0."
      )

  def class_scores(self, layer: Linear, features: tf.Tensor) -> tf.Tensor:
    """Returns the logits of a layer for features, [N, K]."""
    if not self._normalize:
      return layer(features, is_training=True)
    kernel = tf.cast(layer.kernel(is_training=True), tf.float32)
    h = tf.cast(features, tf.float32)
    h = tf.math.l2_normalize(h, axis=1, epsilon=_EPSILON)
    columns = tf.math.l2_normalize(kernel, axis=0, epsilon=_EPSILON)
    return tf.matmul(h, columns) / self._temperature


def find_class_head(heads: Sequence[Module]) -> Optional[ClassHead]:
  """Returns the only ClassHead among a GAN's heads, or None."""
  found = [head for head in heads if isinstance(head, ClassHead)]
  if not found:
    return None
  [head] = found
  return head


def cross_entropy(logits: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
  """Returns the mean softmax cross-entropy of logits and y, [N, K] each."""
  return tf.reduce_mean(
    tf.nn.softmax_cross_entropy_with_logits(y, tf.cast(logits, tf.float32))
  )


def _flat(features):
  return tf.reshape(features, [tf.shape(features)[0], -1])
