"""my_package, which documents show: several tests write one of their own."""

import importlib
import sys

import gin

NAME = "my_package"


def forget():
  """Lets the next import find the package of the test that calls this.

  gin has no public way to forget names, which other tests must not find.
  """
  for name in list(sys.modules):
    if name == NAME or name.startswith(f"{NAME}."):
      del sys.modules[name]
  for selector, _ in list(gin.config._REGISTRY.items()):
    if selector.startswith(f"{NAME}."):
      gin.config._REGISTRY.pop(selector)
  importlib.invalidate_caches()
