"""Settings: groups of trainings that differ only in the seed.

A setting is a cell of the axes with its hyper-parameters. Its value is the
median cost over its seeds.
"""

from collections.abc import Iterable
import math
from typing import Any
from typing import NamedTuple

from compare_gan.study.report.statistics import costs as costs_lib
from compare_gan.study.run import table as table_lib


class Setting(NamedTuple):
  """Trainings that differ only in the seed."""

  cell: dict
  settings: dict
  phase: str
  round: int
  order: int
  runs: tuple  # their ids
  costs: tuple
  fresh: tuple = ()  # costs of repeat_best: seeds not used to choose it

  @property
  def value(self) -> float:
    return costs_lib.median(self.costs)

  @property
  def n(self) -> int:
    return len(self.costs)

  @property
  def n_ok(self) -> int:
    return sum(map(math.isfinite, self.costs))


def ended_settings(table: table_lib.Table) -> list[Setting]:
  """Returns the Settings with a training that ended, in the study's order."""
  found: dict[tuple, list[tuple[table_lib.Row, float]]] = {}
  for row in sorted(table.rows, key=lambda row: row.order):
    known = costs_lib.cost(row, table.study)
    if known is not None:
      key = (hashable(row.cell), hashable(row.settings))
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


def hashable(names: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
  return tuple(sorted(names.items()))


def settings_with_value(
  all_settings: Iterable[Setting], axis: str, value: Any
) -> list[Setting]:
  """Returns the Settings whose cell has a value of an axis."""
  return [each for each in all_settings if each.cell.get(axis) == value]
