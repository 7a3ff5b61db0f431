"""Do images look like the class that was asked for?

The share of fakes that a classifier of real images puts into the class whose
label G got, as in https://arxiv.org/abs/1610.09585 (AC-GAN, section 4.2). It
reaches at most about the classifier's own accuracy on real images.
"""

from typing import Optional

from compare_gan.metrics import contract
from compare_gan.metrics.rows import check
import gin
import numpy as np


@gin.configurable(denylist=["fake_logits", "fake_labels", "num_classes"])
@contract.declare(
  contract.Score(
    "conditional_accuracy*", contract.HIGHER, 0.0, 1.0, "share of images"
  ),
)
@contract.takes_num_classes
def conditional_accuracy(
  fake_logits: np.ndarray,
  fake_labels: np.ndarray,
  num_classes: Optional[int] = None,
) -> dict[str, float]:
  """Returns the accuracy over all images, and that of the worst class.

  Args:
    fake_logits: rows [N, K] of a classifier of the labels' K classes.
    fake_labels: ints [N], the classes that G was asked for.
    num_classes: how many classes the labels have; None if unknown.
  """
  check(1, fake_logits=fake_logits)
  fake_labels = np.asarray(fake_labels)
  _check_classes(fake_logits, fake_labels, num_classes)
  hits = np.argmax(fake_logits, axis=1) == fake_labels
  by_class = [
    float(np.mean(hits[fake_labels == label]))
    for label in np.unique(fake_labels)
  ]
  return {
    "conditional_accuracy": float(np.mean(hits)),
    "conditional_accuracy_worst_class": min(by_class),
  }


def _check_classes(logits, labels, num_classes):
  """Raises ValueError if logits and labels have different classes."""
  if labels.shape != (len(logits),):
    raise ValueError(
      f"fake_labels has shape {labels.shape}, but there are {len(logits)} rows "
      "of logits, each of which needs one label."
    )
  k = logits.shape[1]
  if num_classes is not None and k != num_classes:
    got = f"the model has labels of {num_classes}"
  elif labels.min() < 0 or labels.max() >= k:
    got = f"labels go from {labels.min()} to {labels.max()}"
  else:
    return
  raise ValueError(
    f"fake_logits has {k} classes, but {got}. conditional_accuracy needs a "
    "classifier of the same classes as the labels, such as evaluate.features "
    "= @classifier."
  )
