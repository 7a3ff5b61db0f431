"""The parameters of a metric or an extractor: defaults and gin bindings.

They are on protocol cards, for any function: nothing here knows a metric by its
name, so your own metric is on the card like those of this package.
"""

import contextlib
import copy
import inspect
import re
from typing import Any
from typing import Callable

from compare_gan.configuration import gin_roles
from compare_gan.metrics import contract
import gin
import numpy as np


def parameters(function: Callable) -> dict[str, Any]:
  """Returns {name: value} of a function's defaults and gin bindings.

  They are what a call without arguments uses. The function is a metric or an
  extractor, also your own. Values have JSON's types; a function becomes its
  name and its parameters. What gin_roles.py declares as a path is left out,
  because a file's content matters, not its place; so is what it declares as a
  speed.
  """
  found = {
    p.name: p.default
    for p in inspect.signature(function).parameters.values()
    if p.default is not inspect.Parameter.empty
  }
  found.update(_bound(function))
  if contract.is_told_num_classes(function):
    found.pop(contract.NUM_CLASSES, None)
  if contract.scores_resamples(function):
    found.pop(contract.RESAMPLES, None)
  return {
    name: plain(value)
    for name, value in sorted(found.items())
    if not _is_left_out(f"{getattr(function, '__name__', '')}.{name}")
  }


def _is_left_out(name):
  return gin_roles.is_path(name) or gin_roles.is_speed(name)


def _bound(function):
  """Returns {parameter: value} that gin gives to a function."""
  with contextlib.ExitStack() as scopes:
    while True:
      try:
        return dict(gin.get_bindings(function, resolve_references=False))
      except ValueError:  # not gin's, but what it wraps may be
        if not hasattr(function, "__wrapped__"):
          return {}
      # gin calls the target of @scope/name in this scope.
      scope = _scope(function)
      if scope:
        scopes.enter_context(gin.config_scope(scope))
      function = function.__wrapped__


def _scope(function):
  """Returns the scope of a function that gin made for a reference."""
  if not inspect.isfunction(function):
    return None
  return inspect.getclosurevars(function).nonlocals.get("scope_components")


def plain(value: Any) -> Any:
  """Returns a value in JSON's types: equal for equal values in any process."""
  if isinstance(value, gin.config.ConfigurableReference):
    if repr(value).startswith("%"):  # a macro
      return plain(copy.deepcopy(value))
    called = {"called": True} if value.evaluate else {}
    return {**plain(value.scoped_configurable_fn), **called}
  if isinstance(value, np.generic):
    value = value.item()
  if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
    return int(value)  # 10 and 10.0 are one score.
  if value is None or isinstance(value, (bool, int, float, str)):
    return value
  if isinstance(value, dict):
    return {str(key): plain(value[key]) for key in sorted(value, key=str)}
  if isinstance(value, (list, tuple)):
    return [plain(x) for x in value]
  if isinstance(value, np.ndarray):
    return {"shape": list(value.shape), "values": plain(value.tolist())}
  if inspect.isroutine(value) or inspect.isclass(value):
    return {
      "function": f"{value.__module__}.{value.__qualname__}",
      "parameters": _parameters_if_any(value),
    }
  kind = type(value)
  without_address = re.sub(r" at 0x[0-9a-f]+", "", repr(value))
  return {
    "object": f"{kind.__module__}.{kind.__qualname__}",
    "values": plain(getattr(value, "__dict__", without_address)),
  }


def _parameters_if_any(function):
  try:
    return parameters(function)
  except (TypeError, ValueError):  # a builtin without a signature
    return {}
