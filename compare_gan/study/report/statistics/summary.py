"""All statistics that a report shows of a table."""

import itertools
import math
from typing import Any
from typing import NamedTuple

from compare_gan.study.report.statistics import best_settings
from compare_gan.study.report.statistics import budget
from compare_gan.study.report.statistics import comparisons as comparisons_lib
from compare_gan.study.report.statistics import costs as costs_lib
from compare_gan.study.report.statistics import interaction as interaction_lib
from compare_gan.study.report.statistics import (
  rank_correlation as correlation_lib,
)
from compare_gan.study.report.statistics import settings as settings_lib
from compare_gan.study.report.statistics import stability as stability_lib
from compare_gan.study.run import table as table_lib


class Look(NamedTuple):
  """What a report said when `ended` runs had ended."""

  ended: int
  shown: list  # [axis, first, second] of the differences that it showed


def look_at(table: table_lib.Table, summary: Any) -> Look:
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
  worst: float  # the cost of a failure in means
  boxes: dict  # {axis: {value: Box}}
  curves: dict  # {axis: {value: Curve}}
  comparisons: dict  # {axis: [Comparison]}
  interactions: dict  # {(axis, axis): (medians, counts)}
  stability: dict  # {axis: {value: Stability}}
  best: list
  metrics: list
  correlation: tuple
  looks: tuple = ()  # reports on fewer runs; report_page.write adds them


def summarize(table: table_lib.Table) -> Summary:
  """Returns the Summary of a table."""
  study = table.study
  axes = study["axes"]
  found = settings_lib.ended_settings(table)
  values = costs_lib.finite([each.value for each in found])
  worst = float(values.max()) if len(values) else math.nan
  groups = {
    axis: {
      value: group
      for value in axes[axis]
      for group in [settings_lib.settings_with_value(found, axis, value)]
      if group
    }
    for axis in axes
  }
  metrics = _metrics(table)
  return Summary(
    found,
    worst,
    _apply_to_each(
      groups,
      lambda group: best_settings.top_percent(
        [each.value for each in group], study.get("top_percent", 5)
      ),
    ),
    _apply_to_each(
      groups if len(values) else {},
      lambda group: budget.budget_curve(group, study.get("phases", []), worst),
    ),
    comparisons_lib.all_comparisons(table),
    {
      pair: interaction_lib.medians_of_pairs(found, *pair, axes)
      for pair in itertools.combinations(axes, 2)
    },
    _apply_to_each(groups, stability_lib.spread_of_scores),
    best_settings.best_of_cells(found),
    metrics,
    correlation_lib.rank_correlation(_scores(table, metrics)),
  )


def _apply_to_each(groups, function):
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
