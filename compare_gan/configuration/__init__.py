"""Which names gin knows, and how its files are found and read.

gin_files imports all that it makes known to gin, and so sees every room; what
reads gin's texts (gin_text, gin_roles, dotted_path) may be seen by every room.
"""

import importlib
import warnings


def __getattr__(name):
  """Returns what `compare_gan.configuration`, once a module, had by a name."""
  module = importlib.import_module("compare_gan.configuration.gin_files")
  if name.startswith("_") or not hasattr(module, name):
    raise AttributeError(f"compare_gan.configuration has no {name}.")
  warnings.warn(
    f"compare_gan.configuration.{name} is compare_gan.configuration.gin_files."
    f"{name} now.",
    DeprecationWarning,
    stacklevel=2,
  )
  return getattr(module, name)
