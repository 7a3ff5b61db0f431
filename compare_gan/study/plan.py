"""From a study file to its runs: `study.*`.

  study.base = "sndcgan_cifar10.gin"
  study.axes = {
    "penalty": {"none": ["penalty.fn = @no_penalty"],
                "gp": ["penalty.fn = @wgangp_penalty"]},
    "norm": {"none": ["D.spectral_norm = False"],
             "sn": ["D.spectral_norm = True"]},
  }
  study.slices = [{"norm": "none"}, {"penalty": "none"}]
  study.search = [@fixed_sets(), @gp_bandit()]

A cell is one value of each axis, its bindings are the base's, those of
study.common and those of its values. A run is a cell with a setting of
study.search and a seed. Its id is a hash of its complete configuration, so one
that two slices or two settings would make is made once.

`runs` is a pure function of the study and of the scores that there are: whoever
knows these knows what is to be run, and needs no other state.
"""

import contextlib
import hashlib
import itertools
import json
import math
import os
import statistics
from typing import NamedTuple
from typing import Optional

from compare_gan import configuration
from compare_gan.study import search as search_lib
import gin
from gin import config as gin_config
from gin import config_parser

_SEED = "run_config.tf_random_seed"
_PARAMETERS = {
  # D's learning rate is G's unless the base says otherwise: set both.
  "lr": ["ModularGAN.g_lr = {}", "ModularGAN.d_lr = {}"],
  "lamba": ["options.lamba = {}"],
  "beta1": ["tf.train.AdamOptimizer.beta1 = {}"],
  "beta2": ["tf.train.AdamOptimizer.beta2 = {}"],
  "disc_iters": ["options.disc_iters = {}"],
}
_INERT = {"penalty.fn = @no_penalty": ["lamba"]}
_COUNTS = (
  ("seeds", 1),
  ("retries", 0),
  ("eval_runs", 1),
  ("eval_every_steps", 1),
)
_CHECKPOINTS = ("last", "best", "min")
_ON_IMPOSSIBLE = ("refuse", "skip")


class Study(NamedTuple):
  """See `study`."""

  name: str
  base: str
  common: tuple
  axes: dict
  slices: tuple
  overrides: tuple
  search: tuple
  seeds: int
  score: str
  minimize: bool
  checkpoint: str
  parameters: dict
  inert: dict
  groups: tuple
  seed: int
  timeout_s: Optional[float]
  memory_mb: Optional[int]
  retries: int
  eval_every_steps: int
  eval_runs: int
  flags: tuple
  on_impossible: str


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


@gin.configurable("study", module="compare_gan.study")
def study(
  base=gin.REQUIRED,
  name=None,
  common=(),
  axes=None,
  slices=(),
  overrides=(),
  search=(),
  seeds=1,
  score="fid_classifier",
  minimize=True,
  checkpoint="last",
  parameters=None,
  inert=None,
  groups=None,
  seed=123,
  timeout_s=None,
  memory_mb=None,
  retries=1,
  eval_every_steps=1,
  eval_runs=1,
  flags=(),
  on_impossible="refuse",
):
  """Returns the Study that a gin file makes.

  Args:
    base: the gin file that all runs begin with: a path, one beside the study
      file, or the name of one in configs/.
    name: of the study; that of its file.
    common: lines of gin for all runs.
    axes: {axis: {value: [lines of gin]}}.
    slices: [{axis: value or [values]}]; an axis that a slice does not name
      takes all of its values. None: the product of all axes. "one_at_a_time":
      a slice for each axis, the others at their first value, for ablations.
    overrides: [({axis: value or [values]}, [lines of gin])], on top of what the
      axes of these cells bind.
    search: phases, see search.py; none is one empty setting.
    seeds: how many of them each setting is trained with: 1, 2, ...
    score: what decides, a column of scores.csv.
    minimize: whether smaller is better.
    checkpoint: whose score counts: "last", "best" by the score itself, or
      "min", each score's own best.
    parameters: {name of a setting: [lines of gin with {} for its value]},
      beside lr, lamba, beta1, beta2 and disc_iters.
    inert: {line: [settings that mean nothing in cells with this binding]}.
    groups: axes whose values have a search of their own; None for all.
    seed: of the search.
    timeout_s: of a run; None for no limit.
    memory_mb: of a run; None for no limit.
    retries: how often a run that failed is tried again.
    eval_every_steps: checkpoints at multiples of it are scored, and the last.
    eval_runs: how often a checkpoint is sampled and scored.
    flags: more flags of compare_gan.main.
    on_impossible: "refuse" a study that has cells which cannot be built, or
      "skip" these.
  """
  made = Study(
    name,
    base,
    tuple(common),
    dict(axes or {}),
    _slices(slices, axes or {}),
    tuple(overrides),
    tuple(search),
    seeds,
    score,
    minimize,
    checkpoint,
    {**_PARAMETERS, **(parameters or {})},
    _INERT if inert is None else inert,
    tuple(axes or {}) if groups is None else tuple(groups),
    seed,
    timeout_s,
    memory_mb,
    retries,
    eval_every_steps,
    eval_runs,
    tuple(flags),
    on_impossible,
  )
  _check(made)
  return made


