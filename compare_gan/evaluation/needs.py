"""What metrics need, and what follows from that for a list of them.

A metric's parameters name what it needs, see metrics/contract.py: sets of rows,
whose names begin with the word for their images (real, fake, train, heldout),
and functions that call the model itself.
"""

from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any

from compare_gan.metrics import contract

SETS = (
  "real_features",
  "fake_features",
  "train_features",
  "heldout_features",
  "real_labels",
  "fake_labels",
  "fake_logits",
  "real_images",
  "fake_images",
  "train_images",
  "train_labels",
  "heldout_images",
  "heldout_labels",
  "jacobians",
)
CALLABLES = ("generate", "discriminate", "encode", "latents")
COUNTED = ("real", "train", "heldout")  # sets of the dataset's images

# The name of what replaces real_features if only their mean and covariance are
# known.
GAUSSIAN = "gaussian of real features"


def all_names(metrics: Iterable[Any]) -> set[str]:
  """Returns the names of everything that any of the metrics needs."""
  return {name for metric in metrics for name in contract.needs(metric)}


def any_begins(word: str, names: Iterable[str]) -> bool:
  return any(name.startswith(word) for name in names)


def asks_features(names: Iterable[str]) -> bool:
  """Returns whether any of the names needs an extractor."""
  return any(name.endswith(("_features", "_logits")) for name in names)


def takes_gaussian(metric: Any) -> bool:
  """Returns whether a mean and a covariance of real features suffice."""
  return "real_features" in contract.gaussians_of(metric)


def needs_real_rows(metrics: Iterable[Any]) -> bool:
  """Returns whether a metric needs more than a mean and a covariance."""
  return any(
    any_begins(
      "real_", set(contract.needs(metric)) - set(contract.gaussians_of(metric))
    )
    for metric in metrics
  )


def only_gaussian_is_real(metrics: Sequence[Any]) -> bool:
  """Returns whether metrics use only a mean and covariance of real images."""
  return any(map(takes_gaussian, metrics)) and not needs_real_rows(metrics)
