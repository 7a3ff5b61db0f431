"""Whether metrics rank the runs alike."""

from collections.abc import Sequence
import itertools
import math
from typing import Union

import numpy as np
from scipy import stats


def rank_correlation(
  scores: Union[Sequence[Sequence[float]], np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
  """Returns (Spearman's correlations, counts) [M, M] of metrics over runs.

  The correlation is that of ranks over the runs that have both scores; ties get
  their mean rank. It is NaN with fewer than 3 such runs, or if all scores of a
  metric are equal.

  Args:
    scores: [M, runs], NaN if a run does not have the score.
  """
  scores = np.asarray(scores, np.float64)
  m = len(scores)
  found, counts = np.full([m, m], np.nan), np.zeros([m, m], int)
  for i, j in itertools.combinations_with_replacement(range(m), 2):
    both = np.isfinite(scores[i]) & np.isfinite(scores[j])
    counts[i, j] = counts[j, i] = both.sum()
    if both.sum() >= 3:
      found[i, j] = found[j, i] = _spearman(scores[i][both], scores[j][both])
  return found, counts


def _spearman(x, y):
  x, y = (stats.rankdata(each) - (len(each) + 1) / 2 for each in (x, y))
  norm = math.sqrt(np.dot(x, x) * np.dot(y, y))
  return float(np.dot(x, y) / norm) if norm else math.nan
