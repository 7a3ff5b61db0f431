"""Looks at a machine: is all here that a training needs, and does it work?

A subject is a file here with `ORDER` and `look(asked) -> list[Finding]`; a new
file is a new subject. Subjects see the leaves and what names folders and files;
TensorFlow, and all rooms that need it, are looked at by child.py, which runs in
a process of its own: what kills it is a finding too.
"""

from collections.abc import Iterator
import importlib
import pkgutil
from typing import Any

from compare_gan.doctor.finding import Asked
from compare_gan.doctor.finding import Finding
from compare_gan.doctor.finding import wrong


def subjects() -> dict[str, Any]:
  """Returns {name: module} of the subjects, in the order of their numbers."""
  names = sorted(info.name for info in pkgutil.iter_modules(__path__))
  modules = {name: _module(name) for name in names}
  found = {name: one for name, one in modules.items() if hasattr(one, "look")}
  return dict(sorted(found.items(), key=lambda pair: pair[1].ORDER))


def _module(name):
  try:
    return importlib.import_module(f"{__name__}.{name}")
  except ImportError as error:  # What it needs is not here.
    return _Unimportable(error)


class _Unimportable:
  """Stands in for a subject that lacks a package; it comes first."""

  ORDER = 0

  def __init__(self, error: ImportError) -> None:
    self._error = error

  def look(self, asked: Asked) -> list[Finding]:
    raise self._error


def examine(asked: Asked) -> Iterator[tuple[str, list[Finding]]]:
  """Yields (subject, findings), one subject after the other."""
  for name, module in subjects().items():
    yield name, _look(name, module, asked)


def _look(name, module, asked):
  """Returns the findings of a subject; a look that fails is one of them."""
  try:
    return module.look(asked)
  except Exception as error:  # noqa: BLE001  The others are looked at as well.
    said = " ".join(str(error).split()) or "no reason given"
    return [
      wrong(
        name.replace("_", " "),
        f"cannot be looked at: {type(error).__name__}: {said}",
        "Report this with the output of python -m compare_gan doctor --json, "
        "unless the reason tells what is missing.",
      )
    ]
