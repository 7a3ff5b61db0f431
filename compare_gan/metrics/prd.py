"""Precision and recall of distributions, PRD (https://arxiv.org/abs/1806.00035).

Real and fake rows are clustered together; the two histograms over clusters give
a curve of precision against recall, summarised by its best F_8, which favours
recall, and F_1/8, which favours precision. Clusters are random: ten clusterings
are averaged.
"""

from typing import Annotated

from compare_gan.configuration import accepted
from compare_gan.metrics import contract
from compare_gan.metrics.rows import blocks
from compare_gan.metrics.rows import check
import gin
import numpy as np

_INPUTS = ["real_features", "fake_features"]
_EPSILON = 1e-10  # as in the original's F-scores


def curve(
  real_histogram: np.ndarray, fake_histogram: np.ndarray, angles: int = 1001
) -> tuple[np.ndarray, np.ndarray]:
  """Returns precision and recall [angles] of two histograms that sum to 1."""
  slopes = np.tan(np.linspace(_EPSILON, np.pi / 2.0 - _EPSILON, angles))
  # The paper's alpha(lambda), and beta(lambda) = alpha(lambda) / lambda.
  scaled = slopes[:, None] * np.asarray(real_histogram, np.float64)
  precision = np.minimum(scaled, fake_histogram).sum(axis=1)
  return precision, precision / slopes


def f_score(precision: np.ndarray, recall: np.ndarray, beta: float) -> float:
  """Returns the best F_beta on the curve."""
  both = (1.0 + beta**2) * precision * recall
  return float(np.max(both / (beta**2 * precision + recall + _EPSILON)))


def mean_curve(
  real_features: np.ndarray,
  fake_features: np.ndarray,
  clusters: Annotated[int, accepted.Range(least=2)] = 20,
  runs: accepted.Count = 10,
  angles: Annotated[int, accepted.Range(least=3)] = 1001,
  seed: accepted.Seed = 0,
) -> np.ndarray:
  """Returns precision and recall [angles], means over `runs` clusterings."""
  rng = np.random.RandomState(seed)
  sets = (real_features, fake_features)
  curves = []
  for _ in range(runs):
    centres = _k_means(sets, clusters, rng)
    real, fake = (_histogram(x, centres) for x in sets)
    curves.append(curve(real, fake, angles))
  return np.mean(curves, axis=0)


@gin.configurable(denylist=_INPUTS)
@contract.declare(
  contract.Score("prd_f*", contract.HIGHER, 0.0, 1.0, "F-score"),
)
def prd(
  real_features: np.ndarray,
  fake_features: np.ndarray,
  clusters: Annotated[int, accepted.Range(least=2)] = 20,
  runs: accepted.Count = 10,
  angles: Annotated[int, accepted.Range(least=3)] = 1001,
  beta: accepted.Positive = 8,
  seed: accepted.Seed = 0,
) -> dict[str, float]:
  """Returns F_beta (recall) and F_1/beta (precision), both in [0, 1].

  Args:
    real_features: [M, D].
    fake_features: [N, D]; M = N gives the fairest clusters.
    clusters: number of clusters, the bins of the histograms.
    runs: number of clusterings to average over.
    angles: number of points on the curve.
    beta: weight of recall.
    seed: of the clusters.
  """
  check(clusters, real_features=real_features, fake_features=fake_features)
  precision, recall = mean_curve(
    real_features, fake_features, clusters, runs, angles, seed
  )
  return {
    f"prd_f{beta}": f_score(precision, recall, beta),
    f"prd_f1_{beta}": f_score(precision, recall, 1.0 / beta),
  }


def _nearest(rows, centres):
  squares = np.sum(centres**2, axis=1) - 2.0 * (rows @ centres.T)
  return squares.argmin(axis=1)  # |row|^2 is the same for all centres.


def _histogram(rows, centres):
  counts = sum(
    np.bincount(_nearest(block, centres), minlength=len(centres))
    for _, block in blocks(rows)
  )
  return counts / len(rows)


def _k_means(sets, k, rng, steps=20):
  """Returns centres [k, D] after `steps` of Lloyd's algorithm on all sets."""
  centres = _spread(sets, k, rng)
  for _ in range(steps):
    sums, counts = 0.0, 0.0
    for rows in sets:
      for _, block in blocks(rows):
        member = np.eye(k)[_nearest(block, centres)]  # [rows, k]
        sums = sums + member.T @ block
        counts = counts + member.sum(axis=0)
    # A centre without rows stays where it is.
    moved = sums / np.maximum(counts, 1.0)[:, None]
    centres = np.where(counts[:, None] > 0, moved, centres)
  return centres


def _spread(sets, k, rng):
  """Returns k rows far from one another: k-means++ on 1000 rows of each set."""
  rows = np.concatenate(
    [x[rng.permutation(len(x))[:1000]].astype(np.float64) for x in sets]
  )
  centres = rows[[rng.randint(len(rows))]]
  squares = np.inf
  while len(centres) < k:
    distances = np.sum((rows - centres[-1]) ** 2, axis=1)
    squares = np.minimum(squares, distances)
    # With fewer distinct rows than clusters, all distances become 0.
    odds = squares / squares.sum() if squares.any() else None
    centres = np.append(centres, rows[[rng.choice(len(rows), p=odds)]], axis=0)
  return centres
