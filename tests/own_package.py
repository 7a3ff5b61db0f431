"""my_package, which documents show, and other modules that tests write."""

import importlib
import sys

import gin

NAME = "my_package"


def forget(package: str = NAME) -> None:
  """Lets the next import find the package of the test that calls this.

  gin has no public way to forget names, which other tests must not find.

  Args:
    package: its name, or that of a module.
  """
  for name in list(sys.modules):
    if name == package or name.startswith(f"{package}."):
      del sys.modules[name]
  for selector, _ in list(gin.config._REGISTRY.items()):
    if selector.startswith(f"{package}."):
      gin.config._REGISTRY.pop(selector)
  importlib.invalidate_caches()
