"""D's logit as the logarithm of p_data(x) / p_G(x).

The optimal D of the original loss, binary cross-entropy, returns it:
@non_saturating, @logistic and @minimax train the same D. The logits of this
library's other losses are not log-ratios.
"""

from collections.abc import Callable
import math
from typing import Any
from typing import Optional

from compare_gan.gans import loss_lib
from compare_gan.gans.abstract_gan import AbstractGAN
import gin
import tensorflow as tf

Score = Callable[[tf.Tensor, Optional[tf.Tensor]], tf.Tensor]


def score(gan: AbstractGAN, averaged: bool = True) -> Score:
  """Returns score(z, y) -> D's logits [N] of G(z), in evaluation mode.

  Args:
    gan: an AbstractGAN.
    averaged: use the moving average of G's weights, if there is one. D has
      none.
  """

  def logits(z: tf.Tensor, y: Optional[tf.Tensor]) -> tf.Tensor:
    output = gan.discriminate(gan.generate(z, y, averaged), y)
    return tf.cast(output.logits, tf.float32)[:, 0]

  return logits


def check(gan: AbstractGAN, name: str) -> None:
  """Raises unless D's logits are log-ratios of real to fake images.

  Args:
    gan: an AbstractGAN.
    name: the user's name for what uses the logits.
  """
  if not getattr(gan, "d_alone_scores", True):
    raise ValueError(
      f"{name} needs a discriminator that scores images alone, but "
      f"{type(gan).__name__} scores them together with more. Leave {name} out."
    )
  if not all(_is_calibrated(s) for s in (-1.0, 0.5)):
    raise ValueError(
      f"{name} takes D's logit for the log-ratio of real to fake images, but "
      f"this model has loss.fn{_chosen_loss()}, whose optimal D returns "
      "something else. Only models trained with loss.fn = @non_saturating, "
      "@logistic or @minimax, without label smoothing, can be sampled this "
      "way."
    )


def _is_calibrated(s):
  """Returns whether the optimal D returns s where p_data / p_G = e^s.

  The condition is p_data dL/d(real logit) + p_G dL/d(fake logit) = 0.
  """
  real, fake = tf.fill([1, 1], s), tf.fill([1, 1], s)
  with tf.GradientTape() as tape:
    tape.watch([real, fake])
    loss = _d_loss(real, fake)
  if loss is None:
    return False
  real_slope, fake_slope = (
    0.0 if slope is None else float(tf.reduce_sum(slope))
    for slope in tape.gradient(loss, [real, fake])
  )
  return abs(math.exp(s) * real_slope + fake_slope) < 1e-4 * abs(fake_slope)


def _d_loss(real, fake) -> Any:
  try:
    return loss_lib.get_losses(real, fake).d_loss
  except ValueError:  # The loss needs more than logits.
    return None


def _chosen_loss():
  try:
    return f" = {gin.query_parameter('loss.fn')}"
  except ValueError:  # Not bound: the default is used.
    return ""
