"""Which settings a study tries: the phases of `study.search`.

  study.search = [@fixed_sets(), @gp_bandit()]

A phase is asked group by group. A group is what shares one search, the cells of
one loss, penalty and normalisation say; a setting is {name: number}. Two phases
of one kind have two scopes of gin:

  study.search = [@wide/random_search(), @narrow/random_search()]
  wide/random_search.name = "wide"

What a setting means, or whether it means anything, can hang on the group.
`where` replaces values for the groups whose cells all have a binding, and
settings that are inert in a group (`study.inert`) are left out of it:

  gp_bandit.where = {"penalty.fn = @l2_penalty": {"lamba": ("log", 1e-4, 10)}}

Ranges are ("log", low, high), ("linear", low, high), low included and high not,
or ("discrete", [values]).
"""

from collections.abc import Sequence
import itertools
import math
from typing import Any
from typing import Callable
from typing import NamedTuple
from typing import Optional
import zlib

import gin
import numpy as np


class Group(NamedTuple):
  """Cells that share a search."""

  key: str  # "loss=ns penalty=gp"
  holds: Callable  # (line of gin) -> whether all of its cells have the binding
  inert: frozenset  # names of settings that mean nothing here


class History(NamedTuple):
  """What a group has tried so far, in the order of the plan.

  A trial is (setting, value), the smaller the better; inf if it failed.
  """

  group: Group
  trials: list


class Phase:
  """What all phases have in common.

  Args:
    name: in tables and file names.
    seeds: how many seeds each setting is trained with; None for study.seeds.

  Attributes:
    rounds: how often `settings` is asked. Every round is a barrier if the phase
      is adaptive: it follows from all scores before it.
    adaptive: whether `settings` looks at scores.
  """

  rounds = 1
  adaptive = False

  def __init__(self, name: str, seeds: Optional[int]) -> None:
    if seeds is not None:
      _require_count(f"{name}.seeds", seeds)
    self.name = name
    self.seeds = seeds

  def names(self) -> list[str]:
    """Returns the names of all settings that it may set."""
    raise NotImplementedError

  def size(self, group: Group) -> int:
    """Returns how many settings it tries in a group, at most."""
    return len(self.settings(History(group, []), 0, 0) or [])

  def settings(
    self, history: History, round: int, seed: int
  ) -> Optional[list[dict[str, float]]]:
    """Returns the settings of a round, or None when it has come to its end.

    Args:
      history: of the group; of an adaptive phase all runs in it have ended.
      round: 0 ... rounds - 1.
      seed: study.seed.
    """
    raise NotImplementedError


def _require_count(name, value):
  if not isinstance(value, int) or value < 1:
    raise ValueError(f"{name} = {value!r}; an int of 1 or more would do.")


def _chosen(group, default, where):
  """Returns `default` with what `where` says for this group."""
  found = dict(default)
  for line, changes in (where or {}).items():
    if group.holds(line):
      found.update(changes)
  return found


def _live(group, settings):
  """Returns settings without what is inert, each once, in their order."""
  kept = {}
  for setting in settings:
    live = {k: v for k, v in setting.items() if k not in group.inert}
    kept.setdefault(tuple(sorted(live.items())), live)
  return list(kept.values())


# ---- Settings that are known beforehand --------------------------------------


@gin.configurable("fixed_sets", module="compare_gan.study.search")
class FixedSets(Phase):
  """The product of lr, lamba and (beta1, beta2, disc_iters).

  The settings of the literature that https://arxiv.org/abs/1807.04720 starts
  from are the defaults, 3 * 2 * 4 = 24.

  Args:
    lr, lamba, adam: lists.
    where: {binding: {"lr": [...], ...}}.
    name, seeds: see Phase.
  """

  def __init__(
    self,
    lr: Sequence[float] = (2e-4, 1e-4, 1e-3),
    lamba: Sequence[float] = (1, 10),
    adam: Sequence[tuple[float, float, int]] = (
      (0.5, 0.9, 5),
      (0.5, 0.999, 1),
      (0.5, 0.999, 5),
      (0.9, 0.999, 5),
    ),
    where: Optional[dict[str, dict[str, Sequence[Any]]]] = None,
    name: str = "fixed_sets",
    seeds: Optional[int] = None,
  ) -> None:
    super().__init__(name, seeds)
    self._values = {"lr": lr, "lamba": lamba, "adam": adam}
    self._where = where
    for values in (self._values, *(where or {}).values()):
      self._check(values)

  def _check(self, values):
    unknown = set(values) - set(self._values)
    if unknown:
      raise ValueError(
        f"fixed_sets.where has {sorted(unknown)}; it can have lr, lamba and "
        "adam. @grid() takes any settings."
      )
    for triple in values.get("adam", ()):
      if not isinstance(triple, (tuple, list)) or len(triple) != 3:
        raise ValueError(
          f"fixed_sets.adam holds {triple!r}; (beta1, beta2, disc_iters) would "
          "do."
        )

  def names(self) -> list[str]:
    return ["lr", "lamba", "beta1", "beta2", "disc_iters"]

  def settings(
    self, history: History, round: int, seed: int
  ) -> list[dict[str, float]]:
    values = _chosen(history.group, self._values, self._where)
    product = itertools.product(values["lr"], values["lamba"], values["adam"])
    return _live(
      history.group,
      (
        {
          "lr": lr,
          "lamba": lamba,
          "beta1": beta1,
          "beta2": beta2,
          "disc_iters": disc_iters,
        }
        for lr, lamba, (beta1, beta2, disc_iters) in product
      ),
    )


