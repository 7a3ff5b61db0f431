"""What a user names in a gin file: "my_package.my_module", or a thing in it."""

import importlib
import pkgutil
import types
from typing import Any
from typing import Callable
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


def callables(parameter: str, named: Any, example: str) -> list[Callable]:
  """Returns the callables of a list of @names and of dotted paths.

  Args:
    parameter: the gin name of the list, for error messages.
    named: the list.
    example: one that is accepted, for error messages.

  Raises:
    ValueError: an item is neither a callable nor the path of one.
  """
  accepted = (
    f"It must be a list of @names and of dotted paths, such as {example}."
  )
  if not isinstance(named, (list, tuple)):
    raise ValueError(f"{parameter} = {named!r}. {accepted}")
  return [_callable(parameter, item, accepted) for item in named]


def _callable(parameter, item, accepted):
  made = item
  if isinstance(item, str):
    try:
      made = pkgutil.resolve_name(item)
    except (AttributeError, ModuleNotFoundError, ValueError) as error:
      raise ValueError(
        f"{parameter} names {item!r}, which cannot be found ({error}). "
        f"{accepted}"
      ) from error
  if not callable(made):
    raise ValueError(
      f"{parameter} names {item!r}, which is neither a class nor a function. "
      f"{accepted}"
    )
  return made
