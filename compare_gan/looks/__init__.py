"""What can be seen of a model: the kinds of `sample --make`, one file each.

A file of this folder with a function `make` is a kind, and its name is the
file's. The first line of its docstring is its line in `sample --help`.

  make(subject, args)    makes the files, of a subject.Subject and the flags
  check(gan, args)       optional: raises ValueError if something cannot be
                         made, before anything is
  add_arguments(parser)  optional: adds flags of its own

Everything that a kind computes is a pure function of arrays next to `make`. A
module of your own, --make=my_package.my_look, is also a kind; it has no flags
and gets its settings from gin.

This room is separate from pictures/ because it sees models, features and
metrics; pictures/ draws arrays and sees none of them.
"""

import argparse
import importlib
import inspect
import pkgutil
from types import ModuleType

from compare_gan.configuration import dotted_path


def kinds() -> dict[str, ModuleType]:
  """Returns {name: module} of the kinds in this folder."""
  modules = {
    info.name: importlib.import_module(f"{__name__}.{info.name}")
    for info in pkgutil.iter_modules(__path__)
  }
  return {
    name: module for name, module in modules.items() if hasattr(module, "make")
  }


def find(names: str) -> dict[str, ModuleType]:
  """Returns {name: module} of --make, such as "grid,npz"."""
  known = kinds()
  found = {name: known.get(name) or _own(name) for name in names.split(",")}
  unknown = [name for name, module in found.items() if module is None]
  if unknown:
    raise ValueError(
      f"--make={names}: {', '.join(unknown)} is unknown. It can be "
      f"{', '.join(known)}, or the dotted path of a module of your own with a "
      "function make(subject, args)."
    )
  return found


def _own(name):
  module = dotted_path.module(name) if "." in name else None
  return module if hasattr(module, "make") else None


def add_arguments(parser: argparse.ArgumentParser) -> None:
  """Adds the flags of all kinds."""
  for module in kinds().values():
    if hasattr(module, "add_arguments"):
      module.add_arguments(parser)


def described() -> str:
  """Returns a line for each kind."""
  lines = []
  for name, module in kinds().items():
    first = (inspect.getdoc(module) or "").split("\n")[0]
    lines.append(f"  {name:15}{first}")
  return "\n".join(lines)