@gin.configurable("grid", module="compare_gan.study.search")
class Grid(Phase):
  """The product of any settings.

  Args:
    values: {name: [values]}; the last one changes fastest.
    where: {binding: {name: [values]}}.
    name, seeds: see Phase.
  """

  def __init__(
    self,
    values: dict[str, Sequence[float]] = gin.REQUIRED,
    where: Optional[dict[str, dict[str, Sequence[float]]]] = None,
    name: str = "grid",
    seeds: Optional[int] = None,
  ) -> None:
    super().__init__(name, seeds)
    self._values, self._where = values, where

  def names(self) -> list[str]:
    return _names_of(self._values, self._where)

  def settings(
    self, history: History, round: int, seed: int
  ) -> list[dict[str, float]]:
    values = _chosen(history.group, self._values, self._where)
    product = itertools.product(*values.values())
    return _live(history.group, (dict(zip(values, point)) for point in product))


@gin.configurable("listed", module="compare_gan.study.search")
class Listed(Phase):
  """Settings one by one, the best rows of a paper say.

  Args:
    settings: [{name: number}].
    where: {binding: [{name: number}]}, in their place; the last that holds.
    name, seeds: see Phase.
  """

  def __init__(
    self,
    settings: Sequence[dict[str, float]] = gin.REQUIRED,
    where: Optional[dict[str, Sequence[dict[str, float]]]] = None,
    name: str = "listed",
    seeds: Optional[int] = None,
  ) -> None:
    super().__init__(name, seeds)
    self._settings, self._where = settings, where or {}

  def names(self) -> list[str]:
    lists = [self._settings, *self._where.values()]
    return sorted({name for list_ in lists for row in list_ for name in row})

  def settings(
    self, history: History, round: int, seed: int
  ) -> list[dict[str, float]]:
    found = self._settings
    for line, settings in self._where.items():
      if history.group.holds(line):
        found = settings
    return _live(history.group, found)


# ---- Ranges ------------------------------------------------------------------


class Range(NamedTuple):
  """Maps [0, 1) to the values of a setting."""

  kind: str
  low: Any  # or the values of a discrete one
  high: Optional[float] = None

  def at(self, u: float) -> float:
    """Returns the value at u, of six digits."""
    if self.kind == "discrete":
      return self.low[min(int(u * len(self.low)), len(self.low) - 1)]
    if self.kind == "log":
      log_low, log_high = math.log(self.low), math.log(self.high)
      return float(f"{math.exp(log_low + u * (log_high - log_low)):.6g}")
    # A beta of 1 is none: six digits must not round up to the end.
    u = min(u, 1.0 - 1e-6)
    return float(f"{self.low + u * (self.high - self.low):.6g}")

  def place(self, value: float) -> Optional[float]:
    """Returns u of a value, None if it is not in the range."""
    if self.kind == "discrete":
      if value not in self.low:
        return None
      return (list(self.low).index(value) + 0.5) / len(self.low)
    if not self.low <= value <= self.high:
      return None
    if self.kind == "log":
      return math.log(value / self.low) / math.log(self.high / self.low)
    return (value - self.low) / (self.high - self.low)


