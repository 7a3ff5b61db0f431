"""Whether a changed study file still describes the runs that exist."""

import dataclasses

from compare_gan.configuration import gin_text
from compare_gan.study.define import definition

# These may be raised in a study that was begun, because this changes no run.
_RAISED = ("seeds", "timeout_s", "memory_mb", "retries")
_UNSET = gin_text.Word("not set")
_DEFAULTS = {
  each.name: each.default for each in dataclasses.fields(definition.Study)
}


def require(folder: str, begun: str, text: str) -> None:
  """Raises ValueError, with the difference, if a study has become another one.

  Comments and report.sections may change; seeds, retries and limits may be
  raised.

  Args:
    folder: the study's folder.
    begun: the text that it was begun with, its study.gin.
    text: the text that it is to continue with.
  """
  old, new = _read_text(begun), _read_text(text)
  for name in dict.fromkeys([*old, *new]):
    was, is_ = old.get(name, _UNSET), new.get(name, _UNSET)
    if was == is_ or _is_raised(name, was, is_) or _is_of_report(name):
      continue
    name, was, is_ = _first_difference(name, was, is_)
    raised = ", ".join(f"study.{each}" for each in _RAISED)
    raise ValueError(
      f"{folder} holds another study: {name} is {was!r} in its study.gin and "
      f"{is_!r} here. Once a study has begun, only {raised} can be raised. "
      "Give a new folder with --out, or continue with the file and the "
      "--gin_bindings that it was begun with."
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
  default = _DEFAULTS[parameter]
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