def _slices(slices, axes):
  if isinstance(slices, str):
    _require_one_of("slices", slices, ["one_at_a_time"])
    first = {axis: next(iter(values)) for axis, values in axes.items()}
    return tuple({**first, axis: list(axes[axis])} for axis in axes)
  return tuple(slices)


# ---- Reading -----------------------------------------------------------------


def find(path):
  """Returns the path of a study file, or of the one in configs/studies/."""
  return configuration.find(path, "studies", "study run ")


def load(path, bindings=()):
  """Returns the Study of a file; gin is left as it was.

  Args:
    path: of the file, or the name of one in configs/studies/.
    bindings: lines of gin on top of it.
  """
  path = find(path)
  with _own_gin():
    configuration.register()
    gin.parse_config_files_and_bindings(
      [path], list(bindings), finalize_config=False
    )
    made = study()
  stem = os.path.splitext(os.path.basename(path))[0]
  return made._replace(
    name=made.name or stem, base=_find_base(made.base, os.path.dirname(path))
  )


def _find_base(base, folder):
  beside = os.path.join(folder, base)
  if os.path.isfile(beside):
    return beside
  try:
    return configuration.find(base)
  except FileNotFoundError:
    raise FileNotFoundError(
      f"study.base = {base!r}: there is no such file, neither here nor beside "
      "the study file, nor a card of this name in configs/."
    ) from None


_STATE = ("_CONFIG", "_OPERATIVE_CONFIG", "_SINGLETONS", "_IMPORTS")


@contextlib.contextmanager
def _own_gin():
  """Inside, gin is bound to nothing; afterwards to what it was before."""
  locked = gin.config_is_locked()
  kept = {name: getattr(gin_config, name).copy() for name in _STATE}
  gin.clear_config()
  try:
    yield
  finally:
    gin.clear_config()
    for name, state in kept.items():
      held = getattr(gin_config, name)
      held.clear()
      held.update(state)
    gin_config._set_config_is_locked(locked)


# ---- What a study may say ----------------------------------------------------


def _check(made):
  """Raises ValueError, a sentence, for the first thing that cannot be."""
  for name, least in _COUNTS:
    value = getattr(made, name)
    if not isinstance(value, int) or value < least:
      raise ValueError(
        f"study.{name} = {value!r}; an int of {least} or more would do."
      )
  _require_one_of("checkpoint", made.checkpoint, _CHECKPOINTS)
  _require_one_of("on_impossible", made.on_impossible, _ON_IMPOSSIBLE)
  for axis, values in made.axes.items():
    if not isinstance(values, dict) or not values:
      raise ValueError(
        f"study.axes: {axis} is {values!r}. {{value: [lines of gin]}} would do."
      )
    for value, lines in values.items():
      _require_lines(f"study.axes: {axis} = {value!r}", lines)
  _require_lines("study.common", made.common)
  for slice_ in made.slices:
    _require_part("study.slices", slice_, made.axes)
  for override in made.overrides:
    if not isinstance(override, (list, tuple)) or len(override) != 2:
      raise ValueError(
        f"study.overrides holds {override!r}. ({{axis: value}}, [lines of "
        "gin]) would do."
      )
    _require_part("study.overrides", override[0], made.axes)
    _require_lines(f"study.overrides: {override[0]}", override[1])
  for axis in made.groups:
    _require_axis("study.groups", axis, made.axes)
  for name, lines in made.parameters.items():
    _require_lines(f"study.parameters: {name}", lines)
    if not all("{}" in line for line in lines):
      raise ValueError(
        f"study.parameters: {name} is {lines!r}, but each line needs a {{}} "
        "for the value: 'options.lamba = {}'."
      )
  _check_search(made)


