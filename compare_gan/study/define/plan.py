"""Plans the runs of a study.

A cell is a value of each axis. Its bindings are those of the base, of
study.common and of its values. A run is a cell with a setting of study.search
and a seed. Its id is a hash of its complete configuration, so a run is made
only once if two slices or two settings lead to it.

`runs` is a pure function of the study and of the scores so far: they alone
determine which runs come next.
"""

import itertools
import math
import statistics
from typing import Any
from typing import NamedTuple
from typing import Optional

from compare_gan.study.define import bindings as bindings_lib
from compare_gan.study.define import definition
from compare_gan.study.define import design
from compare_gan.study.define import outline as outline_lib
from compare_gan.study.define import possible
from compare_gan.study.define import scores as scores_lib
from compare_gan.study.define import search as search_lib
from compare_gan.study.run import table


class Run(NamedTuple):
  """One training."""

  id: str  # 16 hex digits, a hash of all its bindings and imports
  cell: dict[str, Any]  # {axis: value}
  settings: dict[str, float]
  seed: int
  phase: str
  round: int
  order: int  # its place in the plan; some places stay empty
  bindings: dict[str, str]  # {"selector.parameter": text}, sorted
  imports: tuple[str, ...] = ()  # modules that the configuration imports


# ---- Runs --------------------------------------------------------------------


def runs(
  study: definition.Study, scores: dict[str, Optional[float]]
) -> tuple[list[Run], bool]:
  """Returns the runs that follow from scores, and whether they are all runs.

  A pure function: a run that was listed once stays listed, in the same order.

  Args:
    study: to plan.
    scores: {id: score} of the runs that have ended; None for a run without a
      score.

  Returns:
    [Run] sorted by `order`, and True if no other run can follow.
  """
  outline = outline_lib.make_or_reuse(study)
  listed: dict[str, Run] = {}
  is_complete = True
  for g in range(len(outline.groups)):
    is_complete = _add_runs_of_group(outline, g, scores, listed) and is_complete
  return sorted(listed.values(), key=lambda run: run.order), is_complete


def _add_runs_of_group(outline, g, scores, listed):
  """Adds a group's runs to {id: Run}; returns whether they are all its runs."""
  tried = []  # (setting, {cell: ids of its runs})
  for p, phase in enumerate(outline.phases):
    for round_ in range(phase.rounds):
      if phase.adaptive and not _have_ended(tried, scores):
        return False
      found = _settings_of_round(outline, g, p, round_, tried, scores)
      if found is None:
        break
      places = itertools.count(outline.first_place(p, round_, g))
      for setting in found:
        runs_ = list(
          _runs_of_setting(outline, g, phase, round_, setting, places)
        )
        for _, run in runs_:
          if run.id not in listed or listed[run.id].order > run.order:
            listed[run.id] = run
        tried.append((setting, _ids_by_cell(runs_)))
  return True


def _runs_of_setting(outline, g, phase, round_, setting, places):
  """Yields (index of the cell, Run) of a setting in all cells of a group."""
  _, cells = outline.groups[g]
  for i, seed in itertools.product(cells, outline.seeds(phase)):
    run_id, bindings = outline.configuration(i, setting, seed)
    yield (
      i,
      Run(
        run_id,
        outline.cells[i].values,
        setting,
        seed,
        phase.name,
        round_,
        next(places),
        bindings,
        outline.cells[i].imports,
      ),
    )


def _ids_by_cell(runs_):
  ids: dict[int, list[str]] = {}
  for i, run in runs_:
    ids.setdefault(i, []).append(run.id)
  return ids


def _have_ended(tried, scores):
  return all(
    run_id in scores
    for _, ids in tried
    for run_ids in ids.values()
    for run_id in run_ids
  )


def _settings_of_round(outline, g, p, round_, tried, scores):
  """Returns the settings of a round; for equal trials they are cached."""
  group, _ = outline.groups[g]
  phase = outline.phases[p]
  trials = []
  if phase.adaptive:
    minimize = outline.study.is_minimized
    trials = [
      (setting, _value(ids, scores, minimize)) for setting, ids in tried
    ]
  key = g, p, round_
  if key not in outline.proposed or outline.proposed[key][0] != trials:
    history = search_lib.History(group, trials)
    found = phase.settings(history, round_, outline.study.seed)
    outline.proposed[key] = trials, found
  return outline.proposed[key][1]


def _value(ids, scores, minimize):
  """Returns the mean over cells of the median over seeds; smaller is better.

  A run whose score is missing or not finite counts as infinitely bad.
  """
  sign = 1.0 if minimize else -1.0
  medians = []
  for run_ids in ids.values():
    values = [scores[run_id] for run_id in run_ids]
    medians.append(
      statistics.median(
        math.inf if x is None or not math.isfinite(x) else sign * x
        for x in values
      )
    )
  return sum(medians) / len(medians)


