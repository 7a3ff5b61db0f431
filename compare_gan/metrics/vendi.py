"""Vendi score: the effective number of different images.

exp(H) of the eigenvalues of K / N, with K the cosines of all pairs of rows and
H the entropy (https://arxiv.org/abs/2210.02410), or the entropy of order q
(https://arxiv.org/abs/2310.12952): small q emphasise what is rare, large q what
is common. N orthogonal rows score N, copies of one row score 1.

The score uses no real images: noise is diverse too. It grows with N, so compare
equal numbers only. Eigenvalues come from the smaller of X X^T and X^T X, which
have the same ones except for zeros: rounding errors of zeros would count at
q < 1. Time is N * D * min(N, D).
"""

import math
from typing import Union

from compare_gan.configuration import accepted
from compare_gan.metrics import contract
from compare_gan.metrics.rows import check
from compare_gan.metrics.unit_rows import check_lengths
from compare_gan.metrics.unit_rows import unit_blocks
import gin
import numpy as np

_ZERO = 1e-14  # smaller eigenvalues are rounding errors; all sum to 1
_UNIT = "effective number of images"


@gin.configurable(denylist=["fake_features"])
@contract.declare(
  contract.Score("vendi", contract.HIGHER, 1.0, unit=_UNIT),
  contract.Score("vendi_q*", contract.HIGHER, 1.0, unit=_UNIT),
)
def vendi(
  fake_features: np.ndarray, q: Union[accepted.NotNegative, str] = 1.0
) -> dict[str, float]:
  """Returns the Vendi score of all fakes, from 1 to N.

  Args:
    fake_features: [N, D].
    q: order of the entropy, 0 or more; "inf" in gin for infinity. It is in the
      score's name unless it is 1.
  """
  order = _order("vendi", q)
  check(1, fake_features=fake_features)
  check_lengths(fake_features=fake_features)
  return {_name("vendi", order): vendi_score(fake_features, order)}


@gin.configurable(denylist=["fake_features", "fake_labels"])
@contract.declare(
  contract.Score("vendi_of_classes", contract.HIGHER, 1.0, unit=_UNIT),
  contract.Score("vendi_of_classes_q*", contract.HIGHER, 1.0, unit=_UNIT),
)
def vendi_of_classes(
  fake_features: np.ndarray,
  fake_labels: np.ndarray,
  q: Union[accepted.NotNegative, str] = 1.0,
) -> dict[str, float]:
  """Returns the mean over classes of the Vendi score, as dgm-eval has it.

  Args:
    fake_features: [N, D].
    fake_labels: ints [N].
    q: as in `vendi`.
  """
  order = _order("vendi_of_classes", q)
  check(1, fake_features=fake_features)
  check_lengths(fake_features=fake_features)
  if np.shape(fake_labels) != (len(fake_features),):
    raise ValueError(
      f"fake_labels has shape {np.shape(fake_labels)}, but "
      f"{len(fake_features)} rows need one label each."
    )
  scores = [
    vendi_score(fake_features[fake_labels == label], order)
    for label in np.unique(fake_labels)
  ]
  return {_name("vendi_of_classes", order): float(np.mean(scores))}


def vendi_score(rows: np.ndarray, q: float) -> float:
  """Returns the Vendi score of order q of rows [N, D] that are not 0."""
  weights = _eigenvalues(rows)
  weights = weights[weights > _ZERO]
  if q == 1.0:
    return float(np.exp(-np.sum(weights * np.log(weights))))
  if math.isinf(q):
    return float(1.0 / weights.max())
  return float(np.sum(weights**q) ** (1.0 / (1.0 - q)))


def _eigenvalues(rows):
  """Returns the min(N, D) eigenvalues of K / N that may be nonzero."""
  n, d = rows.shape
  if d < n:
    gram = sum(block.T @ block for _, block in unit_blocks(rows))
  else:
    units = np.concatenate([block for _, block in unit_blocks(rows)])
    gram = units @ units.T
  return np.linalg.eigvalsh(gram / n)


def _order(metric, q):
  try:
    order = float(q)
  except (TypeError, ValueError):
    order = math.nan
  if not order >= 0:
    raise ValueError(
      f'{metric}.q is {q!r}, but it must be 0 or more, or "inf".'
    )
  return order


def _name(metric, order):
  return metric if order == 1.0 else f"{metric}_q{order:g}"
