"""Permutation tests, by sign flips and by swapped labels."""

from collections.abc import Callable
from collections.abc import Sequence
import functools
import itertools
from typing import Union

import numpy as np

_EXACT_FLIPS = 16
_RANDOM_FLIPS = 10000


def sign_flip(x: Union[Sequence[float], np.ndarray]) -> float:
  """Returns the two-sided p of a mean under random signs.

  It is exact for up to 16 differences that are not zero. With more it is from
  10,000 random flips, and the observed signs count as one more.
  """
  x = np.asarray(x, np.float64)
  x = np.asarray(x[x != 0])
  if not len(x):
    return 1.0
  least = abs(x.sum()) - 1e-12 * np.abs(x).sum()
  if len(x) <= _EXACT_FLIPS:
    return float(np.mean(np.abs(_signs(len(x)) @ x) >= least))
  hits = np.sum(np.abs(_random_signs(len(x)) @ x) >= least)
  return float((1 + hits) / (1 + _RANDOM_FLIPS))


@functools.lru_cache(maxsize=4)
def _random_signs(n):
  flips = np.random.RandomState(0).randint(0, 2, [_RANDOM_FLIPS, n])
  return 2.0 * flips - 1.0


@functools.cache
def _signs(n):
  """Returns the 2^(n - 1) rows of signs [.., n] that begin with +."""
  rest = itertools.product([-1.0, 1.0], repeat=n - 1)
  return np.array([(1.0, *signs) for signs in rest])


def permutation_p(
  groups: Sequence[np.ndarray],
  statistic: Callable[[list[np.ndarray]], Union[float, np.ndarray]],
  permutations: int = 2000,
  seed: int = 0,
) -> float:
  """Returns p of a statistic of groups, by permuting the settings' labels.

  Args:
    groups: arrays of costs.
    statistic: function of a list of arrays [..., n], one of each group, to
      [...]; larger is more unusual.
    permutations, seed: the number of permutations, and their seed.
  """
  random = np.random.RandomState(seed)
  pooled = np.concatenate(groups)
  cuts = np.cumsum([len(group) for group in groups])[:-1]
  orders = np.argsort(random.rand(permutations, len(pooled)), axis=1)
  least = statistic([np.asarray(group) for group in groups]) - 1e-12
  hits = np.sum(statistic(np.split(pooled[orders], cuts, axis=1)) >= least)
  return float((1 + hits) / (1 + permutations))
