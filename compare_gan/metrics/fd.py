"""Frechet distance of any features, FD-DINOv2 for instance.

The formula is that of the FID (see fid.py), a name reserved for one Inception
network. `@fd` on a network called dinov2_vitl14 is the score fd_dinov2_vitl14
(https://arxiv.org/abs/2306.04675).
"""

from typing import Any
from typing import Optional

from compare_gan.metrics import contract
from compare_gan.metrics import fid
import gin


@gin.configurable(denylist=["real_features", "fake_features", "resamples"])
@contract.takes_gaussian("real_features", "fake_features")
@contract.takes_resamples
@contract.declare(
  contract.Score(
    "fd", contract.LOWER, low=0.0, unit="squared distance of features"
  ),
)
def fd(
  real_features: Any,
  fake_features: Any,
  resamples: Optional[dict[str, Any]] = None,
) -> dict[str, Any]:
  """Returns the squared Frechet distance of two sets of rows or Gaussians."""
  return {"fd": fid.distance_of(real_features, fake_features, resamples)}
