"""Names whose module is loaded once they are used.

Most of what gin files can name is imported before any file is read. A module
that hardly any file needs can wait:

  late_names.load_when_named("my_package.rare", ["RareOptimizer"])

It is imported, and registers its names with gin, when gin first looks one of
them up: in a file, in a binding or in code.
"""

from collections.abc import Iterable
import importlib

import gin

_MODULES: dict[str, str] = {}  # {name: module}


def load_when_named(module: str, names: Iterable[str]) -> None:
  """Makes gin import a module when it looks up one of these names.

  Args:
    module: its dotted path.
    names: without gin modules.
  """
  _MODULES.update(dict.fromkeys(names, module))


def modules() -> set[str]:
  """Returns the modules that wait for their names."""
  return set(_MODULES.values())


def load_all() -> None:
  """Imports them now, to list all names."""
  for module in sorted(modules()):
    importlib.import_module(module)


def _watch(registry):
  """Makes a gin registry load the module of a name before looking for it."""
  find = registry.matching_selectors

  def matching_selectors(selector: str) -> list[str]:
    module = _MODULES.get(selector.rpartition(".")[2])
    if module:
      with gin.unlock_config():
        importlib.import_module(module)
    return find(selector)

  registry.matching_selectors = matching_selectors


# gin has no public way to be asked for a name that it does not know yet.
_watch(gin.config._REGISTRY)
