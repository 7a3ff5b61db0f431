"""Do images look like the class that they were asked to be?

The share of fakes that a classifier of real images puts into the class whose
label G was given, as in https://arxiv.org/abs/1610.09585 (AC-GAN, section 4.2).
The classifier's own accuracy on real images is about the most there is.
"""

from compare_gan.metrics import contract
from compare_gan.metrics.rows import check
import gin
import numpy as np


@gin.configurable(denylist=["fake_logits", "fake_labels"])
@contract.declare(
  contract.Score(
    "conditional_accuracy*", contract.HIGHER, 0.0, 1.0, "share of images"
  ),
)
def conditional_accuracy(fake_logits, fake_labels):
  """Returns the accuracy over all images, and that of the worst class."""
  check(1, fake_logits=fake_logits)
  hits = np.argmax(fake_logits, axis=1) == fake_labels
  by_class = [
    float(np.mean(hits[fake_labels == label]))
    for label in np.unique(fake_labels)
  ]
  return {
    "conditional_accuracy": float(np.mean(hits)),
    "conditional_accuracy_worst_class": min(by_class),
  }
