"""A mixture of isotropic Gaussians on given centres, fitted by their widths.

FLS and FLD share it. The centres are fixed; Adam finds the logarithm l_j of
each variance, from exact gradients of:

  log p(x_i) = logsumexp_j (w_j - |x_i - c_j|^2 / (2 exp(l_j)) - D l_j / 2)

Each of up to a hundred steps needs the squared distances of rows to centres:
the first `_KEPT` of them are kept, the others are computed every time.
"""

from collections.abc import Iterable
from collections.abc import Iterator
from typing import NamedTuple

from compare_gan.metrics import neighbours
from compare_gan.metrics.rows import blocks
import numpy as np

ROWS = 500  # at a time: 40 MB against 10,000 centres, a few of which work
_KEPT = 10**8  # squared distances: 800 MB, 10,000 rows by 10,000 centres


class Scale(NamedTuple):
  """The mean and deviation that rows are standardised by."""

  mean: np.ndarray  # [D]
  deviation: np.ndarray  # [D]

  @classmethod
  def of(cls, *sets: np.ndarray) -> "Scale":
    """Returns the Scale of all rows of the sets, the deviation with N - 1."""
    count = sum(len(rows) for rows in sets)
    origin = np.asarray(sets[0][0], np.float64)  # near the rows: no cancelling
    shift = _sum(lambda x: x - origin, sets) / count
    mean = origin + shift
    squares = _sum(lambda x: (x - mean) ** 2, sets)
    return cls(mean, np.sqrt(squares / (count - 1)))

  def __call__(self, rows: np.ndarray) -> np.ndarray:
    """Returns rows in float64; features equal in all rows become 0."""
    rows = np.asarray(rows, np.float64) - self.mean
    rows /= np.where(self.deviation > 0.0, self.deviation, 1.0)
    return rows


def _sum(function, sets):
  return sum(
    function(block).sum(axis=0) for rows in sets for _, block in blocks(rows)
  )


class Squares:
  """Squared distances of rows to centres, block of rows by block."""

  def __init__(
    self, rows: np.ndarray, centres: np.ndarray, scale: Scale
  ) -> None:
    """`scale` standardises both, the rows a block at a time."""
    self.count, self.width = rows.shape
    self.centres = len(centres)
    self._rows = rows
    self._scale = scale
    self._centres = scale(centres)
    self._kept: dict[int, np.ndarray] = {}  # {first row of a block: squares}

  def __iter__(self) -> Iterator[tuple[slice, np.ndarray]]:
    """Yields (slice of rows, squares [rows, centres]), which are read-only."""
    for part, block in blocks(self._rows, ROWS):
      squares = self._kept.get(part.start)
      if squares is None:
        squares = self._compute(block)
        if part.stop * len(self._centres) <= _KEPT:
          self._kept[part.start] = squares
      yield part, squares

  def _compute(self, block):
    block = self._scale(block)
    squares = np.empty([len(block), len(self._centres)])
    for i, j, found in neighbours.squared_distances(block, self._centres):
      squares[i, j] = found
    return squares


def log_densities(
  squares: np.ndarray, log_variances: np.ndarray, width: int
) -> np.ndarray:
  """Returns log densities [rows, centres] without the term -D/2 log 2 pi."""
  logs = squares * (-0.5 * np.exp(-log_variances))
  logs -= 0.5 * width * log_variances
  return logs


def negative_log_likelihood(
  squares: Squares, log_variances: np.ndarray
) -> float:
  """Returns the mean over rows, for equal weights, minus D/2 log 2 pi."""
  total = 0.0
  for _, block in squares:
    logs = log_densities(block, log_variances, squares.width)
    _, sums, top = _exponentials(logs)
    total += np.sum(np.log(sums) + top)
  return float(np.log(len(log_variances)) - total / squares.count)


def loss_and_gradient(
  parts: Iterable,
  log_variances: np.ndarray,
  log_weights: np.ndarray,
  width: int,
) -> tuple[float, np.ndarray]:
  """Returns the mean of -log p minus D/2 log 2 pi, and its gradient in l.

  Args:
    parts: squared distances [rows, centres], block by block.
    log_variances: l, [centres].
    log_weights: [centres].
    width: D.
  """
  total, count = 0.0, 0
  gradient = np.zeros(len(log_variances))
  halved = 0.5 * np.exp(-log_variances)
  for squares in parts:
    logs = log_densities(squares, log_variances, width)
    logs += log_weights
    shares, sums, top = _exponentials(logs)
    total += np.sum(np.log(sums) + top)
    count += len(squares)
    shares /= sums[:, None]  # each centre's share in the density of a row
    gradient += 0.5 * width * shares.sum(axis=0)
    gradient -= halved * np.einsum("nj,nj->j", shares, squares)
  return -total / count, gradient / count


def _exponentials(logs):
  """Returns exp(logs - largest of a row), their sums, and the largest.

  It overwrites the logarithms.
  """
  top = logs.max(axis=1)
  logs -= top[:, None]
  shares = np.exp(logs, out=logs)
  return shares, shares.sum(axis=1), top


class Adam:
  """Adam (https://arxiv.org/abs/1412.6980) with its usual constants."""

  def __init__(self, size: int) -> None:
    self._first = np.zeros(size)
    self._second = np.zeros(size)
    self._steps = 0

  def step(self, gradient: np.ndarray, learning_rate: float) -> np.ndarray:
    """Returns what to add to the parameters."""
    self._steps += 1
    self._first = 0.9 * self._first + 0.1 * gradient
    self._second = 0.999 * self._second + 0.001 * gradient**2
    first = self._first / (1.0 - 0.9**self._steps)
    second = self._second / (1.0 - 0.999**self._steps)
    return -learning_rate * first / (np.sqrt(second) + 1e-8)
