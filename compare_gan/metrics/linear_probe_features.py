"""What an encoder has learnt: a linear classifier on its last convolution.

As in BigBiGAN (section 4.1 of https://arxiv.org/abs/1907.02544): the features
are E's last convolution averaged over pixels, before the layers that make a
code of them. There the classifier is trained on augmented images; here it is
fitted as linear_probe.py says.
"""

from collections.abc import Callable
from typing import Any

from compare_gan.configuration import accepted
from compare_gan.metrics import codes
from compare_gan.metrics import contract
from compare_gan.metrics import linear_probe
import gin
import numpy as np


@gin.configurable(denylist=linear_probe.INPUTS)
@contract.declare(
  contract.Score(
    "linear_probe_features", contract.HIGHER, 0.0, 1.0, "share of images"
  ),
)
def linear_probe_features(
  train_images: np.ndarray,
  train_labels: np.ndarray,
  heldout_images: np.ndarray,
  heldout_labels: np.ndarray,
  encode: Callable[[np.ndarray], Any],
  penalty: accepted.NotNegative = 1e-4,
) -> dict[str, float]:
  """Returns the share of held-out images that are told right.

  Args:
    train_images, train_labels: the classifier is fitted to these.
    heldout_images, heldout_labels: it is tested on these.
    encode: images -> EncoderOutput, whose features are classified.
    penalty: factor of the squared weights, next to the mean cross-entropy.
  """
  share = linear_probe.accuracy(
    codes.features(train_images, encode),
    train_labels,
    codes.features(heldout_images, encode),
    heldout_labels,
    penalty,
  )
  return {"linear_probe_features": share}
