"""The part of a plan that does not depend on scores.

It consists of the cells, the groups of cells that share a search, the place of
each phase among the runs, and the configuration of each run.
"""

from collections.abc import Callable
from typing import Any
from typing import Optional

from compare_gan.study.define import bindings as bindings_lib
from compare_gan.study.define import cells as cells_lib
from compare_gan.study.define import definition
from compare_gan.study.define import search as search_lib
from compare_gan.study.run import table

_SEED = "run_config.tf_random_seed"
_DATA_SEED = "dataset.seed"  # of the order of images, and of their flips

Setting = dict[str, float]


class Outline:
  """What is known about a study before it has scores.

  Attributes:
    study: a definition.Study.
    cells: [cells.Cell], each once.
    cells_of_slices: for each slice the indices of its cells.
    phases: the phases of study.search.
    groups: [(search.Group, [indices of its cells])].
    proposed: {(group, phase, round): (trials, settings)}, a cache for plan.py.
  """

  def __init__(self, study: definition.Study) -> None:
    self.study = study
    self.cells, self.cells_of_slices = cells_lib.make_cells(study)
    self.phases = study.search or (_CellsAsTheyAre(),)
    self.groups = self._make_groups()
    self.proposed: dict[
      tuple[int, int, int], tuple[list[Any], Optional[list[Setting]]]
    ] = {}
    self._places = self._make_places()
    self._bindings_of_setting = _SettingReader(study.parameters)
    # {(cell, setting, seed): (id, bindings)}
    self._configurations: dict[Any, tuple[str, dict[str, str]]] = {}

  def _make_groups(self):
    by_key: dict[str, list[int]] = {}
    for i, cell in enumerate(self.cells):
      key = {axis: cell.values[axis] for axis in self.study.groups}
      by_key.setdefault(table.cell_title(key), []).append(i)
    read_line = _LineReader()
    groups = []
    for key, members in by_key.items():
      holds = self._binding_test(members, read_line)
      inert = {
        name
        for line, names in self.study.inert.items()
        if holds(line)
        for name in names
      }
      groups.append((search_lib.Group(key, holds, frozenset(inert)), members))
    return groups

  def _binding_test(self, members, read_line) -> Callable[[str], bool]:
    """Returns `holds(line)`: whether all of these cells have a binding."""

    def holds(line: str) -> bool:
      name, value = read_line(line)
      return all(self.cells[i].bindings.get(name) == value for i in members)

    return holds

  def _make_places(self):
    """Returns {(phase, round, group): place of its first run}."""
    places, place = {}, 0
    for p, phase in enumerate(self.phases):
      for round_ in range(phase.rounds):
        for g, (group, cells) in enumerate(self.groups):
          places[p, round_, g] = place
          per_round = -(-phase.size(group) // phase.rounds)
          place += per_round * len(cells) * len(self.seeds(phase))
    return places

  def first_place(self, phase: int, round: int, group: int) -> int:
    """Returns the place in the plan of the first run of a group's round."""
    return self._places[phase, round, group]

  def seeds(self, phase: search_lib.Phase) -> range:
    """Returns the seeds that a phase trains each setting with."""
    first = self.study.first_seed
    return range(first, first + (phase.seeds or self.study.seeds))

  def configuration(
    self, cell: int, setting: Setting, seed: int
  ) -> tuple[str, dict[str, str]]:
    """Returns the id and the bindings of a run."""
    key = cell, tuple(sorted(setting.items())), seed
    if key not in self._configurations:
      made_cell = self.cells[cell]
      bindings = {**made_cell.bindings, **self._bindings_of_setting(setting)}
      bindings[_SEED] = repr(seed)
      if self.study.seeds_data:
        bindings.setdefault(_DATA_SEED, repr(seed))
      bindings = dict(sorted(bindings.items()))
      run_id = bindings_lib.digest(bindings, made_cell.imports)
      self._configurations[key] = run_id, bindings
    return self._configurations[key]


class _CellsAsTheyAre(search_lib.Phase):
  """The only phase of a study without a search."""

  def __init__(self) -> None:
    super().__init__("cells", None)

  def names(self) -> list[str]:
    return []

  def settings(
    self, history: search_lib.History, round: int, seed: int
  ) -> list[Setting]:
    return [{}]


class _LineReader:
  """Returns (name, text of the value) of a line of gin; reads it once."""

  def __init__(self) -> None:
    self._read: dict[str, tuple[str, str]] = {}

  def __call__(self, line: str) -> tuple[str, str]:
    if line not in self._read:
      bindings, _ = bindings_lib.canonical_lines(
        "A binding of study.inert or where", [line]
      )
      if len(bindings) != 1:
        raise ValueError(
          f"study.inert or where: {line!r} has {len(bindings)} bindings; it "
          "must have one."
        )
      [self._read[line]] = bindings.items()
    return self._read[line]


class _SettingReader:
  """Returns the bindings of a setting, from study.parameters."""

  def __init__(self, parameters: dict[str, Any]) -> None:
    # {name of a setting: [(name that is bound, its value with {})]}
    self._templates: dict[str, list[tuple[str, str]]] = {}
    for setting, lines in parameters.items():
      title = f"study.parameters: {setting}"
      self._templates[setting] = []
      for line in lines:
        bindings, _ = bindings_lib.canonical_lines(
          title, [line.replace("{}", "1")]
        )
        [name] = bindings
        self._templates[setting].append((name, line.split("=", 1)[1].strip()))

  def __call__(self, setting: Setting) -> dict[str, str]:
    return {
      bound: template.replace("{}", repr(value))
      for name, value in setting.items()
      for bound, template in self._templates[name]
    }


_last: list[Outline] = []  # the latest one


def make_or_reuse(study: definition.Study) -> Outline:
  """Returns the Outline of a study, and keeps it for the next call."""
  if not _last or _last[0].study is not study:
    _last[:] = [Outline(study)]
  return _last[0]
