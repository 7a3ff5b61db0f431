"""What the scores of a study say: boxes, budgets and effects.

A setting is a cell of the axes with its hyper-parameters, trained with some
seeds; its value is the median over these seeds. Values of an axis are compared
by the means over seeds, setting by setting: see significance.py. Everything is
computed on costs, in float64: a score, or minus the score where more is better,
so that less is always better. A training that ended without a score, or
collapsed, costs infinity; where means are taken, the worst value that was seen.
Trainings that have not ended, and those that were refused because their
architecture cannot express their cell, count nowhere.

The questions are those of https://arxiv.org/abs/1711.10337 and
https://arxiv.org/abs/1807.04720; the tests and the Holm correction are ours.
"""

from collections.abc import Iterable
from collections.abc import Sequence
import itertools
import math
from typing import Any
from typing import NamedTuple
from typing import Optional
from typing import Union

from compare_gan.study.report import significance
from compare_gan.study.run import table as table_lib
import numpy as np
from scipy import stats

_NOT_ENDED = ("running", "waiting", "refused")


# ---- Scores and settings -----------------------------------------------------


def sign(study: dict[str, Any]) -> float:
  """Returns what turns a score into a cost, and a cost into a score."""
  return 1.0 if table_lib.is_minimized(study) else -1.0


def cost(row: table_lib.Row, study: dict[str, Any]) -> Optional[float]:
  """Returns the cost of a run: inf if it failed, None if it does not count."""
  if row.status in _NOT_ENDED:
    return None
  score = table_lib.value(row, study)  # None if it did not end well.
  if score is None or not math.isfinite(score):
    return math.inf
  return sign(study) * float(score)


class Setting(NamedTuple):
  """The trainings that differ in nothing but the seed."""

  cell: dict
  settings: dict
  phase: str
  round: int
  order: int
  runs: tuple  # their ids
  costs: tuple
  fresh: tuple = ()  # costs of repeat_best: seeds that did not choose it

  @property
  def value(self) -> float:
    return median(self.costs)

  @property
  def n(self) -> int:
    return len(self.costs)

  @property
  def n_ok(self) -> int:
    return sum(map(math.isfinite, self.costs))


def settings(table: table_lib.Table) -> list[Setting]:
  """Returns the Settings with a training that ended, in the study's order."""
  found = {}
  for row in sorted(table.rows, key=lambda row: row.order):
    known = cost(row, table.study)
    if known is not None:
      key = (_key(row.cell), _key(row.settings))
      found.setdefault(key, []).append((row, known))
  return [
    Setting(
      rows[0][0].cell,
      rows[0][0].settings,
      rows[0][0].phase,
      rows[0][0].round,
      rows[0][0].order,
      tuple(row.run for row, _ in rows),
      tuple(known for _, known in rows),
      _fresh(rows),
    )
    for rows in found.values()
  ]


def _fresh(rows):
  """Returns the costs of repeat_best, if other runs chose the setting."""
  repeated = [known for row, known in rows if row.phase == "repeat_best"]
  return tuple(repeated) if len(repeated) < len(rows) else ()


def _key(names):
  return tuple(sorted(names.items()))


