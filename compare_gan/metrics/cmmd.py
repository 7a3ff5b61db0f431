"""CLIP maximum mean discrepancy, CMMD (https://arxiv.org/abs/2401.09603).

1000 times the squared maximum mean discrepancy of rows that are divided by
their lengths, under the Gaussian kernel exp(-|x - y|^2 / (2 sigma^2)) with
sigma = 10. The paper takes the image embeddings of CLIP ViT-L/14 at 336 pixels.
Time is N^2 * D, memory is constant.
"""

from typing import Optional
from typing import Union

from compare_gan.configuration import accepted
from compare_gan.metrics import contract
from compare_gan.metrics import kernel_sums
from compare_gan.metrics.rows import check
from compare_gan.metrics.unit_rows import check_lengths
from compare_gan.metrics.unit_rows import unit_blocks
import gin
import numpy as np

_UNIT = "1000 x squared discrepancy"


@gin.configurable(denylist=["real_features", "fake_features", "resamples"])
@contract.takes_resamples
@contract.declare(
  contract.Score("cmmd", contract.LOWER, 0.0, unit=_UNIT),
  contract.Score("cmmd_unbiased", contract.LOWER, unit=_UNIT),
)
def cmmd(
  real_features: np.ndarray,
  fake_features: np.ndarray,
  sigma: accepted.Positive = 10.0,
  scale: accepted.Positive = 1000.0,
  resamples: Optional[dict[str, np.ndarray]] = None,
) -> dict[str, Union[float, np.ndarray]]:
  """Returns the CMMD, which is biased, and the unbiased estimate.

  The published values are biased: between equal distributions they shrink as
  1 / N. Unbiased values can be compared across N, and are negative about half
  of the time between equal distributions.

  Args:
    real_features: [M, D].
    fake_features: [N, D].
    sigma: width of the kernel.
    scale: factor of the squared discrepancy.
    resamples: see metrics/contract.py.
  """
  if not sigma > 0:
    raise ValueError(f"cmmd.sigma is {sigma}, but it must be above 0.")
  check(real_features=real_features, fake_features=fake_features)
  check_lengths(real_features=real_features, fake_features=fake_features)
  whole = {  # a single subset, of all rows
    "real": np.ones([1, len(real_features)], bool),
    "fake": np.ones([1, len(fake_features)], bool),
  }
  chosen = whole if resamples is None else resamples
  scores = _scores_of_subsets(
    real_features, fake_features, sigma, scale, **chosen
  )
  if resamples is None:
    return {k: float(x[0]) for k, x in scores.items()}
  return scores


def _scores_of_subsets(real_features, fake_features, sigma, scale, real, fake):
  """Returns the scores [B] of the subsets."""
  m, n = real.sum(axis=1), fake.sum(axis=1)

  def kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return _kernel_less_1(x, y, sigma)

  between = kernel_sums.between(
    real_features, fake_features, real, fake, kernel, unit_blocks
  )
  real = kernel_sums.within(real_features, real, kernel, unit_blocks)
  fake = kernel_sums.within(fake_features, fake, kernel, unit_blocks)
  between = 2.0 * between / (m * n)
  # kernel(x, x) - 1 is 0, so that both estimates share one sum.
  biased = real / m**2 + fake / n**2 - between
  unbiased = real / (m * (m - 1)) + fake / (n * (n - 1)) - between
  return {
    "cmmd": scale * biased,
    "cmmd_unbiased": scale * unbiased,
  }


def _kernel_less_1(x, y, sigma):
  """Returns k - 1 of all pairs, [rows of x, rows of y].

  k is nearly 1 between rows of length 1, and the ones cancel in a discrepancy:
  leaving them out loses no digits.
  """
  exponents = x @ y.T
  exponents -= 1.0  # -|x - y|^2 / 2
  exponents /= sigma**2
  return np.expm1(exponents, out=exponents)
