"""A user's own modules, named in a gin file: "my_package.my_module"."""

import importlib
import types
from typing import Optional


def module(name: str) -> Optional[types.ModuleType]:
  """Returns the module of this name, or None if there is none.

  If an import inside the user's module fails, that error is passed on, so that
  the user sees it.
  """
  try:
    return importlib.import_module(name) if name else None
  except ModuleNotFoundError as error:
    if error.name is None or not f"{name}.".startswith(f"{error.name}."):
      raise
    return None
