"""Classification accuracy score, CAS (https://arxiv.org/abs/1905.10887).

A classifier is trained on labelled fakes alone and tested on real images. It
finds what FID does not: classes that are missing, alike, or mixed up.

The paper trains a ResNet-50 for each score. By default the classifier here is
ridge regression on random features, chosen because it has one solution; gin can
replace it with your own:

  import my_package.my_classifier
  classification_accuracy_score.train = @my_classifier
"""

from collections.abc import Callable

from compare_gan.metrics import contract
from compare_gan.metrics import pixels
from compare_gan.metrics.random_relu import RandomRelu
from compare_gan.metrics.random_relu import Ridge
import gin
import numpy as np

_INPUTS = ["real_images", "real_labels", "fake_images", "fake_labels"]


def ridge_classifier(
  images: np.ndarray,
  labels: np.ndarray,
  num_classes: int,
  features: int = 1024,
  penalty: float = 1e-3,
) -> Callable[[np.ndarray], np.ndarray]:
  """Returns a function from images to classes [N], trained on images."""
  embed = RandomRelu(images, features, seed=0)
  ridge = Ridge(embed(images), np.eye(num_classes)[labels])
  return lambda images: ridge.predict(embed(images), penalty).argmax(axis=1)


@gin.configurable(denylist=_INPUTS)
@contract.declare(
  contract.Score(
    "classification_accuracy_score*",
    contract.HIGHER,
    0.0,
    1.0,
    "share of images",
  ),
)
def classification_accuracy_score(
  real_images: np.ndarray,
  real_labels: np.ndarray,
  fake_images: np.ndarray,
  fake_labels: np.ndarray,
  train: Callable[
    [np.ndarray, np.ndarray, int], Callable[[np.ndarray], np.ndarray]
  ] = ridge_classifier,
) -> dict[str, float]:
  """Returns the accuracy on real images, and that on the worst class.

  Args:
    real_images, fake_images: [N, H, W, C].
    real_labels, fake_labels: ints [N].
    train: (images, labels, num_classes) -> (images -> classes [N]).
  """
  pixels.check(real_images=real_images, fake_images=fake_images)
  sets = {
    "real": (real_images, np.asarray(real_labels)),
    "fake": (fake_images, np.asarray(fake_labels)),
  }
  for name, (images, labels) in sets.items():
    if labels.shape != (len(images),) or labels.min() < 0:
      raise ValueError(
        f"{name}_labels has shape {labels.shape} and smallest label "
        f"{labels.min() if labels.size else None}, but {len(images)} images "
        "each need a label of 0 or more."
      )
  real_labels, fake_labels = sets["real"][1], sets["fake"][1]
  num_classes = 1 + int(max(real_labels.max(), fake_labels.max()))
  told = np.asarray(train(fake_images, fake_labels, num_classes)(real_images))
  right = told == real_labels
  accuracies = [right[real_labels == k].mean() for k in np.unique(real_labels)]
  return {
    "classification_accuracy_score": float(right.mean()),
    "classification_accuracy_score_worst": float(min(accuracies)),
  }
