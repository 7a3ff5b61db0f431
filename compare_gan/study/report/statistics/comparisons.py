"""Comparisons of the values of an axis on matched settings.

Two settings match if they differ in one axis only. Each two values of an axis
are compared, or each value with the axis's baseline. All comparisons of a
report are one family of tests; see difference.py for the tests themselves. The
question is that of https://arxiv.org/abs/1807.04720; the tests and the Holm
correction are ours.
"""

import itertools
import math
from typing import Any
from typing import NamedTuple

from compare_gan.study.report.statistics import costs as costs_lib
from compare_gan.study.report.statistics import difference
from compare_gan.study.report.statistics import settings as settings_lib
from compare_gan.study.report.statistics import significance
from compare_gan.study.run import table as table_lib
import numpy as np


class Match(NamedTuple):
  """A setting that was trained with two values of an axis.

  One side may have settings that the other lacks, such as the weight of a
  penalty. Then each seed of this side has a cost for each of their values.
  """

  cell: tuple  # the other axes
  settings: tuple  # those that both sides have
  first: list  # [seeds][costs], inf for a failure
  second: list


def matches(
  table: table_lib.Table, axis: str, first: Any, second: Any
) -> list[Match]:
  """Returns the Matches of two values: settings that differ in this axis only.

  Two sides match if they agree in the other axes and in the settings. Their
  seeds need not agree: trainings with the same seed share no noise.
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
    known = costs_lib.cost(row, table.study)
    if known is None or row.cell.get(axis) != value:
      continue
    others = {name: row.cell[name] for name in row.cell if name != axis}
    by_names = places.setdefault(settings_lib.hashable(others), {})
    by_names.setdefault(frozenset(row.settings), []).append(
      (row.settings, row.seed, known)
    )
  return places


def _matching(first, second):
  """Yields pairs of sets of names: equal ones, then a set and its subset."""
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
  found: difference.Difference
  worst: float  # what a failure costs here
  failed: tuple  # how many runs of first and of second failed
  runs: tuple  # how many runs first and second have
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
    """Whether a test of this many units could reach LEVEL at all."""
    least = self.found.smallest_p * max(self.n_tests, 1)
    return self.tested and least < significance.LEVEL


def all_comparisons(table: table_lib.Table) -> dict[str, list[Comparison]]:
  """Returns {axis: [Comparison]} of a report, which are one family of tests.

  Holm's correction is over all of them except those that are, by rule, too
  small for a claim: fewer than 6 settings, or one with fewer than 4 seeds.
  """
  found = {
    axis: [
      compared
      for first, second in compared_pairs(table.study, axis)
      for matched in [matches(table, axis, first, second)]
      for compared in [_compare(axis, first, second, matched)]
      if compared
    ]
    for axis in table.study["axes"]
  }
  family = [
    each.found.p for group in found.values() for each in group if each.tested
  ]
  corrected = iter(significance.holm(family))
  return {
    axis: [
      each._replace(
        p_holm=float(next(corrected)) if each.tested else math.nan,
        n_tests=len(family),
      )
      for each in group
    ]
    for axis, group in found.items()
  }


def compared_pairs(study: dict[str, Any], axis: str) -> list[tuple[Any, Any]]:
  """Returns the pairs of values that are compared.

  Those are all pairs, or with a baseline (study.baselines) each other value and
  the baseline.
  """
  values = study["axes"][axis]
  baseline = study.get("baselines", {}).get(axis)
  if baseline is None:
    return list(itertools.combinations(values, 2))
  return [(value, baseline) for value in values if value != baseline]


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
  worst = difference.worst_of(*runs)
  return Comparison(
    axis,
    first,
    second,
    difference.compare(
      *(_over_seeds(side, worst) for side in sides),
      [_over_seeds(side, math.inf) for side in sides],
    ),
    worst=worst,
    failed=tuple(sum(n for n, _ in side) for side in failures),
    runs=tuple(sum(n for _, n in side) for side in failures),
    n_dropped=len(matched) - len(kept),
    p_failures=difference.compare_shares(*failures),
    survivors=_survivors(*runs),
    p_holm=math.nan,
    n_tests=0,
  )


def _failures(matched, side):
  """Returns (failed, all) runs of one side of each Match."""
  costs = [list(itertools.chain(*getattr(each, side))) for each in matched]
  return [
    (len(each) - len(costs_lib.finite(each)), len(each)) for each in costs
  ]


def _over_seeds(side, worst):
  """Returns [settings][seeds]: medians over settings the other side lacks."""
  return [
    [
      costs_lib.median(costs)
      for costs in difference.failures_as_worst(seeds, worst)
    ]
    for seeds in side
  ]


def _survivors(first, second):
  """Returns the mean over settings of the differences without failed runs."""
  pairs = [
    (costs_lib.finite(a), costs_lib.finite(b)) for a, b in zip(first, second)
  ]
  d = [b.mean() - a.mean() for a, b in pairs if len(a) and len(b)]
  return float(np.mean(d)) if d else math.nan
