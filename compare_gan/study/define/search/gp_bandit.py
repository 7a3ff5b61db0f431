"""A phase that searches with a Gaussian process."""

from collections.abc import Sequence
from typing import Any
from typing import Optional

from compare_gan.study.define.search import gaussian_process
from compare_gan.study.define.search import phase
from compare_gan.study.define.search import ranges as ranges_lib
import gin
import numpy as np

_CANDIDATES = 1000
_NEAR_BEST = 50  # additional candidates around each of the five best


@gin.configurable("gp_bandit", module="compare_gan.study.search")
class GpBandit(phase.Phase):
  """Batches of settings at the lowest confidence bounds of a Gaussian process.

  GP-UCB (Srinivas et al., 2010, https://arxiv.org/abs/0912.3995) on the unit
  cube, one axis for each range, with a Matern-5/2 kernel. The settings of a
  batch are chosen one after the other, each as if the earlier ones had reached
  their expected scores (GP-BUCB, https://arxiv.org/abs/1206.6402). The process
  models the ranks of scores, so that one run that ended at 500 does not make
  all others look equal. Runs that failed count like the worst one.

  Args:
    ranges: {name: range}.
    rounds, batch: 12 x 10 in https://arxiv.org/abs/1807.04720.
    where: {binding: {name: range}}.
    kappa: the bound is the mean minus kappa standard deviations.
    name, seeds: see phase.Phase. The process models the noise of a single seed.
  """

  adaptive = True

  def __init__(
    self,
    ranges: dict[str, Sequence[Any]] = gin.REQUIRED,
    rounds: int = 12,
    batch: int = 10,
    where: Optional[dict[str, dict[str, Sequence[Any]]]] = None,
    kappa: float = 2.0,
    name: str = "gp_bandit",
    seeds: Optional[int] = 1,
  ) -> None:
    super().__init__(name, seeds)
    phase.require_count("gp_bandit.rounds", rounds)
    phase.require_count("gp_bandit.batch", batch)
    ranges_lib.check(ranges, where)
    self.rounds, self._batch, self._kappa = rounds, batch, kappa
    self._ranges, self._where = ranges, where

  def names(self) -> list[str]:
    return ranges_lib.all_names(self._ranges, self._where)

  def size(self, group: phase.Group) -> int:
    return self.rounds * self._batch

  def settings(
    self, history: phase.History, round: int, seed: int
  ) -> Optional[list[dict[str, float]]]:
    if round >= self.rounds:
      return None
    group = history.group
    ranges = list(
      ranges_lib.ranges_for(group, self._ranges, self._where).items()
    )
    if not ranges:
      raise ValueError(
        f"gp_bandit has nothing to search in {group.key}: all of its ranges "
        "are inert there. Give a range to another setting in gp_bandit.ranges."
      )
    random = ranges_lib.random_numbers(seed, self.name, group.key, str(round))
    x, y = _points(ranges, history.trials)
    if len(x) < 2:
      chosen = list(_spread(random, self._batch, len(ranges)))
    else:
      chosen = self._choose_batch(random, x, _normal_scores(y), ranges)
    return [
      {name: range_.value_at(u) for (name, range_), u in zip(ranges, point)}
      for point in chosen
    ]

  def _choose_batch(self, random, x, y, ranges):
    """Returns the points of a batch, [d] each.

    Args:
      random: the source of candidates.
      x: points [n, d] that were tried.
      y: their values [n].
      ranges: [(name, Range)] of the axes.
    """
    candidates = _candidates(random, x, y, ranges)
    candidates = _without_point(candidates, x)
    length, noise = gaussian_process.fit(x, y)
    chosen = []
    for _ in range(self._batch):
      mean, deviation = gaussian_process.posterior(
        x, y, candidates, length, noise
      )
      # Rounded, so that the choice does not depend on the last bits, which
      # differ between processors.
      best = np.argmin(np.round(mean - self._kappa * deviation, 6))
      chosen.append(candidates[best])
      x = np.vstack([x, candidates[best]])
      y = np.append(y, mean[best])
      candidates = np.delete(candidates, best, axis=0)
    return chosen


def _points(ranges, trials):
  """Returns x [n, d] in the unit cube and y [n] of the trials within ranges."""
  x, y = [], []
  for setting, value in trials:
    if all(name in setting for name, _ in ranges):
      point = [range_.position_of(setting[name]) for name, range_ in ranges]
      if None not in point:
        x.append(point)
        y.append(value)
  y = np.array(y, np.float64)
  finite = np.isfinite(y)
  if not finite.any():  # All failed, so none is better than another.
    return np.zeros([0, len(ranges)]), np.zeros([0])
  return np.array(x, np.float64), np.where(finite, y, y[finite].max())


def _normal_scores(y):
  """Returns the normal quantiles of y's ranks; equal values have equal ones."""
  from scipy import stats

  return stats.norm.ppf((stats.rankdata(y) - 0.5) / len(y))


def _spread(random, n, d):
  """Returns n points, one in each of n slices of every axis."""
  columns = [
    (random.permutation(n) + random.uniform(size=n)) / n for _ in range(d)
  ]
  return np.stack(columns, axis=1)


def _candidates(random, x, y, ranges):
  d = x.shape[1]
  found = [random.uniform(size=[_CANDIDATES, d])]
  for i in np.argsort(y, kind="stable")[:5]:
    near = x[i] + 0.1 * random.standard_normal([_NEAR_BEST, d])
    found.append(np.clip(near, 0.0, 1.0 - 1e-6))
  found = np.concatenate(found)
  for k, (_, range_) in enumerate(ranges):
    if isinstance(range_, ranges_lib.Discrete):
      # All points that map to one value become the same point.
      found[:, k] = [
        range_.position_of(range_.value_at(u)) for u in found[:, k]
      ]
  return found


def _without_point(candidates, x):
  """Returns the candidates, each once, that are not points of x."""
  seen = {tuple(np.round(point, 9)) for point in x}
  kept = []
  for i, point in enumerate(np.round(candidates, 9)):
    if tuple(point) not in seen:
      seen.add(tuple(point))
      kept.append(i)
  # If a small discrete space is used up, points are repeated.
  return candidates[kept] if len(kept) >= 100 else candidates
