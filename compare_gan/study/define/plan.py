"""From a study to its runs.

A cell is one value of each axis, its bindings are the base's, those of
study.common and those of its values. A run is a cell with a setting of
study.search and a seed. Its id is a hash of its complete configuration, so one
that two slices or two settings would make is made once.

`runs` is a pure function of the study and of the scores that there are: whoever
knows these knows what is to be run, and needs no other state.
"""

import itertools
import math
import statistics
from typing import Any
from typing import NamedTuple
from typing import Optional

from compare_gan.study.define import bindings as bindings_lib
from compare_gan.study.define import cells as cells_lib
from compare_gan.study.define import possible
from compare_gan.study.define import scores as scores_lib
from compare_gan.study.define import search as search_lib
from compare_gan.study.run import table

_SEED = "run_config.tf_random_seed"
_DATA_SEED = "dataset.seed"  # of the order of images, and of their flips


class Run(NamedTuple):
  """One training."""

  id: str  # 16 hex digits of all its bindings and imports
  cell: dict  # {axis: value}
  settings: dict  # {name: number}
  seed: int
  phase: str
  round: int
  order: int  # its place in the plan; some places stay empty
  bindings: dict  # {"selector.parameter": text}, sorted
  imports: tuple = ()  # modules that the configuration imports


# ---- What does not hang on scores --------------------------------------------


