"""What a metric or an extractor is called with by itself: defaults and gin.

Protocol cards hold it, whatever the function is: nothing here knows a metric by
its name, so one of one's own is on the card like those of this package.
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
  """Returns {name: value} of what a function will be called with by itself.

  These are its defaults and what gin binds, of any function that gin may know:
  a metric or an extractor of one's own too. Values are as JSON has them; a
  function is its name and its parameters. Left out is what gin_roles.py knows
  as a path, for not where a file is decides, but what it holds; and what it
  knows as a speed.
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
      except ValueError:  # It is not gin's, but what it wraps may be.
        if not hasattr(function, "__wrapped__"):
          return {}
      # gin calls what @scope/name refers to in this scope.
      scope = _scope(function)
      if scope:
        scopes.enter_context(gin.config_scope(scope))
      function = function.__wrapped__


def _scope(function):
  """Returns the scope of a function that gin has made for a reference."""
  if not inspect.isfunction(function):
    return None
  return inspect.getclosurevars(function).nonlocals.get("scope_components")


def plain(value: Any) -> Any:
  """Returns a value as JSON has it: equal for equal values, in any process."""
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
  except (TypeError, ValueError):  # It is Python's own, without a signature.
    return {}