def _range(name, given):
  """Returns the Range that a gin file writes as a tuple."""
  kind = given[0] if isinstance(given, (tuple, list)) and given else None
  if kind == "discrete" and len(given) == 2 and len(given[1]):
    return Range(kind, tuple(given[1]))
  if kind in ("log", "linear") and len(given) == 3 and given[1] < given[2]:
    if kind == "linear" or given[1] > 0:
      return Range(*given)
  raise ValueError(
    f"The range of {name} is {given!r}. ('log', low, high) with 0 < low < "
    "high, ('linear', low, high) with low < high or ('discrete', [values]) "
    "would do."
  )


def _ranges_of(group, ranges, where):
  """Returns {name: Range} of a group, sorted by name."""
  found = _chosen(group, ranges, where)
  return {
    name: _range(name, found[name])
    for name in sorted(found)
    if name not in group.inert
  }


def _names_of(ranges, where):
  return sorted(
    {*ranges, *(name for more in (where or {}).values() for name in more)}
  )


def _check_ranges(ranges, where):
  for some in (ranges, *(where or {}).values()):
    for name, given in some.items():
      _range(name, given)


def _random(seed, *words):
  """Returns numbers that follow from a seed and some words."""
  return np.random.RandomState([seed, *(zlib.crc32(w.encode()) for w in words)])


# ---- Random search -----------------------------------------------------------


@gin.configurable("random_search", module="compare_gan.study.search")
class RandomSearch(Phase):
  """Settings drawn from ranges.

  Draw i of a setting is at the same place of its range in every group, so that
  groups can be compared in pairs.

  Args:
    n: how many settings.
    ranges: {name: range}.
    where: {binding: {name: range}}.
    first: a setting that comes first and counts; None for none.
    name, seeds: see Phase. The name is part of what the draws follow from.
  """

  def __init__(
    self,
    n: int = gin.REQUIRED,
    ranges: dict[str, Sequence[Any]] = gin.REQUIRED,
    where: Optional[dict[str, dict[str, Sequence[Any]]]] = None,
    first: Optional[dict[str, float]] = None,
    name: str = "random_search",
    seeds: Optional[int] = None,
  ) -> None:
    super().__init__(name, seeds)
    _require_count("random_search.n", n)
    _check_ranges(ranges, where)
    self._n, self._ranges, self._where = n, ranges, where
    self._first = first

  def names(self) -> list[str]:
    return sorted({*_names_of(self._ranges, self._where), *(self._first or {})})

  def settings(
    self, history: History, round: int, seed: int
  ) -> list[dict[str, float]]:
    group = history.group
    ranges = _ranges_of(group, self._ranges, self._where)
    draws = {
      name: _random(seed, self.name, name).uniform(size=self._n)
      for name in ranges
    }
    first = [] if self._first is None else [self._first]
    drawn = (
      {name: range_.at(draws[name][i]) for name, range_ in ranges.items()}
      for i in range(self._n - len(first))
    )
    return _live(group, [*first, *drawn])


# ---- Gaussian process bandit -------------------------------------------------

_LENGTHS = (0.1, 0.2, 0.4, 0.8, 1.6)
_NOISES = (1e-3, 1e-2, 1e-1, 0.5)  # shares of the variance 1 of the values
_CANDIDATES = 1000
_NEAR_BEST = 50  # more candidates around each of the five best


