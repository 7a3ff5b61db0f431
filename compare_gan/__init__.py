"""compare_gan: a gin-configured library for research on GANs (TensorFlow 2)."""

import importlib
import os
import warnings

from compare_gan.version import __version__

__all__ = ["__version__"]

# TensorFlow 2.6 asks for this variable as soon as its C++ part is loaded, and
# sets it a moment later. If absl has parsed flags by then, as in `app.run`, the
# first question comes too early: loops of a graph are then not registered
# ("Op type not registered 'while_cond_...'") and no training starts.
os.environ.setdefault("TF2_BEHAVIOR", "1")

# Where modules are that stood here once, and that documents have shown.
_MOVED = {
  "model_dir": "compare_gan.storage.model_dir",
  "sampling": "compare_gan.evaluation.sampling",
}


def __getattr__(name):
  """Returns a module that has moved, for `from compare_gan import <name>`."""
  if name not in _MOVED:
    raise AttributeError(f"compare_gan has no {name}.")
  warnings.warn(
    f"compare_gan.{name} is {_MOVED[name]} now.",
    DeprecationWarning,
    stacklevel=2,
  )
  return importlib.import_module(_MOVED[name])
