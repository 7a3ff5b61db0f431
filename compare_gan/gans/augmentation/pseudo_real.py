"""APA: some fakes pass for real, so that D cannot learn the data by heart.

Deceive D: Adaptive Pseudo Augmentation (Jiang et al., 2021,
https://arxiv.org/abs/2111.06849). With probability p an image of D's real batch
is a fake, without gradient, and counts as real in everything that D's update
computes: loss, penalties and the controller's signs. G's update is unchanged.

  augmentation.pseudo_real = @apa()

p is moved like ADA's, by its own `ada_controller`.

It deviates from the references where there are classes: a fake keeps its own
label here, but gets the label of the real image that it replaces in theirs
(`apa.swap_labels = False`). p is at most 1. It costs one tf.where.
"""

import dataclasses
from typing import Any
from typing import Optional

from compare_gan.gans.augmentation.probability import AdaController
from compare_gan.gans.augmentation.probability import Chosen
import gin
import tensorflow as tf


@gin.configurable("apa", module="compare_gan.gans")
@dataclasses.dataclass(frozen=True)
class Apa:
  """How often fakes pass for real.

  Args:
    p: the probability: a number, a schedule or @ada_controller(), the default.
    swap_labels: whether a fake keeps its own label.
  """

  p: Chosen = dataclasses.field(default_factory=AdaController)
  swap_labels: bool = True

  def mix(
    self,
    images: tf.Tensor,
    y: Optional[tf.Tensor],
    fakes: tf.Tensor,
    fake_y: Optional[tf.Tensor],
    is_fake: tf.Tensor,
  ) -> tuple[tf.Tensor, Optional[tf.Tensor]]:
    """Returns images and labels, with some replaced by those of fakes.

    Args:
      images, fakes: [N, H, W, C].
      y, fake_y: labels [N, num_classes], or None.
      is_fake: [N], which images to replace.
    """
    fakes = tf.cast(tf.stop_gradient(fakes), images.dtype)
    mixed = tf.where(is_fake[:, None, None, None], fakes, images)
    return mixed, self.mix_labels(y, fake_y, is_fake)

  def mix_labels(
    self,
    y: Optional[tf.Tensor],
    fake_y: Optional[tf.Tensor],
    is_fake: tf.Tensor,
  ) -> Optional[tf.Tensor]:
    """Returns the labels alone."""
    if y is None or not self.swap_labels:
      return y
    if fake_y is None:
      raise ValueError(
        "apa.swap_labels = True needs labels of fakes, and this GAN has none. "
        "Set it to False."
      )
    return tf.where(is_fake[:, None], tf.cast(fake_y, y.dtype), y)


def flags(u: tf.Tensor, p: Any) -> tf.Tensor:
  """Returns which images are fakes: u < p, with u drawn from [0, 1)."""
  return u < p