@gin.configurable("gp_bandit", module="compare_gan.study.search")
class GpBandit(Phase):
  """Batches of settings where a Gaussian process hopes for most.

  GP-UCB (Srinivas et al., 2010, https://arxiv.org/abs/0912.3995) on the unit
  cube, ranges being its axes, with a Matern-5/2 kernel whose length and noise
  have the largest marginal likelihood of a small grid. The settings of a batch
  are chosen one by one, each as if those before it had come out as expected
  (GP-BUCB, https://arxiv.org/abs/1206.6402). Scores enter by their ranks: one
  run that ended at 500 must not flatten all others. Runs that failed are as bad
  as the worst one.

  Args:
    ranges: {name: range}.
    rounds, batch: 12 x 10 in https://arxiv.org/abs/1807.04720.
    where: {binding: {name: range}}.
    kappa: how many standard deviations of hope.
    name, seeds: see Phase; the noise of one seed is the process's to bear.
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
    _require_count("gp_bandit.rounds", rounds)
    _require_count("gp_bandit.batch", batch)
    _check_ranges(ranges, where)
    self.rounds, self._batch, self._kappa = rounds, batch, kappa
    self._ranges, self._where = ranges, where

  def names(self) -> list[str]:
    return _names_of(self._ranges, self._where)

  def size(self, group: Group) -> int:
    return self.rounds * self._batch

  def settings(
    self, history: History, round: int, seed: int
  ) -> Optional[list[dict[str, float]]]:
    if round >= self.rounds:
      return None
    group = history.group
    ranges = list(_ranges_of(group, self._ranges, self._where).items())
    if not ranges:
      raise ValueError(
        f"gp_bandit has nothing to search in {group.key}: all of its ranges "
        "are inert there. Name another setting in gp_bandit.ranges."
      )
    random = _random(seed, self.name, group.key, str(round))
    x, y = _points(ranges, history.trials)
    if len(x) < 2:
      chosen = _spread(random, self._batch, len(ranges))
    else:
      chosen = self._hopes(random, x, _normal_scores(y), ranges)
    return [
      {name: range_.at(u) for (name, range_), u in zip(ranges, point)}
      for point in chosen
    ]

  def _hopes(self, random, x, y, ranges):
    """Returns points [batch, d], one after the other."""
    candidates = _candidates(random, x, y, ranges)
    candidates = _without(candidates, x)
    length, noise = _fit(x, y)
    chosen = []
    for _ in range(self._batch):
      mean, deviation = _posterior(x, y, candidates, length, noise)
      # Rounded, so that the last bits of a product do not choose.
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
      point = [range_.place(setting[name]) for name, range_ in ranges]
      if None not in point:
        x.append(point)
        y.append(value)
  y = np.array(y, np.float64)
  finite = np.isfinite(y)
  if not finite.any():  # All failed: nothing is known of where to go.
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
    if range_.kind == "discrete":  # All points of a value are one point.
      found[:, k] = [range_.place(range_.at(u)) for u in found[:, k]]
  return found


def _without(candidates, x):
  """Returns the candidates, each once, that are not points of x."""
  seen = {tuple(np.round(point, 9)) for point in x}
  kept = []
  for i, point in enumerate(np.round(candidates, 9)):
    if tuple(point) not in seen:
      seen.add(tuple(point))
      kept.append(i)
  # A small discrete space can be used up; then points come again.
  return candidates[kept] if len(kept) >= 100 else candidates


def _matern(a, b, length):
  """Returns the Matern-5/2 kernel [n, m] of points [n, d] and [m, d]."""
  square = np.sum((a[:, None] - b[None]) ** 2, axis=-1)
  r = np.sqrt(5.0 * square) / length
  return (1.0 + r + r**2 / 3.0) * np.exp(-r)


def _fit(x, y):
  """Returns the length and the noise of the largest marginal likelihood."""
  pairs = list(itertools.product(_LENGTHS, _NOISES))
  return max(pairs, key=lambda pair: round(_log_likelihood(x, y, *pair), 6))


def _log_likelihood(x, y, length, noise):
  """log N(y; 0, K + noise I), Rasmussen & Williams (2006), equation 2.30."""
  factor = np.linalg.cholesky(_matern(x, x, length) + noise * np.eye(len(x)))
  z = np.linalg.solve(factor, y)
  return float(
    -0.5 * z @ z
    - np.sum(np.log(np.diag(factor)))
    - 0.5 * len(y) * math.log(2.0 * math.pi)
  )


def _posterior(x, y, at, length, noise):
  """Returns mean [m] and standard deviation [m], equations 2.23 and 2.24."""
  factor = np.linalg.cholesky(_matern(x, x, length) + noise * np.eye(len(x)))
  cross = np.linalg.solve(factor, _matern(x, at, length))
  mean = cross.T @ np.linalg.solve(factor, y)
  variance = 1.0 - np.sum(cross**2, axis=0)
  return mean, np.sqrt(np.maximum(variance, 0.0))


# ---- The best once more ------------------------------------------------------


@gin.configurable("repeat_best", module="compare_gan.study.search")
class RepeatBest(Phase):
  """The best setting of a group, with k seeds.

  A run of it that has been made already counts as one of them.

  Args:
    k: how many seeds.
    name: see Phase.
  """

  adaptive = True

  def __init__(self, k: int = 50, name: str = "repeat_best") -> None:
    _require_count("repeat_best.k", k)
    super().__init__(name, k)

  def names(self) -> list[str]:
    return []

  def size(self, group: Group) -> int:
    return 1

  def settings(
    self, history: History, round: int, seed: int
  ) -> Optional[list[dict[str, float]]]:
    finite = [trial for trial in history.trials if math.isfinite(trial[1])]
    if round or not finite:
      return None
    return [min(finite, key=lambda trial: trial[1])[0]]
