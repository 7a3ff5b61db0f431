"""Kernel Inception distance, KID (https://arxiv.org/abs/1801.01401).

The squared maximum mean discrepancy under k(x, y) = (x.y / D + 1)^3. `kid` uses
all pairs and no random numbers. Published values are means of it over subsets:
`kid_subsets` as in torch-fidelity and clean-fid, `kid_blocks` as in TF-GAN. All
three are unbiased, and hence negative about half of the time between equal
distributions. `kid` of N rows takes N^2 * D time and constant memory.
"""

from typing import Annotated
from typing import Optional
from typing import Union

from compare_gan.configuration import accepted
from compare_gan.metrics import contract
from compare_gan.metrics import kernel_sums
from compare_gan.metrics.rows import blocks
from compare_gan.metrics.rows import check
import gin
import numpy as np

_INPUTS = ["real_features", "fake_features"]


def _kernel(x, y):
  k = (x / x.shape[1]) @ y.T
  k += 1.0
  # In place: next to the product, writing to new memory costs most.
  cube = k * k
  cube *= k
  return cube  # [rows of x, rows of y]


def _within(x, biased):
  """Returns the mean of k(x_i, x_j) over i != j; if biased, over all i, j."""
  total = diagonal = 0.0
  for part, block in blocks(x):
    own = _kernel(block, block)
    total += own.sum()
    diagonal += np.trace(own)
    for _, later in blocks(x[part.stop :]):
      total += 2.0 * _kernel(block, later).sum()
  if biased:
    return total / len(x) ** 2
  return (total - diagonal) / (len(x) * (len(x) - 1))


def _between(x, y):
  total = sum(_kernel(a, b).sum() for _, a in blocks(x) for _, b in blocks(y))
  return total / (len(x) * len(y))


def squared_mmd(x: np.ndarray, y: np.ndarray, biased: bool = False) -> float:
  """Returns the squared discrepancy of rows x [M, D] and y [N, D]."""
  return float(_within(x, biased) + _within(y, biased) - 2.0 * _between(x, y))


def squared_mmds(
  x: np.ndarray, y: np.ndarray, x_chosen: np.ndarray, y_chosen: np.ndarray
) -> np.ndarray:
  """Returns the unbiased squared discrepancies [B] of the chosen rows.

  Args:
    x: [M, D].
    y: [N, D].
    x_chosen: bools [B, M].
    y_chosen: bools [B, N].
  """
  m, n = x_chosen.sum(axis=1), y_chosen.sum(axis=1)
  within_x = kernel_sums.within(x, x_chosen, _kernel, blocks)
  within_y = kernel_sums.within(y, y_chosen, _kernel, blocks)
  between = kernel_sums.between(x, y, x_chosen, y_chosen, _kernel, blocks)
  return (
    within_x / (m * (m - 1))
    + within_y / (n * (n - 1))
    - 2.0 * between / (m * n)
  )


@gin.configurable(denylist=[*_INPUTS, "resamples"])
@contract.takes_resamples
@contract.declare(
  contract.Score("kid", contract.LOWER, unit="squared discrepancy"),
)
def kid(
  real_features: np.ndarray,
  fake_features: np.ndarray,
  resamples: Optional[dict[str, np.ndarray]] = None,
) -> dict[str, Union[float, np.ndarray]]:
  """Returns the unbiased KID over all pairs."""
  check(real_features=real_features, fake_features=fake_features)
  if resamples is not None:
    halves = resamples["real"], resamples["fake"]
    return {"kid": squared_mmds(real_features, fake_features, *halves)}
  return {"kid": squared_mmd(real_features, fake_features)}


@gin.configurable(denylist=_INPUTS)
@contract.declare(
  contract.Score("kid_subsets", contract.LOWER, unit="squared discrepancy"),
  contract.Score(
    "kid_subsets_std_over_subsets",
    contract.NEITHER,
    low=0.0,
    unit="squared discrepancy",
  ),
)
def kid_subsets(
  real_features: np.ndarray,
  fake_features: np.ndarray,
  subsets: accepted.Count = 100,
  size: Annotated[int, accepted.Range(least=2)] = 1000,
  seed: accepted.Seed = 2020,
) -> dict[str, float]:
  """Returns the mean over random subsets, and how much they deviate.

  Subsets overlap, so that their deviation is not a standard error.

  Args:
    real_features: [M, D].
    fake_features: [N, D].
    subsets: number of random subsets.
    size: rows of a subset, fewer where a set is smaller.
    seed: each subset is drawn from the real rows, then from the fake ones.
  """
  check(real_features=real_features, fake_features=fake_features)
  size = min(size, len(real_features), len(fake_features))
  rng = np.random.RandomState(seed)
  values = []
  for _ in range(subsets):
    real, fake = (
      x[rng.choice(len(x), size, replace=False)]
      for x in (real_features, fake_features)
    )
    values.append(squared_mmd(real, fake))
  return {
    "kid_subsets": float(np.mean(values)),
    "kid_subsets_std_over_subsets": float(np.std(values)),
  }


@gin.configurable(denylist=_INPUTS)
@contract.declare(
  contract.Score("kid_blocks", contract.LOWER, unit="squared discrepancy"),
  contract.Score(
    "kid_blocks_std_error",
    contract.NEITHER,
    low=0.0,
    unit="squared discrepancy",
  ),
)
def kid_blocks(
  real_features: np.ndarray,
  fake_features: np.ndarray,
  max_block_size: Annotated[int, accepted.Range(least=2)] = 1024,
) -> dict[str, float]:
  """Returns the mean over disjoint blocks of rows, in order; its std error.

  The error is NaN for a single block, which has no spread.

  Args:
    real_features: [M, D].
    fake_features: [N, D].
    max_block_size: most rows of a block; the larger set decides how many blocks
      there are.
  """
  check(real_features=real_features, fake_features=fake_features)
  longest = max(len(real_features), len(fake_features))
  number = -(-longest // max_block_size)
  pairs = zip(_split(real_features, number), _split(fake_features, number))
  values = [squared_mmd(real, fake) for real, fake in pairs]
  error = np.std(values, ddof=1) / np.sqrt(number) if number > 1 else np.nan
  return {
    "kid_blocks": float(np.mean(values)),
    "kid_blocks_std_error": float(error),
  }


def _split(rows, number):
  """Returns blocks of nearly the same size, the smaller ones first."""
  if len(rows) < 2 * number:
    raise ValueError(
      f"{len(rows)} rows make {number} blocks of fewer than 2 rows. Give sets "
      "of similar size, or a larger kid_blocks.max_block_size."
    )
  ends = np.arange(1, number) * (len(rows) // number)
  larger = len(rows) % number
  ends += np.maximum(np.arange(1, number) - (number - larger), 0)
  return np.split(rows, ends)
