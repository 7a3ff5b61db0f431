"""Old names of what has moved, for documents that still show them.

Each package with a name on the left of the table below has
`__getattr__ = moved.forwarder(__name__)`.
"""

from collections.abc import Callable
import pkgutil
from typing import Any
import warnings

# {old name: new name}, both without "compare_gan.".
_NOW = {
  "configuration.parse": "configuration.gin_files.parse",
  "model_dir": "storage.model_dir",
  "sampling": "evaluation.sampling",
  "study.table": "study.run.table",
}


def forwarder(package: str) -> Callable[[str], Any]:
  """Returns a `__getattr__` for a package that finds what has moved."""

  def find(name: str) -> Any:
    was = f"{package}.{name}"
    if was.partition(".")[2] not in _NOW:
      raise AttributeError(f"{package} has no {name}.")
    now = f"compare_gan.{_NOW[was.partition('.')[2]]}"
    warnings.warn(
      f"{was} has moved to {now}.", DeprecationWarning, stacklevel=2
    )
    return pkgutil.resolve_name(now)

  return find
