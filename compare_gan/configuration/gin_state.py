"""What gin holds: bindings, what was used of them, singletons and imports."""

from collections.abc import Iterator
import contextlib

import gin
from gin import config as gin_config

_STATE = ("_CONFIG", "_OPERATIVE_CONFIG", "_SINGLETONS", "_IMPORTS")


def is_bound(name: str) -> bool:
  """Returns whether a parameter has a binding; gin does not record that."""
  try:
    gin.query_parameter(name)
  except ValueError:
    return False
  return True


@contextlib.contextmanager
def own_gin() -> Iterator[None]:
  """Gives gin no bindings inside the context, and its old ones afterwards."""
  locked = gin.config_is_locked()
  kept = {name: getattr(gin_config, name).copy() for name in _STATE}
  gin.clear_config()
  try:
    yield
  finally:
    gin.clear_config()
    for name, state in kept.items():
      held = getattr(gin_config, name)
      held.clear()
      held.update(state)
    gin_config._set_config_is_locked(locked)
