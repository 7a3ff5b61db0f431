"""Mistakes in what a study file says: `study.*` that does not fit together.

Each check raises ValueError with a sentence on the first mistake that it finds.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from typing import Any

from compare_gan.study.define import search as search_lib

if TYPE_CHECKING:
  from compare_gan.study.define import definition

_COUNTS = (
  ("seeds", 1),
  ("first_seed", 0),
  ("retries", 0),
  ("eval_runs", 1),
  ("eval_every_steps", 1),
)
_CHOICES = (
  ("minimize", (None, True, False)),
  ("checkpoint", ("last", "best", "min")),
  ("on_impossible", ("refuse", "skip")),
)


def refuse(study: definition.Study) -> None:
  """Raises ValueError if a setting of the study is a mistake."""
  _check_counts(study)
  _check_choices(study)
  _check_axes(study)
  _check_slices(study)
  _check_overrides(study)
  _check_baselines(study)
  _check_groups(study)
  _check_parameters(study)
  _check_search(study)
  _check_inert(study)


def values_of_slice(
  slice_: dict[str, Any], axis: str, axes: dict[str, Any]
) -> list[Any]:
  """Returns the values of an axis that a slice has."""
  if axis not in slice_:
    return list(axes[axis])
  values = slice_[axis]
  return list(values) if isinstance(values, (list, tuple)) else [values]


def _check_counts(study):
  for name, least in _COUNTS:
    value = getattr(study, name)
    if not isinstance(value, int) or value < least:
      raise ValueError(
        f"study.{name} = {value!r}; it must be an int of {least} or more."
      )


def _check_choices(study):
  for name, choices in _CHOICES:
    require_one_of(name, getattr(study, name), choices)


def _check_axes(study):
  for axis, values in study.axes.items():
    if not isinstance(values, dict) or not values:
      raise ValueError(
        f"study.axes: {axis} is {values!r}. It must be "
        "{value: [lines of gin]}."
      )
    for value, lines in values.items():
      _require_lines(f"study.axes: {axis} = {value!r}", lines)
  _require_lines("study.common", study.common)


def _check_slices(study):
  for slice_ in study.slices:
    _require_slice("study.slices", slice_, study.axes)


def _check_overrides(study):
  for override in study.overrides:
    if not isinstance(override, (list, tuple)) or len(override) != 2:
      raise ValueError(
        f"study.overrides holds {override!r}. It must hold pairs of "
        "{axis: value} and [lines of gin]."
      )
    _require_slice("study.overrides", override[0], study.axes)
    _require_lines(f"study.overrides: {override[0]}", override[1])


def _check_baselines(study):
  _require_slice("study.baselines", study.baselines, study.axes)
  for axis, value in study.baselines.items():
    if isinstance(value, (list, tuple)):
      raise ValueError(
        f"study.baselines: {axis} has {value!r}. It must be a single value of "
        "the axis."
      )


def _check_groups(study):
  for axis in study.groups:
    _require_axis("study.groups", axis, study.axes)


def _check_parameters(study):
  for name, lines in study.parameters.items():
    _require_lines(f"study.parameters: {name}", lines)
    if not all("{}" in line for line in lines):
      raise ValueError(
        f"study.parameters: {name} is {lines!r}, but each line needs a {{}} "
        "for the value: 'options.lamba = {}'."
      )


def _check_search(study):
  names = []
  for phase in study.search:
    if not isinstance(phase, search_lib.Phase):
      raise ValueError(
        f"study.search holds {phase!r}. Phases are given by reference, with "
        "brackets: [@fixed_sets(), @gp_bandit()]."
      )
    unknown = set(phase.names()) - set(study.parameters)
    if unknown:
      raise ValueError(
        f"study.search: {phase.name} sets {', '.join(sorted(unknown))}, which "
        f"nothing binds. study.parameters has {', '.join(study.parameters)}."
      )
    names.append(phase.name)
  if len(set(names)) < len(names):
    raise ValueError(
      f"study.search has phases of one name: {', '.join(names)}. Set the name "
      "of one of them: @wide/random_search() and wide/random_search.name."
    )


def _check_inert(study):
  for line, settings in study.inert.items():
    for name in settings:
      if name not in study.parameters:
        raise ValueError(
          f"study.inert: {line!r} names {name!r}, which is not a setting. "
          f"study.parameters has {', '.join(study.parameters)}."
        )


def _require_slice(title, slice_, axes):
  if not isinstance(slice_, dict):
    raise ValueError(f"{title} holds {slice_!r}. It must hold {{axis: value}}.")
  for axis in slice_:
    _require_axis(title, axis, axes)
    for value in values_of_slice(slice_, axis, axes):
      if value not in axes[axis]:
        raise ValueError(
          f"{title}: {axis} has no value {value!r}. It has "
          f"{', '.join(map(str, axes[axis]))}."
        )


def require_one_of(name: str, value: Any, choices: Iterable[Any]) -> None:
  """Raises ValueError unless study.`name` is one of the choices."""
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
      f"{title} is {lines!r}. It must be a list of lines of gin, as strings, "
      "or of names of gin files."
    )


def _require_axis(title, axis, axes):
  if axis not in axes:
    raise ValueError(
      f"{title}: there is no axis {axis!r}. study.axes has "
      f"{', '.join(axes) or 'none'}."
    )
