"""Values that do not fit their parameter: types, ranges, roles of references.

A role is what a kind of `compare_gan list` says: @hinge is one of losses, which
loss.fn chooses. What is of no kind is compared by the annotations.
"""

import collections.abc
from collections.abc import Iterator
import typing
from typing import Any
from typing import Optional

from compare_gan.checks import findings
from compare_gan.checks import known
from compare_gan.checks import values
from compare_gan.checks.bindings import Read
from compare_gan.checks.findings import Finding
from compare_gan.configuration import gin_text

_SHOWN = 8  # names in a message
_COMPLETE = ("gans",)  # kinds of which gin knows each member, a user's too
_CALLED = ("schedules",)  # kinds whose members are written with brackets
_CALLED_OR_NOT = ("trackers",)  # kinds whose members may be


def check(read: Read, kinds: dict[str, known.Kind]) -> Iterator[Finding]:
  """Yields a finding for each value that its parameter refuses."""
  macros = read.macros()
  for binding in read.bindings:
    one = known.find_or_none(binding.selector) if binding.parameter else None
    if one is None or binding.parameter not in one.parameters:
      continue
    value = gin_text.resolved(binding.value, macros)
    parameter = one.parameters[binding.parameter]
    found = _problem(f"{one.name}.{parameter.name}", value, parameter, kinds)
    if found is not None:
      yield findings.error(
        found.code, binding.place, binding.name, f"{binding}. {found.text}"
      )


def _problem(name, value, parameter, kinds) -> Optional[values.Problem]:
  kind = known.kind_of_parameter(name, kinds)
  if kind is None:
    return _default_or_problem(value, parameter)
  references = known.references_in(value)
  for found in references:
    problem = _problem_of_kind(found, kind, kinds)
    if problem is not None:
      return problem
  are_members = references and all(_is_member(r, kind) for r in references)
  if not are_members:
    return _default_or_problem(value, parameter)
  is_list = typing.get_origin(parameter.hint) is collections.abc.Sequence
  if is_list != isinstance(value, (list, tuple)):
    return values.Problem("type", f"It must be {_shape(kind, is_list)}.")
  return None


def _shape(kind, is_list):
  example = next(iter(kind.members))
  return f"a list, such as [{example}]" if is_list else f"one name, {example}"


def _default_or_problem(value: Any, parameter: known.Parameter):
  """Returns the problem of a value; the default is never one."""
  if parameter.has_default and value is parameter.default:
    return None
  return values.problem(value, parameter.hint)


def _problem_of_kind(found, kind, kinds):
  if _is_member(found, kind):
    is_called = kind.name in _CALLED
    if found.is_called == is_called or kind.name in _CALLED_OR_NOT:
      return None
    name = f"{found.scope}/{found.name}" if found.scope else found.name
    if is_called:
      return values.Problem("role", f"It is not called. Write @{name}().")
    return values.Problem(
      "role", f"It is called. Leave out the brackets: @{name}."
    )
  if known.find_or_none(found.name) is None:
    return None  # names.py says so.
  others = [other.name for other in kinds.values() if _is_member(found, other)]
  if not others and kind.name not in _COMPLETE:
    return None
  if not others:
    return values.Problem(
      "role",
      f"@{found.name} is none of {kind.name}: {_some(kind)}.",
    )
  return values.Problem(
    "role",
    f"@{found.name} is one of {' and '.join(others)}. It must be one of "
    f"{kind.name}: {_some(kind)}.",
  )


def _some(kind):
  names = list(kind.members)
  if len(names) <= _SHOWN:
    return ", ".join(names)
  shown = ", ".join(names[:_SHOWN])
  return f"{shown} and others, which `compare_gan list {kind.name}` shows"


def _is_member(found: known.Reference, kind: known.Kind) -> bool:
  one = known.find_or_none(found.name)
  return one is not None and one.made in known.members(kind).values()
