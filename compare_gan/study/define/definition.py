"""What a study file says: `study.*`.

  study.base = "sndcgan_cifar10.gin"
  study.axes = {
    "penalty": {"none": ["penalty.fn = @no_penalty"],
                "gp": ["penalty.fn = @wgangp_penalty"]},
    "norm": {"none": ["D.spectral_norm = False"],
             "sn": ["D.spectral_norm = True"]},
  }
  study.slices = [{"norm": "none"}, {"penalty": "none"}]
  study.search = [@fixed_sets(), @gp_bandit()]

plan.py makes runs of it.
"""

from collections.abc import Iterable
from collections.abc import Sequence
import inspect
import os
from typing import Any
from typing import NamedTuple
from typing import Optional
from typing import Union

from compare_gan.configuration import gin_files
from compare_gan.configuration import gin_text
from compare_gan.study.define import bindings as bindings_lib
from compare_gan.study.define import search as search_lib
from compare_gan.study.report import sections  # noqa: F401  (report.sections)
import gin

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
# What may be raised in a study that was begun: no run becomes another by it.
_RAISED = ("seeds", "timeout_s", "memory_mb", "retries")
_UNSET = gin_text.Word("not set")
_MINIMIZE = (None, True, False)
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
  minimize: Optional[bool]
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
  # Whether seeds differ in the order of images and their flips too. Studies
  # that an earlier version has begun say no, see conductor.as_begun.
  seeds_data: bool = True


@gin.configurable("study", module="compare_gan.study")
def study(
  base: str = gin.REQUIRED,
  name: Optional[str] = None,
  common: Sequence[str] = (),
  axes: Optional[dict[str, dict[Any, Sequence[str]]]] = None,
  slices: Union[str, Sequence[dict[str, Any]]] = (),
  overrides: Sequence[tuple[dict[str, Any], Sequence[str]]] = (),
  search: Sequence[search_lib.Phase] = (),
  seeds: int = 1,
  score: str = "fid_classifier",
  minimize: Optional[bool] = None,
  checkpoint: str = "last",
  parameters: Optional[dict[str, Sequence[str]]] = None,
  inert: Optional[dict[str, Sequence[str]]] = None,
  groups: Optional[Sequence[str]] = None,
  seed: int = 123,
  timeout_s: Optional[float] = None,
  memory_mb: Optional[int] = None,
  retries: int = 1,
  eval_every_steps: int = 1,
  eval_runs: int = 1,
  flags: Sequence[str] = (),
  on_impossible: str = "refuse",
) -> Study:
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
    seeds: how many of them each setting is trained with: 1, 2, ... One is the
      run_config.tf_random_seed of its run, and the dataset.seed too unless that
      is bound.
    score: what decides, a score by its name in the tables. The metric that
      returns it declares whether lower or higher is better.
    minimize: True or False overrides that; None leaves it to the metric.
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


def find(path: str) -> str:
  """Returns the path of a study file, or of the one in configs/studies/."""
  return gin_files.find(path, "studies", "study run ")


def load(path: str, bindings: Iterable[str] = ()) -> Study:
  """Returns the Study of a file; gin is left as it was.

  Args:
    path: of the file, or the name of one in configs/studies/.
    bindings: lines of gin on top of it.
  """
  path = find(path)
  with bindings_lib.own_gin():
    gin_files.register()
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
    return gin_files.find(base)
  except FileNotFoundError:
    raise FileNotFoundError(
      f"study.base = {base!r}: there is no such file, neither here nor beside "
      "the study file, nor a card of this name in configs/."
    ) from None


# ---- Two texts of a study ----------------------------------------------------


def require_same_runs(folder: str, begun: str, text: str) -> None:
  """Raises ValueError, with the difference, if a study has become another.

  Comments and report.sections may change; seeds, retries and limits may be
  raised.

  Args:
    folder: of the study.
    begun: the text that it was begun with, its study.gin.
    text: the one that it is to go on with.
  """
  old, new = _read_text(begun), _read_text(text)
  for name in dict.fromkeys([*old, *new]):
    was, is_ = old.get(name, _UNSET), new.get(name, _UNSET)
    if was == is_ or _is_raised(name, was, is_) or _is_of_report(name):
      continue
    name, was, is_ = _first_difference(name, was, is_)
    raise ValueError(
      f"{folder} holds another study: {name} is {was!r} in its study.gin "
      f"and {is_!r} here. Of a study that was begun "
      f"{', '.join(f'study.{each}' for each in _RAISED)} can be raised. Name a "
      "new folder by --out, or go on with the file and the --gin_bindings that "
      "it was begun with."
    )


def _read_text(text):
  """Returns {name: value} of a text, macros filled in, its imports included."""
  bound, imports = gin_text.read(text)
  found = {
    name: gin_text.resolved(value, bound)
    for name, value in bound.items()
    if "." in name
  }
  included = [
    line.strip() for line in text.splitlines() if line.startswith("include ")
  ]
  return {**found, "import": imports or _UNSET, "include": included or _UNSET}


def _is_raised(name, was, is_):
  function, _, parameter = name.rpartition(".")
  if function.rpartition(".")[2] != "study" or parameter not in _RAISED:
    return False
  default = inspect.signature(study).parameters[parameter].default
  was = default if was is _UNSET else was
  is_ = default if is_ is _UNSET else is_
  if default is None and None in (was, is_):
    return is_ is None  # no limit
  numbers = isinstance(was, (int, float)) and isinstance(is_, (int, float))
  return numbers and is_ >= was


def _is_of_report(name):
  """Returns whether a name is report.sections, which changes no run."""
  return f".{name}".endswith(".report.sections")


def _first_difference(name, was, is_):
  """Returns (name, was, is) of the first entry in which two values differ."""
  while isinstance(was, dict) and isinstance(is_, dict):
    key = next(
      key
      for key in {**was, **is_}
      if was.get(key, _UNSET) != is_.get(key, _UNSET)
    )
    name = f"{name}[{key!r}]"
    was, is_ = was.get(key, _UNSET), is_.get(key, _UNSET)
  return name, was, is_


# ---- What a study may say ----------------------------------------------------


def _check(made):
  """Raises ValueError, a sentence, for the first thing that cannot be."""
  for name, least in _COUNTS:
    value = getattr(made, name)
    if not isinstance(value, int) or value < least:
      raise ValueError(
        f"study.{name} = {value!r}; an int of {least} or more would do."
      )
  _require_one_of("minimize", made.minimize, _MINIMIZE)
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
    for value in values(part, axis, axes):
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


def values(
  slice_: dict[str, Any], axis: str, axes: dict[str, Any]
) -> list[Any]:
  """Returns the values that a slice has of an axis."""
  if axis not in slice_:
    return list(axes[axis])
  values = slice_[axis]
  return list(values) if isinstance(values, (list, tuple)) else [values]