def _require_part(title, part, axes):
  if not isinstance(part, dict):
    raise ValueError(f"{title} holds {part!r}. {{axis: value}} would do.")
  for axis in part:
    _require_axis(title, axis, axes)
    for value in _values(part, axis, axes):
      if value not in axes[axis]:
        raise ValueError(
          f"{title}: {axis} has no value {value!r}. It has "
          f"{', '.join(map(str, axes[axis]))}."
        )


def _require_one_of(name, value, choices):
  if value not in choices:
    raise ValueError(
      f"study.{name} = {value!r} is unknown. It can be "
      f"{', '.join(map(repr, choices))}."
    )


def _require_lines(title, lines):
  if not isinstance(lines, (list, tuple)) or not all(
    isinstance(line, str) for line in lines
  ):
    raise ValueError(
      f"{title} is {lines!r}. A list of lines of gin, as strings, would do."
    )


def _require_axis(title, axis, axes):
  if axis not in axes:
    raise ValueError(
      f"{title}: there is no axis {axis!r}. study.axes has "
      f"{', '.join(axes) or 'none'}."
    )


def _check_search(made):
  names = []
  for phase in made.search:
    if not isinstance(phase, search_lib.Phase):
      raise ValueError(
        f"study.search holds {phase!r}. Phases are given by reference, with "
        "brackets: [@fixed_sets(), @gp_bandit()]."
      )
    unknown = set(phase.names()) - set(made.parameters)
    if unknown:
      raise ValueError(
        f"study.search: {phase.name} sets {', '.join(sorted(unknown))}, which "
        f"nothing binds. study.parameters has {', '.join(made.parameters)}."
      )
    names.append(phase.name)
  if len(set(names)) < len(names):
    raise ValueError(
      f"study.search has phases of one name: {', '.join(names)}. Set the name "
      "of one of them: @wide/random_search() and wide/random_search.name."
    )
  for line, settings in made.inert.items():
    for name in settings:
      if name not in made.parameters:
        raise ValueError(
          f"study.inert: {line!r} names {name!r}, which is no setting. "
          f"study.parameters has {', '.join(made.parameters)}."
        )


def _values(slice_, axis, axes):
  """Returns the values that a slice has of an axis."""
  if axis not in slice_:
    return list(axes[axis])
  values = slice_[axis]
  return list(values) if isinstance(values, (list, tuple)) else [values]


# ---- Bindings ----------------------------------------------------------------


class _Word(str):
  """A reference or a macro, which stands in gin without quotes."""

  __repr__ = str.__str__


class _Words(config_parser.ParserDelegate):
  def configurable_reference(self, scoped_configurable_name, evaluate):
    return _Word(f"@{scoped_configurable_name}{'()' if evaluate else ''}")

  def macro(self, macro_name):
    return _Word(f"%{macro_name}")


def _read(text):
  """Returns ({"selector.parameter": text}, imported modules) of gin text."""
  bindings, imports = {}, []
  for statement in config_parser.ConfigParser(text, _Words()):
    if isinstance(statement, config_parser.ImportStatement):
      imports.append(statement.module)
    elif isinstance(statement, config_parser.BindingStatement):
      name = statement.selector
      if statement.arg_name:  # else a macro, NAME = value
        name = f"{name}.{statement.arg_name}"
      if statement.scope:
        name = f"{statement.scope}/{name}"
      bindings[name] = repr(statement.value)
  return bindings, imports


def _canonical(files=(), lines=()):
  """Returns what `_read` does, with names as gin writes them.

  gin checks names and references on the way, and files may include others.
  """
  with _own_gin():
    configuration.parse(files, lines)
    return _read(gin.config_str())