def median(costs: Iterable[float]) -> float:
  """Returns the median of a few numbers, infinite ones among them."""
  ordered = sorted(costs)
  n = len(ordered)
  return float(ordered[(n - 1) // 2] + ordered[n // 2]) / 2


def iqr(costs: Union[Sequence[float], np.ndarray]) -> float:
  """Returns the distance between the quartiles."""
  first, third = np.percentile(costs, [25, 75])
  return float(third - first)


def with_value(
  all_settings: Iterable[Setting], axis: str, value: Any
) -> list[Setting]:
  """Returns the Settings whose cell has a value of an axis."""
  return [each for each in all_settings if each.cell.get(axis) == value]


def finite(costs: Union[Sequence[float], np.ndarray]) -> np.ndarray:
  """Returns the finite costs as an array."""
  costs = np.asarray(costs, np.float64)
  return costs[np.isfinite(costs)]


# ---- The best of many --------------------------------------------------------


class Box(NamedTuple):
  """A box plot of the best `n_top` of `n` settings."""

  n_top: int
  n: int
  low: float
  quartile_1: float
  median: float
  quartile_3: float
  high: float
  points: tuple


def top_percent(
  costs: Union[Sequence[float], np.ndarray], percent: float
) -> Box:
  """Returns the Box of the best `percent` of costs, at least one of them."""
  costs = np.sort(np.asarray(costs, np.float64))
  n_top = max(1, math.ceil(round(percent / 100 * len(costs), 9)))
  points = costs[:n_top]
  inside = finite(points)
  if not len(inside):
    return Box(n_top, len(costs), *[math.inf] * 5, tuple(points))
  five = np.percentile(inside, [0, 25, 50, 75, 100])
  return Box(n_top, len(costs), *five.tolist(), tuple(points.tolist()))


class Best(NamedTuple):
  """The best settings of a cell, of `n` that were tried."""

  cell: dict
  n: int
  top: tuple


def best_table(all_settings: Iterable[Setting], top: int = 2) -> list[Best]:
  """Returns the Best of every cell, the cell with the best setting first."""
  cells = {}
  for each in all_settings:
    cells.setdefault(_key(each.cell), []).append(each)
  found = []
  for group in cells.values():
    ordered = sorted(group, key=lambda each: (each.value, each.order))
    found.append(Best(ordered[0].cell, len(group), tuple(ordered[:top])))
  return sorted(found, key=lambda best: (best.top[0].value, best.top[0].order))


# ---- What a budget buys ------------------------------------------------------


def counted(
  costs: Union[Sequence[float], np.ndarray], worst: float
) -> np.ndarray:
  """Returns costs with `worst` in place of infinity.

  An expectation over costs of which one is infinite is infinite. So a failure
  counts as the worst value that any setting of the study reached.
  """
  costs = np.asarray(costs, np.float64)
  return np.where(np.isfinite(costs), costs, worst)


def budgets(n: int, most: int = 80) -> np.ndarray:
  """Returns the k at which curves are drawn: all of 1..n, or `most` of them."""
  return (
    np.unique(np.rint(np.geomspace(1, n, most)))
    if n > most
    else (np.arange(1, n + 1))
  )


def expected_best(
  costs: Union[Sequence[float], np.ndarray], ks: Iterable[int]
) -> np.ndarray:
  """Returns E[min of k] of k settings drawn without replacement.

  P(min = x_(i)) = C(n - i, k - 1) / C(n, k) for the i-th smallest of n costs.

  Args:
    costs: n of them.
    ks: numbers from 1 to n.
  """
  x = np.sort(np.asarray(costs, np.float64))
  return np.array([np.dot(_chances_of_best(len(x), k), x) for k in ks])


def _chances_of_best(n, k):
  """Returns P(min of k = x_(i)), i = 1..n."""
  i = np.arange(1, n)
  # P(min = x_(i + 1)) / P(min = x_(i)), and P(min = x_(1)) = k / n.
  ratios = np.maximum(n - i - k + 1, 0) / (n - i)
  return k / n * np.cumprod(np.append(1.0, ratios))


def expected_best_iid(
  costs: Union[Sequence[float], np.ndarray], ks: Iterable[int]
) -> np.ndarray:
  """Returns E[min of k] of k independent draws from the costs' distribution.

  P(min >= x_(i)) = ((n - i + 1) / n)^k for the i-th smallest of n costs: what
  is drawn is put back.
  """
  x = np.sort(np.asarray(costs, np.float64))
  at_least = np.arange(len(x), -1, -1) / len(x)
  return np.array([np.dot(-np.diff(at_least**k), x) for k in ks])


def simulated_best(
  blocks: Iterable[Union[Sequence[float], np.ndarray]],
  draws: int = 1000,
  seed: int = 0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """Returns (mean, 5 %, 95 % quantile) of the best of the first k, k = 1..n.

  Args:
    blocks: lists of costs. The blocks are tried one after the other; the order
      within a block is drawn anew each time.
    draws: how often.
    seed: of the orders.
  """
  random = np.random.RandomState(seed)
  parts = [
    np.asarray(block)[np.argsort(random.rand(draws, len(block)), axis=1)]
    for block in blocks
  ]
  best = np.minimum.accumulate(np.concatenate(parts, axis=1), axis=1)
  low, high = np.percentile(best, [5, 95], axis=0)
  return best.mean(axis=0), low, high


def blocks(
  group: Iterable[Setting], phases: Sequence[str], worst: float
) -> list[np.ndarray]:
  """Returns the costs of Settings by phase and round, the first phase first."""
  order = {phase: i for i, phase in enumerate(phases)}
  found = {}
  for each in group:
    key = (order.get(each.phase, len(order)), each.round or 0)
    found.setdefault(key, []).append(each.value)
  return [counted(found[key], worst) for key in sorted(found)]


class Curve(NamedTuple):
  """The expected best cost of a group by the number of settings tried.

  [low, high] holds the best of 90 % of the orders of these same settings: no
  confidence interval. [median_low, median_high] is one, of 95 %, of the median
  best of k new settings; nan where the settings are no independent draws, or k
  is too large for a lower end.
  """

  n: int
  k: np.ndarray
  exact: np.ndarray
  iid: np.ndarray
  simulated: np.ndarray
  low: np.ndarray
  high: np.ndarray
  median_low: np.ndarray
  median_high: np.ndarray
  last: int  # k up to which there is such an interval


def budget_curve(
  group: Sequence[Setting],
  phases: Sequence[str],
  worst: float,
  draws: int = 1000,
) -> Curve:
  """Returns the Curve of some Settings."""
  costs = counted([each.value for each in group], worst)
  ks = budgets(len(costs)).astype(int)
  simulated = simulated_best(blocks(group, phases, worst), draws)
  return Curve(
    len(costs),
    ks,
    expected_best(costs, ks),
    expected_best_iid(costs, ks),
    *(curve[ks - 1] for curve in simulated),
    *_median_best(group, costs, ks),
  )


def _median_best(group, costs, ks):
  """Returns (lower ends, upper ends, last k) of the median best of k."""
  last = significance.last_budget(len(costs)) if independent(group) else 0
  found = [
    significance.median_best(costs, k)[:2] if k <= last else (math.nan,) * 2
    for k in ks
  ]
  return (*np.array(found).T, last)


def independent(group: Sequence[Setting]) -> bool:
  """Returns whether Settings are independent draws: random search, once."""
  return {each.phase for each in group} == {"random_search"} and (
    len({each.round or 0 for each in group}) == 1
  )


def budget_test(
  groups: Iterable[Union[Sequence[float], np.ndarray]], k: int
) -> float:
  """Returns the p that the expected bests of k of some groups differ.

  The labels of the settings are permuted; the statistic is the distance of the
  highest from the lowest expected best.

  Args:
    groups: lists of costs, at least k of each.
    k: how many settings are tried.
  """

  def distance(groups: list[np.ndarray]) -> Union[float, np.ndarray]:
    bests = [
      np.sort(group) @ _chances_of_best(group.shape[-1], k) for group in groups
    ]
    return np.ptp(bests, axis=0)

  return significance.permuted([np.asarray(each) for each in groups], distance)


def winners(
  curves: dict[Any, Union[Sequence[float], np.ndarray]],
) -> list[tuple[int, int, Any]]:
  """Returns [(first k, last k, name)]: who has the lowest exact curve, when.

  Args:
    curves: {name: cost by k = 1..n}, compared as far as all of them reach.
  """
  last = min(map(len, curves.values()))
  found = []
  for k in range(1, last + 1):
    name = min(curves, key=lambda name: curves[name][k - 1])
    if found and found[-1][2] == name:
      found[-1] = (found[-1][0], k, name)
    else:
      found.append((k, k, name))
  return found


# ---- Effects and tests -------------------------------------------------------


class Match(NamedTuple):
  """A setting that was trained with two values of an axis.

  Where one side has settings that the other knows nothing of, as the weight of
  a penalty where there is none, a seed has a cost for each of these.
  """

  cell: tuple  # the other axes
  settings: tuple  # those that both sides know
  first: list  # [seeds][costs], inf for a failure
  second: list


def matches(
  table: table_lib.Table, axis: str, first: Any, second: Any
) -> list[Match]:
  """Returns the Matches of two values: what differs in this axis only.

  Two sides match that agree in the other axes and in the settings. Their seeds
  need not: no noise is shared by trainings with the same seed.
  """
  sides = (_by_place(table, axis, first), _by_place(table, axis, second))
  found = []
  for place in sorted(set(sides[0]) & set(sides[1]), key=repr):
    for names_a, names_b in _matching(sides[0][place], sides[1][place]):
      shared = names_a & names_b
      a = _by_setting(sides[0][place][names_a], shared)
      b = _by_setting(sides[1][place][names_b], shared)
      for key in sorted(set(a) & set(b), key=repr):
        found.append(Match(place, key, a[key], b[key]))
  return found


def _by_place(table, axis, value):
  """Returns {other axes: {names of settings: [(settings, seed, cost)]}}."""
  places = {}
  for row in table.rows:
    known = cost(row, table.study)
    if known is None or row.cell.get(axis) != value:
      continue
    others = {name: row.cell[name] for name in row.cell if name != axis}
    by_names = places.setdefault(_key(others), {})
    by_names.setdefault(frozenset(row.settings), []).append(
      (row.settings, row.seed, known)
    )
  return places


def _matching(first, second):
  """Yields pairs of sets of names: equal ones, else one within the other."""
  equal = set(first) & set(second)
  for names in sorted(equal, key=sorted):
    yield names, names
  for a, b in itertools.product(
    sorted(set(first) - equal, key=sorted),
    sorted(set(second) - equal, key=sorted),
  ):
    if a < b or b < a:
      yield a, b


def _by_setting(entries, names):
  """Returns {settings of these names: [seeds][costs]}."""
  groups = {}
  for each, seed, known in entries:
    key = tuple((name, each[name]) for name in sorted(names))
    groups.setdefault(key, {}).setdefault(seed, []).append(known)
  return {key: list(by_seed.values()) for key, by_seed in groups.items()}


class Comparison(NamedTuple):
  """How much better `first` is than `second`: cost of second - of first."""

  axis: str
  first: str
  second: str
  found: significance.Difference
  worst: float  # what a failure costs here
  failed: tuple  # runs, of first and of second
  runs: tuple
  n_dropped: int  # matched settings left out: all their runs failed
  p_failures: float  # whether the shares of failures differ; exploratory
  survivors: float  # mean difference without the failures
  p_holm: float  # nan outside the family
  n_tests: int  # the family: all testable comparisons of the report

  @property
  def tested(self) -> bool:
    """Whether it counts in Holm's family."""
    return self.found.testable

  @property
  def shown(self) -> bool:
    """Whether the difference is significant in the whole report."""
    return self.tested and self.p_holm < significance.LEVEL

  @property
  def possible(self) -> bool:
    """Whether a test of so many units could reach the level at all."""
    least = self.found.smallest_p * max(self.n_tests, 1)
    return self.tested and least < significance.LEVEL


def comparisons(table: table_lib.Table, axis: str) -> list[Comparison]:
  """Returns a Comparison of every two values of an axis that match."""
  return all_comparisons(table)[axis]


def all_comparisons(table: table_lib.Table) -> dict[str, list[Comparison]]:
  """Returns {axis: [Comparison]} of a report, which are one family of tests.

  Holm's correction is over all of them but those that no claim can be made of,
  by rule: fewer than 6 settings, or a single one with fewer than 4 seeds.
  """
  found = {
    axis: [
      compared
      for first, second in itertools.combinations(values, 2)
      for matched in [matches(table, axis, first, second)]
      for compared in [_compare(axis, first, second, matched)]
      if compared
    ]
    for axis, values in table.study["axes"].items()
  }
  family = [
    each.found.p
    for of_axis in found.values()
    for each in of_axis
    if each.tested
  ]
  corrected = iter(significance.holm(family))
  return {
    axis: [
      each._replace(
        p_holm=float(next(corrected)) if each.tested else math.nan,
        n_tests=len(family),
      )
      for each in of_axis
    ]
    for axis, of_axis in found.items()
  }


def _compare(axis, first, second, matched):
  """Returns the Comparison of Matches, None if all their runs failed."""
  failures = [_failures(matched, side) for side in ("first", "second")]
  kept = [
    each for each, a, b in zip(matched, *failures) if a[0] < a[1] or b[0] < b[1]
  ]
  if not kept:
    return None
  sides = [each.first for each in kept], [each.second for each in kept]
  runs = [[list(itertools.chain(*seeds)) for seeds in side] for side in sides]
  worst = significance.worst_of(*runs)
  return Comparison(
    axis,
    first,
    second,
    significance.compare(
      *(_over_seeds(side, worst) for side in sides),
      [_over_seeds(side, math.inf) for side in sides],
    ),
    worst=worst,
    failed=tuple(sum(n for n, _ in side) for side in failures),
    runs=tuple(sum(n for _, n in side) for side in failures),
    n_dropped=len(matched) - len(kept),
    p_failures=significance.compare_shares(*failures),
    survivors=_survivors(*runs),
    p_holm=math.nan,
    n_tests=0,
  )


def _failures(matched, side):
  """Returns (failed, all) runs of one side of each Match."""
  costs = [list(itertools.chain(*getattr(each, side))) for each in matched]
  return [(len(each) - len(finite(each)), len(each)) for each in costs]


def _over_seeds(side, worst):
  """Returns [settings][seeds]: medians over what the other side lacks."""
  return [
    [median(costs) for costs in significance.with_worst(seeds, worst)]
    for seeds in side
  ]


def _survivors(first, second):
  """Returns the mean over settings of differences of what did not fail."""
  pairs = [(finite(a), finite(b)) for a, b in zip(first, second)]
  d = [b.mean() - a.mean() for a, b in pairs if len(a) and len(b)]
  return float(np.mean(d)) if d else math.nan


# ---- Tables of medians, ranks and spreads ------------------------------------


def interaction(
  all_settings: Sequence[Setting],
  first: str,
  second: str,
  values: dict[str, Sequence[Any]],
) -> tuple[np.ndarray, np.ndarray]:
  """Returns (medians, counts) [A, B] over settings, by values of two axes.

  Args:
    all_settings: Settings.
    first, second: axes.
    values: {axis: [its values]}.
  """
  shape = [len(values[first]), len(values[second])]
  medians, counts = np.full(shape, np.nan), np.zeros(shape, int)
  for i, a in enumerate(values[first]):
    group = with_value(all_settings, first, a)
    for j, b in enumerate(values[second]):
      costs = [each.value for each in with_value(group, second, b)]
      counts[i, j] = len(costs)
      if costs:
        medians[i, j] = median(costs)
  return medians, counts


def rank_correlation(
  scores: Union[Sequence[Sequence[float]], np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
  """Returns (Spearman's correlations, counts) [M, M] of metrics over runs.

  The correlation of ranks, ties having their mean rank, over the runs that
  have both scores; NaN with fewer than 3 of them, or where all scores agree.

  Args:
    scores: [M, runs], NaN where a run has no such score.
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


class Stability(NamedTuple):
  """How far scores spread."""

  n: int  # trainings that ended
  n_failed: int
  failed_share: float
  seed_iqr: float  # median over settings of the IQR over seeds
  setting_iqr: float  # IQR of the settings' values


def stability(group: Sequence[Setting]) -> Stability:
  """Returns the Stability of some Settings; NaN where a spread needs more."""
  n, n_ok = (sum(each.n for each in group), sum(each.n_ok for each in group))
  over_seeds = [iqr(finite(each.costs)) for each in group if each.n_ok >= 2]
  values = finite([each.value for each in group])
  return Stability(
    n,
    n - n_ok,
    (n - n_ok) / n if n else math.nan,
    median(over_seeds) if over_seeds else math.nan,
    iqr(values) if len(values) >= 2 else math.nan,
  )


# ---- All of it ---------------------------------------------------------------


class Look(NamedTuple):
  """What a report said when so many runs had ended."""

  ended: int
  shown: list  # [axis, first, second] of the differences that it showed


def look(table: table_lib.Table, summary: Any) -> Look:
  """Returns the Look at a table."""
  ended = sum(row.status not in ("running", "waiting") for row in table.rows)
  return Look(
    ended,
    [
      [each.axis, str(each.first), str(each.second)]
      for found in summary.comparisons.values()
      for each in found
      if each.shown
    ],
  )


class Summary(NamedTuple):
  """Everything that a report shows, by axis and value."""

  settings: list
  worst: float  # what a failure counts as where a mean is taken
  boxes: dict  # {axis: {value: Box}}
  curves: dict  # {axis: {value: Curve}}
  comparisons: dict  # {axis: [Comparison]}
  interactions: dict  # {(axis, axis): (medians, counts)}
  stability: dict  # {axis: {value: Stability}}
  best: list
  metrics: list
  correlation: tuple
  looks: tuple = ()  # at reports of fewer runs, by report.write


def summary(table: table_lib.Table) -> Summary:
  """Returns the Summary of a table."""
  study = table.study
  axes = study["axes"]
  found = settings(table)
  values = finite([each.value for each in found])
  worst = float(values.max()) if len(values) else math.nan
  groups = {
    axis: {
      value: group
      for value in axes[axis]
      for group in [with_value(found, axis, value)]
      if group
    }
    for axis in axes
  }
  metrics = _metrics(table)
  return Summary(
    found,
    worst,
    _of_each(
      groups,
      lambda group: top_percent(
        [each.value for each in group], study.get("top_percent", 5)
      ),
    ),
    _of_each(
      groups if len(values) else {},
      lambda group: budget_curve(group, study.get("phases", []), worst),
    ),
    all_comparisons(table),
    {
      pair: interaction(found, *pair, axes)
      for pair in itertools.combinations(axes, 2)
    },
    _of_each(groups, stability),
    best_table(found),
    metrics,
    rank_correlation(_scores(table, metrics)),
  )


def _of_each(groups, function):
  return {
    axis: {value: function(group) for value, group in by_value.items()}
    for axis, by_value in groups.items()
  }


def _metrics(table):
  return sorted({name for row in table.rows for name in row.scores})


def _scores(table, metrics):
  """Returns [M, runs]: the scores of the runs that are ok."""
  ok = [row for row in table.rows if row.status == "ok"]
  return [
    [_number(table_lib.value(row, table.study, metric)) for row in ok]
    for metric in metrics
  ]


def _number(x):
  return math.nan if x is None else float(x)


def protocols(table: table_lib.Table) -> list[str]:
  """Returns the digests of the protocols under which runs were scored."""
  return sorted({str(row.protocol) for row in table.rows if row.protocol})
