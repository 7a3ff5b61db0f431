"""Feature matching: fakes with the mean features of real images.

Improved Techniques for Training GANs (Salimans et al., 2016,
https://arxiv.org/abs/1606.03498). For G. It costs nothing: G's update computes
the features anyway.
"""

from typing import Annotated

from compare_gan.configuration import accepted
from compare_gan.context import replica
from compare_gan.gans.terms import TERMS
import gin
import tensorflow as tf


@gin.configurable(module=TERMS, denylist=["real_features", "fake_features"])
def feature_matching(
  real_features: tf.Tensor,
  fake_features: tf.Tensor,
  distance: Annotated[str, accepted.OneOf("squared", "l1")] = "squared",
) -> tf.Tensor:
  """Distance between D's mean features of real and of fake images.

  The means are over the global batch (of parts of it, if
  options.micro_batches cut it up). Real features get no gradient.

  Args:
    real_features, fake_features: [N, ...].
    distance: "squared", the sum of squared differences; "l1", the mean of
      absolute ones, as in StudioGAN.
  """
  if distance not in ("squared", "l1"):
    raise ValueError(
      f"feature_matching.distance = {distance!r}. It must be 'squared' or 'l1'."
    )
  real = replica.all_mean(tf.reduce_mean(tf.stop_gradient(real_features), 0))
  fake = replica.all_mean(tf.reduce_mean(fake_features, 0))
  if distance == "l1":
    return tf.reduce_mean(tf.abs(real - fake))
  return tf.reduce_sum(tf.square(real - fake))