def _canonical_lines(title, lines):
  """Returns `_canonical` of lines; an error says where they stand."""
  try:
    return _canonical(lines=lines)
  except (ValueError, SyntaxError, ImportError, TypeError) as error:
    raise ValueError(
      f"{title} = {list(lines)!r}: {_sentence(error)}"
    ) from error


def _sentence(error):
  """Returns an error in one line, without gin's list of callers."""
  return " ".join(str(error).split("\n  In call to")[0].split())


def _digest(bindings, imports):
  text = json.dumps([bindings, list(imports)], sort_keys=True)
  return hashlib.sha256(text.encode()).hexdigest()[:16]


def config_text(run):
  """Returns the gin file of a run."""
  return _text(run.bindings, run.imports)


def _text(bindings, imports):
  lines = [f"import {module}" for module in imports]
  lines += [f"{name} = {value}" for name, value in bindings.items()]
  return "\n".join(lines) + "\n"


# ---- Cells -------------------------------------------------------------------


class _Cell(NamedTuple):
  values: dict  # {axis: value}
  bindings: dict
  imports: tuple
  bundles: dict  # what its values bind, without base and common

  @property
  def title(self):
    return _title(self.values)


def _title(values):
  return " ".join(f"{axis}={value}" for axis, value in values.items())


class _Plan:
  """All of a study that does not hang on scores, and what was worked out."""

  def __init__(self, made):
    self.study = made
    self.cells, self.of_slices = _cells(made)
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
      by_key.setdefault(_title(key), []).append(i)
    lines = _Lines()
    groups = []
    for key, members in by_key.items():

      def holds(line, members=tuple(members)):
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

  def seeds(self, phase):
    return phase.seeds or self.study.seeds

  def make(self, i, setting, seed):
    """Returns the id and the bindings of a run."""
    key = i, tuple(sorted(setting.items())), seed
    if key not in self._made:
      cell = self.cells[i]
      bindings = dict(cell.bindings)
      bindings.update(self._settings(setting))
      bindings[_SEED] = repr(seed)
      bindings = dict(sorted(bindings.items()))
      self._made[key] = _digest(bindings, cell.imports), bindings
    return self._made[key]


class _Single(search_lib.Phase):
  """What a study without a search does: the cells as they are."""

  def __init__(self):
    super().__init__("cells", None)

  def names(self):
    return []

  def settings(self, history, round, seed):
    return [{}]


class _Lines:
  """(name, text of the value) of single lines, each read once."""

  def __init__(self):
    self._read = {}

  def __call__(self, line):
    if line not in self._read:
      bindings, _ = _canonical_lines(
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

  def __init__(self, made):
    self._templates = {}
    self._names = {}
    for setting, lines in made.parameters.items():
      title = f"study.parameters: {setting}"
      self._templates[setting] = []
      for line in lines:
        bindings, _ = _canonical_lines(title, [line.replace("{}", "1")])
        [name] = bindings
        self._templates[setting].append((name, line.split("=", 1)[1].strip()))

  def __call__(self, setting):
    found = {}
    for name, value in setting.items():
      for bound, template in self._templates[name]:
        found[bound] = template.replace("{}", repr(value))
    return found


def _cells(made):
  """Returns [_Cell], each once, and for each slice the numbers of its cells."""
  base, imports = _canonical([made.base])
  common, more = _canonical_lines("study.common", made.common)
  base.update(common)
  imports += more
  bundles = {
    (axis, value): _canonical_lines(f"study.axes: {axis} = {value!r}", lines)
    for axis, values in made.axes.items()
    for value, lines in values.items()
  }
  overrides = [
    (part, _canonical_lines(f"study.overrides: {part}", lines))
    for part, lines in made.overrides
  ]
  cells, numbers, of_slices = [], {}, []
  for slice_ in made.slices or ({},):
    of_slice = []
    for values in itertools.product(
      *(_values(slice_, axis, made.axes) for axis in made.axes)
    ):
      values = dict(zip(made.axes, values))
      cell = _cell(values, base, imports, bundles)
      for part, (bindings, more) in overrides:
        if all(values[a] in _values(part, a, made.axes) for a in part):
          cell = _overridden(cell, bindings, more)
      key = _digest(cell.bindings, cell.imports)
      if key not in numbers:
        numbers[key] = len(cells)
        cells.append(cell)
      of_slice.append(numbers[key])
    of_slices.append(of_slice)
  return cells, of_slices


def _cell(values, base, imports, bundles):
  """Returns the _Cell of {axis: value}; its axes must not contradict."""
  own, owners, modules = {}, {}, list(imports)
  for pair in values.items():
    bindings, more = bundles[pair]
    modules += more
    for name, value in bindings.items():
      if own.get(name, value) != value:
        (axis, chosen), (other, its) = owners[name], pair
        raise ValueError(
          f"study.axes: {axis} = {chosen!r} binds {name} = {own[name]}, and "
          f"{other} = {its!r} binds it to {value}. Leave it to one axis, say "
          "it in study.overrides, or name no slice with both values."
        )
      own[name] = value
      owners[name] = pair
  bindings = dict(sorted({**base, **own}.items()))
  return _Cell(values, bindings, tuple(sorted(set(modules))), own)


def _overridden(cell, bindings, imports):
  return cell._replace(
    bindings=dict(sorted({**cell.bindings, **bindings}.items())),
    imports=tuple(sorted({*cell.imports, *imports})),
    bundles={**cell.bundles, **bindings},
  )


_last = []  # the plan that was worked out last


def _plan(made):
  if not _last or _last[0].study is not made:
    _last[:] = [_Plan(made)]
  return _last[0]


# ---- Runs --------------------------------------------------------------------


def runs(study, scores):
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
      (setting, _value(ids, scores, plan.study.minimize))
      for setting, ids in tried
    ]
  key = g, p, round_
  if key not in plan.proposed or plan.proposed[key][0] != trials:
    history = search_lib.History(group, trials)
    found = phase.settings(history, round_, plan.study.seed)
    plan.proposed[key] = trials, found
  return plan.proposed[key][1]


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


