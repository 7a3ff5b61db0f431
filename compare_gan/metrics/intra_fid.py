"""Intra-FID: the FID of each class (https://arxiv.org/abs/1802.05637).

The FID of all classes together does not show whether images match their labels;
this does. Few rows per class mean a large bias: compare equal numbers only.
"""

from compare_gan.metrics import contract
from compare_gan.metrics import fid
from compare_gan.metrics.rows import check
import gin
import numpy as np

_INPUTS = ["real_features", "fake_features", "real_labels", "fake_labels"]


def fid_of_classes(
  real_features: np.ndarray,
  fake_features: np.ndarray,
  real_labels: np.ndarray,
  fake_labels: np.ndarray,
) -> dict[int, float]:
  """Returns {class: FID} over the classes of the real set."""
  check(real_features=real_features, fake_features=fake_features)
  pairs = {"real": (real_features, real_labels)}
  pairs["fake"] = (fake_features, fake_labels)
  for name, (features, labels) in pairs.items():
    if np.shape(labels) != (len(features),):
      raise ValueError(
        f"{name}_labels has shape {np.shape(labels)}, but {len(features)} rows "
        "need one label each."
      )
  distances = {}
  for label in np.unique(real_labels):
    real = real_features[real_labels == label]
    fake = fake_features[fake_labels == label]
    if min(len(real), len(fake)) < 2:
      raise ValueError(
        f"Class {label} has {len(real)} real and {len(fake)} fake rows, but "
        "intra_fid needs at least 2 of each."
      )
    distances[int(label)] = fid.fid(real, fake)["fid"]
  return distances


@gin.configurable(denylist=_INPUTS)
@contract.declare(
  contract.Score(
    "intra_fid", contract.LOWER, low=0.0, unit="squared distance of features"
  ),
  contract.Score(
    "intra_fid_worst",
    contract.LOWER,
    low=0.0,
    unit="squared distance of features",
  ),
)
def intra_fid(
  real_features: np.ndarray,
  fake_features: np.ndarray,
  real_labels: np.ndarray,
  fake_labels: np.ndarray,
) -> dict[str, float]:
  """Returns the mean over classes, and the FID of the worst class."""
  distances = fid_of_classes(
    real_features, fake_features, real_labels, fake_labels
  )
  return {
    "intra_fid": float(np.mean(list(distances.values()))),
    "intra_fid_worst": max(distances.values()),
  }