class _Plan:
  """All of a study that does not hang on scores, and what was worked out."""

  def __init__(self, made: Any) -> None:
    self.study = made
    self.cells, self.of_slices = cells_lib.of_study(made)
    self._settings = _Settings(made)
    self._made = {}  # {(cell, setting, seed): (id, bindings)}
    self.proposed = {}  # {(group, phase, round): (trials, settings)}
    self.phases = made.search or (_Single(),)
    self.groups = self._make_groups()
    self.places = self._make_places()

  def _make_groups(self):
    """Returns [(Group, [its cells])]."""
    by_key = {}
    for i, cell in enumerate(self.cells):
      key = {axis: cell.values[axis] for axis in self.study.groups}
      by_key.setdefault(cells_lib.title(key), []).append(i)
    lines = _Lines()
    groups = []
    for key, members in by_key.items():

      def holds(line: str, members: tuple[int, ...] = tuple(members)) -> bool:
        name, value = lines(line)
        return all(self.cells[i].bindings.get(name) == value for i in members)

      inert = [
        name
        for line, names in self.study.inert.items()
        if holds(line)
        for name in names
      ]
      group = search_lib.Group(key, holds, frozenset(inert))
      groups.append((group, members))
    return groups

  def _make_places(self):
    """Returns {(phase, round, group): place of its first run}, and the end."""
    places, place = {}, 0
    for p, phase in enumerate(self.phases):
      for round_ in range(phase.rounds):
        for g, (group, cells) in enumerate(self.groups):
          places[p, round_, g] = place
          per_round = -(-phase.size(group) // phase.rounds)
          place += per_round * len(cells) * self.seeds(phase)
    places["end"] = place
    return places

  def seeds(self, phase: search_lib.Phase) -> int:
    return phase.seeds or self.study.seeds

  def make(
    self, i: int, setting: dict[str, float], seed: int
  ) -> tuple[str, dict[str, str]]:
    """Returns the id and the bindings of a run."""
    key = i, tuple(sorted(setting.items())), seed
    if key not in self._made:
      cell = self.cells[i]
      bindings = dict(cell.bindings)
      bindings.update(self._settings(setting))
      bindings[_SEED] = repr(seed)
      if self.study.seeds_data:
        bindings.setdefault(_DATA_SEED, repr(seed))
      bindings = dict(sorted(bindings.items()))
      self._made[key] = bindings_lib.digest(bindings, cell.imports), bindings
    return self._made[key]


class _Single(search_lib.Phase):
  """What a study without a search does: the cells as they are."""

  def __init__(self) -> None:
    super().__init__("cells", None)

  def names(self) -> list[str]:
    return []

  def settings(
    self, history: search_lib.History, round: int, seed: int
  ) -> list[dict[str, float]]:
    return [{}]


class _Lines:
  """(name, text of the value) of single lines, each read once."""

  def __init__(self) -> None:
    self._read = {}

  def __call__(self, line: str) -> tuple[str, str]:
    if line not in self._read:
      bindings, _ = bindings_lib.canonical_lines(
        "A binding of study.inert or where", [line]
      )
      if len(bindings) != 1:
        raise ValueError(
          f"study.inert or where: {line!r} has {len(bindings)} bindings; one "
          "would do."
        )
      [self._read[line]] = bindings.items()
    return self._read[line]


class _Settings:
  """{setting: number} -> bindings."""

  def __init__(self, made: Any) -> None:
    self._templates = {}
    self._names = {}
    for setting, lines in made.parameters.items():
      title = f"study.parameters: {setting}"
      self._templates[setting] = []
      for line in lines:
        bindings, _ = bindings_lib.canonical_lines(
          title, [line.replace("{}", "1")]
        )
        [name] = bindings
        self._templates[setting].append((name, line.split("=", 1)[1].strip()))

  def __call__(self, setting: dict[str, float]) -> dict[str, str]:
    found = {}
    for name, value in setting.items():
      for bound, template in self._templates[name]:
        found[bound] = template.replace("{}", repr(value))
    return found


_last = []  # the plan that was worked out last


def _plan(made):
  if not _last or _last[0].study is not made:
    _last[:] = [_Plan(made)]
  return _last[0]


# ---- Runs --------------------------------------------------------------------


def runs(
  study: Any, scores: dict[str, Optional[float]]
) -> tuple[list[Run], bool]:
  """Returns all runs that follow from scores, and whether these are all.

  A pure function: what was listed once stays listed, in the same order.

  Args:
    study: a Study.
    scores: {id: score, or None for a run that ended without one}, of the runs
      that have ended.

  Returns:
    [Run] ordered by `order`, and True when no more will ever follow.
  """
  plan = _plan(study)
  listed, complete = {}, True
  for g in range(len(plan.groups)):
    complete = _runs_of_group(plan, g, scores, listed) and complete
  return sorted(listed.values(), key=lambda run: run.order), complete


def _runs_of_group(plan, g, scores, listed):
  """Adds a group's runs to {id: Run}; returns whether these are all."""
  group, cells = plan.groups[g]
  tried = []  # (setting, {cell: ids of its runs})
  for p, phase in enumerate(plan.phases):
    for round_ in range(phase.rounds):
      if phase.adaptive and not _have_ended(tried, scores):
        return False
      found = _settings(plan, g, p, round_, tried, scores)
      if found is None:
        break
      places = itertools.count(plan.places[p, round_, g])
      for setting in found:
        ids = {i: [] for i in cells}
        for i, k in itertools.product(cells, range(1, plan.seeds(phase) + 1)):
          id_, bindings = plan.make(i, setting, k)
          place = next(places)
          ids[i].append(id_)
          if id_ not in listed or listed[id_].order > place:
            cell = plan.cells[i]
            listed[id_] = Run(
              id_,
              cell.values,
              setting,
              k,
              phase.name,
              round_,
              place,
              bindings,
              cell.imports,
            )
        tried.append((setting, ids))
  return True


def _have_ended(tried, scores):
  return all(
    id_ in scores
    for _, ids in tried
    for of_cell in ids.values()
    for id_ in of_cell
  )


def _settings(plan, g, p, round_, tried, scores):
  """Returns the settings of a round, worked out once for the same trials."""
  group, _ = plan.groups[g]
  phase = plan.phases[p]
  trials = []
  if phase.adaptive:
    trials = [
      (setting, _value(ids, scores, _is_minimized(plan.study)))
      for setting, ids in tried
    ]
  key = g, p, round_
  if key not in plan.proposed or plan.proposed[key][0] != trials:
    history = search_lib.History(group, trials)
    found = phase.settings(history, round_, plan.study.seed)
    plan.proposed[key] = trials, found
  return plan.proposed[key][1]


def _is_minimized(study):
  return table.is_minimized(study._asdict())


def _value(ids, scores, minimize):
  """Returns the mean over cells of the median over seeds; smaller is better.

  A run without a score is as bad as can be, and NaN is no score.
  """
  sign = 1.0 if minimize else -1.0
  medians = []
  for of_cell in ids.values():
    values = [scores[id_] for id_ in of_cell]
    medians.append(
      statistics.median(
        math.inf if x is None or not math.isfinite(x) else sign * x
        for x in values
      )
    )
  return sum(medians) / len(medians)


# ---- What it will be ---------------------------------------------------------


def count(study: Any) -> dict[str, Any]:
  """Returns how many runs there will be, at most.

  Returns:
    {"runs": n, "cells": n, "phases": {name: n}, "slices": [{"slice", "cells",
    "runs"}], "duplicates": n}. A slice's runs are those that no slice before it
    has. Duplicates are what slices, inert settings and equal configurations
    would make again.
  """
  plan = _plan(study)
  of_phases = {phase.name: 0 for phase in plan.phases}
  of_cells = [0] * len(plan.cells)
  asked = [0] * len(plan.cells)
  seen = set()
  for group, cells in plan.groups:
    whole = group._replace(inert=frozenset())
    for phase in plan.phases:
      for i in cells:
        n = _new_runs(plan, phase, group, i, seen)
        of_cells[i] += n
        of_phases[phase.name] += n
        asked[i] += phase.size(whole) * plan.seeds(phase)
  slices, owned = [], set()
  for slice_, members in zip(study.slices or ({},), plan.of_slices):
    new = [i for i in dict.fromkeys(members) if i not in owned]
    owned.update(new)
    slices.append(
      {
        "slice": slice_,
        "cells": len(members),
        "runs": sum(of_cells[i] for i in new),
      }
    )
  total = sum(of_cells)
  asked_for = sum(asked[i] for members in plan.of_slices for i in members)
  return {
    "runs": total,
    "cells": len(plan.cells),
    "phases": of_phases,
    "slices": slices,
    "duplicates": asked_for - total,
  }


def _new_runs(plan, phase, group, i, seen):
  """Returns how many runs a phase adds to a cell, at most."""
  if phase.adaptive:
    return phase.size(group) * plan.seeds(phase)
  history = search_lib.History(group, [])
  ids = {
    plan.make(i, setting, k)[0]
    for setting in phase.settings(history, 0, plan.study.seed) or ()
    for k in range(1, plan.seeds(phase) + 1)
  }
  new = ids - seen
  seen |= ids
  return len(new)


def describe(study: Any) -> str:
  """Returns what the study will do, for --dry_run."""
  counted = count(study)
  adaptive = any(phase.adaptive for phase in study.search)
  lines = [
    f"Study {study.name}: {counted['runs']} runs{' at most' * adaptive}, "
    f"{counted['cells']} cells, on {study.base}",
    f"{'lowest' if _is_minimized(study) else 'highest'} {study.score} wins "
    f"(checkpoint: {study.checkpoint})",
    "",
    "Axes",
  ]
  for axis, values in study.axes.items():
    lines.append(f"  {axis}: {', '.join(map(str, values))}")
  lines += ["", "Phases"]
  for phase in _plan(study).phases:
    seeds = phase.seeds or study.seeds
    n = counted["phases"][phase.name]
    lines.append(
      f"  {phase.name}: {n} runs, {seeds} seed{'s' * (seeds > 1)} a setting"
      f"{', follows from scores' * phase.adaptive}"
    )
  lines += ["", "Slices: cells, and runs that no slice before has"]
  for slice_ in counted["slices"]:
    title = _slice_title(slice_["slice"]) or "all"
    lines.append(f"  {title}: {slice_['cells']} cells, {slice_['runs']} runs")
  lines += ["", f"Duplicates left out: {counted['duplicates']}"]
  return "\n".join(lines)


def _slice_title(slice_):
  return cells_lib.title(
    {
      axis: "|".join(values) if isinstance(values, (list, tuple)) else values
      for axis, values in slice_.items()
    }
  )


# ---- For who runs it ---------------------------------------------------------


def config_text(run: Run) -> str:
  """Returns the gin file of a run."""
  return bindings_lib.text(run.bindings, run.imports)


def settled(study: Any) -> Any:
  """Returns the study with the direction that its score's metric declares.

  Raises ValueError if a cell will not have the score.
  """
  plan = _plan(study)
  plan.study = scores_lib.settled(study, plan.cells)  # The plan stays known.
  return plan.study


def impossible(study: Any) -> dict[str, str]:
  """Returns {"axis=value axis=value": reason} of cells that cannot be built."""
  return possible.impossible(_plan(study).cells, study.flags)