# ---- Sizes -------------------------------------------------------------------


def count(study: definition.Study) -> dict[str, Any]:
  """Returns how many runs there will be, at most.

  Returns:
    {"runs": n, "cells": n, "phases": {name: n}, "slices": [{"slice", "cells",
    "runs"}], "duplicates": n}. The runs of a slice are those that no earlier
    slice has. Duplicates are runs that are planned already, because of
    overlapping slices, inert settings or equal configurations.
  """
  outline = outline_lib.make_or_reuse(study)
  runs_of_phases = {phase.name: 0 for phase in outline.phases}
  runs_of_cells = [0] * len(outline.cells)
  asked = [0] * len(outline.cells)
  seen: set[str] = set()
  for group, cells in outline.groups:
    whole = group._replace(inert=frozenset())
    for phase in outline.phases:
      for i in cells:
        n = _new_runs(outline, phase, group, i, seen)
        runs_of_cells[i] += n
        runs_of_phases[phase.name] += n
        asked[i] += phase.size(whole) * len(outline.seeds(phase))
  slices: list[dict[str, Any]] = []
  owned: set[int] = set()
  for slice_, members in zip(study.slices or ({},), outline.cells_of_slices):
    new = [i for i in dict.fromkeys(members) if i not in owned]
    owned.update(new)
    slices.append(
      {
        "slice": slice_,
        "cells": len(members),
        "runs": sum(runs_of_cells[i] for i in new),
      }
    )
  total = sum(runs_of_cells)
  asked_for = sum(
    asked[i] for members in outline.cells_of_slices for i in members
  )
  return {
    "runs": total,
    "cells": len(outline.cells),
    "phases": runs_of_phases,
    "slices": slices,
    "duplicates": asked_for - total,
  }


def _new_runs(outline, phase, group, i, seen):
  """Returns how many runs a phase adds to a cell, at most."""
  if phase.adaptive:
    return phase.size(group) * len(outline.seeds(phase))
  history = search_lib.History(group, [])
  ids = {
    outline.configuration(i, setting, seed)[0]
    for setting in phase.settings(history, 0, outline.study.seed) or ()
    for seed in outline.seeds(phase)
  }
  new = ids - seen
  seen |= ids
  return len(new)


def describe(study: definition.Study) -> str:
  """Returns the plan as text, for --dry_run."""
  counted = count(study)
  adaptive = any(phase.adaptive for phase in study.search)
  lines = [
    f"Study {study.name}: {counted['runs']} runs{' at most' * adaptive}, "
    f"{counted['cells']} cells{study.base and f', on {study.base}'}",
    f"{'lowest' if study.is_minimized else 'highest'} {study.score} wins "
    f"(checkpoint: {study.checkpoint})",
    "",
    "Axes",
  ]
  for axis, values in study.axes.items():
    lines.append(f"  {axis}: {', '.join(map(str, values))}")
  lines += ["", "Phases"]
  outline = outline_lib.make_or_reuse(study)
  for phase in outline.phases:
    seeds = len(outline.seeds(phase))
    n = counted["phases"][phase.name]
    lines.append(
      f"  {phase.name}: {n} runs, {seeds} seed{'s' * (seeds > 1)} per "
      f"setting{_first_seed(study)}{', follows from scores' * phase.adaptive}"
    )
  lines += ["", "Slices: cells, and runs that no earlier slice has"]
  for slice_ in counted["slices"]:
    title = _slice_title(slice_["slice"]) or "all"
    lines.append(f"  {title}: {slice_['cells']} cells, {slice_['runs']} runs")
  lines += ["", f"Duplicates left out: {counted['duplicates']}"]
  compared = design.describe(study, runs(study, {})[0])
  if compared:
    lines += ["", "Comparisons of the report", *compared]
  return "\n".join(lines)


def _first_seed(study):
  first = study.first_seed
  return "" if first == 1 else f", from seed {first} on"


def _slice_title(slice_):
  return table.cell_title(
    {
      axis: "|".join(values) if isinstance(values, (list, tuple)) else values
      for axis, values in slice_.items()
    }
  )


# ---- For the conductor -------------------------------------------------------


def config_text(run: Run) -> str:
  """Returns the gin file of a run."""
  return bindings_lib.text(run.bindings, run.imports)


def with_declared_direction(study: definition.Study) -> definition.Study:
  """Returns the study with `minimize` as the metric of its score declares it.

  Raises ValueError if a cell will not have the score.
  """
  outline = outline_lib.make_or_reuse(study)
  # The outline stays valid: no run depends on the direction before it has a
  # score.
  outline.study = scores_lib.with_declared_direction(study, outline.cells)
  return outline.study


def impossible_cells(study: definition.Study) -> dict[str, str]:
  """Returns {"axis=value axis=value": reason} of cells that cannot be built."""
  cells = outline_lib.make_or_reuse(study).cells
  return possible.impossible_cells(cells, study.flags)
