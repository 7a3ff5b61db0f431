"""Top-k training: G learns from its best fakes only.

Top-k Training of GANs (Sinha et al., 2020, https://arxiv.org/abs/2002.06224):

  loss.top_k = @top_k()
  top_k.steps_per_epoch = 782

G's adversarial loss is that of the k fakes with the highest scores. k starts at
the whole batch and shrinks once per epoch: k <- max(gamma k, nu B). It costs
nothing.
"""

from typing import Annotated
from typing import Any

from compare_gan.configuration import accepted
from compare_gan.context import replica
from compare_gan.gans import schedules
import gin
import tensorflow as tf


@gin.configurable("top_k", module="compare_gan.gans")
class TopK:
  """See above.

  Args:
    steps_per_epoch: steps after which k shrinks; 50,000 / B of CIFAR-10.
    gamma: the factor by which k shrinks.
    nu: smallest k as a fraction of the batch.
  """

  def __init__(
    self,
    steps_per_epoch: accepted.Count = gin.REQUIRED,
    gamma: Annotated[float, accepted.Range(above=0, most=1)] = 0.99,
    nu: Annotated[float, accepted.Range(above=0, most=1)] = 0.5,
  ) -> None:
    if steps_per_epoch < 1:
      raise ValueError(
        f"top_k.steps_per_epoch = {steps_per_epoch}. It must be 1 or more."
      )
    if not (0 < gamma <= 1 and 0 < nu <= 1):
      raise ValueError(
        f"top_k.gamma = {gamma}, top_k.nu = {nu}. Both must be in (0, 1]."
      )
    self._steps_per_epoch = steps_per_epoch
    self._gamma, self._nu = gamma, nu

  def k(self, batch_size: int, epoch: Any) -> tf.Tensor:
    """Returns how many fakes of a global batch count, a whole number."""
    return schedules.top_k(epoch, batch_size, self._gamma, self._nu)

  def best(self, fake_logits: tf.Tensor, step: Any, parts: int) -> tf.Tensor:
    """Returns the highest of logits [N, 1], int(k / shares) of them.

    Args:
      fake_logits: of this replica and part of the batch.
      step: of the training.
      parts: how many parts each replica's batch has.
    """
    shares = replica.num_replicas() * parts
    epoch = tf.cast(step, tf.int64) // self._steps_per_epoch
    k = self.k(int(fake_logits.shape[0]) * shares, epoch)
    values, _ = tf.math.top_k(fake_logits[:, 0], tf.maximum(k // shares, 1))
    return values[:, None]
