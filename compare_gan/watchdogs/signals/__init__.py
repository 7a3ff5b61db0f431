"""One signal a file: the numbers that it takes from a look, and its verdict.

Thresholds are parameters in gin. Their docstrings give the reasons. Add one of
your own by `watchdog.signals`, see signal.py.
"""

import importlib
import pkgutil


def built_in() -> list[type]:
  """Returns the classes of the built-in signals, sorted by their files."""
  return [
    importlib.import_module(f"{__name__}.{name}").SIGNAL for name in names()
  ]


def names() -> list[str]:
  """Returns the names of their files."""
  return sorted(info.name for info in pkgutil.iter_modules(__path__))
