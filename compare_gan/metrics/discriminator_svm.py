"""What a discriminator has learnt: the accuracy of an SVM on its features.

DCGAN's use of a discriminator for classification (section 5 of
https://arxiv.org/abs/1511.06434): its features are standardised and a linear
SVM with squared hinge loss predicts the classes. The SVM is fitted to one half
of the real images and tested on the other.
"""

from collections.abc import Callable
from typing import Any

from compare_gan.configuration import accepted
from compare_gan.metrics import contract
import gin
import numpy as np
from scipy import optimize

_BATCH = 64
_INPUTS = ["real_images", "real_labels", "discriminate"]


@gin.configurable(denylist=_INPUTS)
@contract.declare(
  contract.Score(
    "discriminator_svm", contract.HIGHER, 0.0, 1.0, "share of images"
  ),
)
def discriminator_svm(
  real_images: np.ndarray,
  real_labels: np.ndarray,
  discriminate: Callable[[np.ndarray, np.ndarray], Any],
  penalty: accepted.Positive = 1e-3,
  seed: accepted.Seed = 0,
) -> dict[str, float]:
  """Returns the accuracy on the half that the SVM has not seen.

  Args:
    real_images: [N, H, W, C], uint8 or floats in [0, 1].
    real_labels: ints [N].
    discriminate: (images, labels) -> output with `features` [n, ...].
    penalty: factor of the squared weights, next to the mean loss.
    seed: of the halves.
  """
  labels = np.asarray(real_labels)
  if len(real_images) < 4 or labels.shape != (len(real_images),):
    raise ValueError(
      f"{len(real_images)} real_images have labels of shape {labels.shape}. At "
      "least 4 with one label each are needed."
    )
  features = _features(real_images, discriminate)
  order = np.random.RandomState(seed).permutation(len(labels))
  fit, test = np.split(order, [len(order) // 2])
  mean, deviation = features[fit].mean(axis=0), features[fit].std(axis=0)
  features = (features - mean) / np.where(deviation > 0, deviation, 1.0)
  classes = np.unique(labels[fit])
  scores = []
  for k in classes:
    w, b = fit_svm(features[fit], labels[fit] == k, penalty)
    scores.append(features[test] @ w + b)
  told = classes[np.argmax(scores, axis=0)]
  return {"discriminator_svm": float(np.mean(told == labels[test]))}


def fit_svm(
  x: np.ndarray, is_member: np.ndarray, penalty: float
) -> tuple[np.ndarray, float]:
  """Returns w and b that minimise the squared hinge plus the squared weights:

  mean max(0, 1 - s (x w + b))^2 + penalty |w|^2

  Args:
    x: [N, D].
    is_member: bools [N]; s is 1 for members and -1 for others.
    penalty: see above.
  """
  signs = np.where(is_member, 1.0, -1.0)

  def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
    w, b = weights[:-1], weights[-1]
    short = np.maximum(0.0, 1.0 - signs * (x @ w + b))
    slope = -2.0 * signs * short / len(x)
    gradient = np.append(x.T @ slope + 2.0 * penalty * w, slope.sum())
    return np.mean(short**2) + penalty * w @ w, gradient

  options = {"maxiter": 2000, "ftol": 1e-15, "gtol": 1e-9}
  start = np.zeros(x.shape[1] + 1)
  found = optimize.minimize(
    loss, start, jac=True, method="L-BFGS-B", options=options
  ).x
  return found[:-1], found[-1]


def _features(images, discriminate):
  """Returns the discriminator's features, float64 [N, D]."""
  rows = []
  for i in range(0, len(images), _BATCH):
    batch = images[i : i + _BATCH]
    scale = 255.0 if batch.dtype == np.uint8 else 1.0
    batch = (batch / scale).astype(np.float32)
    # Zeros: a discriminator's features could reveal the true labels.
    found = discriminate(batch, np.zeros(len(batch), np.int32))
    rows.append(np.asarray(found.features, np.float64).reshape(len(batch), -1))
  rows = np.concatenate(rows)
  if not np.isfinite(rows).all():
    raise ValueError("The discriminator's features have NaN or infinity.")
  return rows