def count(study):
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


def describe(study):
  """Returns what the study will do, for --dry_run."""
  counted = count(study)
  adaptive = any(phase.adaptive for phase in study.search)
  lines = [
    f"Study {study.name}: {counted['runs']} runs{' at most' * adaptive}, "
    f"{counted['cells']} cells, on {study.base}",
    f"{'smallest' if study.minimize else 'largest'} {study.score} wins "
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
  return _title(
    {
      axis: "|".join(values) if isinstance(values, (list, tuple)) else values
      for axis, values in slice_.items()
    }
  )


# ---- What cannot be ----------------------------------------------------------

_NORMS = ("batch_norm_fn", "layer_norm", "spectral_norm", "weight_norm")


def impossible(study):
  """Returns {"axis=value axis=value": reason} of cells that cannot be built.

  Each distinct cell is built as its runs would be, without memory for weights.
  """
  found = {}
  for cell in _plan(study).cells:
    reason = _why_not(cell)
    if reason is not None:
      found[cell.title] = reason
  return found


def _why_not(cell):
  try:
    built = _build(cell.bindings, cell.imports)
  except (ValueError, OSError, TypeError) as error:
    return _sentence(error)
  for name, value in cell.bundles.items():
    network, _, option = name.rpartition(".")
    if option not in _NORMS or value in ("None", "False"):
      continue
    if network not in ("G", "D"):
      continue
    bindings = {k: v for k, v in cell.bindings.items() if k != name}
    try:
      without = _build(bindings, cell.imports)
    except (ValueError, TypeError):
      continue  # The binding is what makes it possible: it is not ignored.
    if without == built:
      architecture = cell.bindings["options.architecture"]
      return (
        f"{name} = {value} changes no variable: options.architecture = "
        f"{architecture} passes over it. Leave it out of this cell."
      )
  return None


def _build(bindings, imports):
  """Returns the variables of a cell's GAN, {(name, shape)}."""
  from compare_gan import evaluation
  from compare_gan import model_dir
  from compare_gan.datasets import catalogue
  from compare_gan.estimator import run_config
  from compare_gan.layers import scope

  with _own_gin():
    configuration.parse(bindings=_text(bindings, imports).splitlines())
    evaluation.settings()
    run_config.run_config()
    with scope.building(allocate=False):
      gan = model_dir.make_gan(catalogue.dataset())
    networks = gan.generator, gan.discriminator
    return {(v.name, v.shape) for net in networks for v in net.variables}
