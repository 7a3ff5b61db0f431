"""What an encoder has learnt: the accuracy of a linear classifier on its codes.

The classifier sees the standardised means of E(x) and is fitted by multinomial
logistic regression, the minimum of a convex loss: the value depends on encoder
and data alone. linear_probe_features.py does the same with what E makes the
means of.
"""

from collections.abc import Callable
from typing import Any

from compare_gan.configuration import accepted
from compare_gan.metrics import codes
from compare_gan.metrics import contract
import gin
import numpy as np
from scipy import optimize
from scipy import special

INPUTS = [
  "train_images",
  "train_labels",
  "heldout_images",
  "heldout_labels",
  "encode",
]


@gin.configurable(denylist=INPUTS)
@contract.declare(
  contract.Score("linear_probe", contract.HIGHER, 0.0, 1.0, "share of images"),
)
def linear_probe(
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
    encode: images -> EncoderOutput, whose mean is classified.
    penalty: factor of the squared weights, next to the mean cross-entropy.
  """
  share = accuracy(
    codes.codes(train_images, encode),
    train_labels,
    codes.codes(heldout_images, encode),
    heldout_labels,
    penalty,
  )
  return {"linear_probe": share}


def accuracy(
  train_x: np.ndarray,
  train_labels: np.ndarray,
  heldout_x: np.ndarray,
  heldout_labels: np.ndarray,
  penalty: float,
) -> float:
  """Returns the share of held-out rows [N, D] that are told right.

  Args:
    train_x, train_labels: rows and labels that the classifier is fitted to.
    heldout_x, heldout_labels: those it is tested on.
    penalty: see `fit`.
  """
  classes, labels = np.unique(np.asarray(train_labels), return_inverse=True)
  if len(classes) < 2:
    raise ValueError(
      "A linear probe needs two classes or more, but the images have "
      f"{len(classes)}. Choose a dataset with labels."
    )
  x = train_x.astype(np.float64)
  mean, deviation = x.mean(axis=0), x.std(axis=0)
  deviation = np.where(deviation > 0, deviation, 1.0)
  w, b = fit((x - mean) / deviation, labels, len(classes), penalty)
  x = heldout_x.astype(np.float64)
  told = classes[np.argmax((x - mean) / deviation @ w + b, axis=1)]
  return float(np.mean(told == np.asarray(heldout_labels)))


def fit(
  x: np.ndarray, labels: np.ndarray, num_classes: int, penalty: float
) -> tuple[np.ndarray, np.ndarray]:
  """Returns w [D, K] and b [K] that minimise

  mean of -log softmax(x w + b)[label] + penalty |w|^2

  Args:
    x: float64 [N, D].
    labels: ints [N] in [0, K).
    num_classes: K.
    penalty: see above.
  """
  n, d = x.shape
  targets = np.eye(num_classes)[labels]

  def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
    w, b = np.split(weights.reshape(d + 1, num_classes), [d])
    logits = x @ w + b
    log_p = logits - special.logsumexp(logits, axis=1, keepdims=True)
    slope = (np.exp(log_p) - targets) / n
    gradient = np.concatenate(
      [x.T @ slope + 2.0 * penalty * w, slope.sum(axis=0, keepdims=True)]
    )
    value = -np.sum(targets * log_p) / n + penalty * np.sum(w**2)
    return value, gradient.ravel()

  found = optimize.minimize(
    loss,
    np.zeros((d + 1) * num_classes),
    jac=True,
    method="L-BFGS-B",
    options={"maxiter": 2000, "ftol": 1e-14, "gtol": 1e-8},
  ).x.reshape(d + 1, num_classes)
  return found[:-1], found[-1]
