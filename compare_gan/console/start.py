"""Starts a program quietly, and TensorFlow without Keras."""

from collections.abc import Iterator
import contextlib
import logging
import os
import sys
import warnings

from compare_gan.console import messages
from compare_gan.console import tensorflow_lines

_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
# TensorFlow imports Keras by this name at start, but can do without.
_KERAS = "keras.src.optimizers"
_set_here: set[str] = set()  # environment variables that `begin` has set


def begin() -> None:
  """Makes this process a command: call it once, before importing TensorFlow.

  From then on users see our lines and the errors of TensorFlow that matter. If
  a user sets TF_CPP_MIN_LOG_LEVEL, TensorFlow's lines are not filtered.
  """
  if _LEVEL not in os.environ:
    os.environ[_LEVEL] = "2"
    _set_here.add(_LEVEL)
    tensorflow_lines.filter_stderr()
  warnings.showwarning = messages.show_warning
  sys.excepthook = messages.show_uncaught
  log_plainly()


def users_environment() -> dict[str, str]:
  """Returns the environment variables without those that `begin` has set.

  A command that this process starts then filters its own lines.
  """
  return {k: v for k, v in os.environ.items() if k not in _set_here}


def log_plainly() -> None:
  """Shows logged warnings without a prefix."""
  handler = logging.StreamHandler(sys.stderr)
  handler.setFormatter(logging.Formatter("%(message)s"))
  logging.root.handlers[:] = [handler]
  logging.root.setLevel(logging.WARNING)
  # Such as "5 out of the last 5 calls triggered retracing".
  logging.getLogger("tensorflow").setLevel(logging.ERROR)
  logging.getLogger("absl").setLevel(logging.ERROR)


@contextlib.contextmanager
def without_keras() -> Iterator[None]:
  """Makes imports of TensorFlow inside skip Keras, which loads on demand.

  Nothing here needs Keras. It takes half a second, and its matplotlib makes a
  list of all fonts if the home directory has none.
  """
  if "tensorflow" in sys.modules or _KERAS in sys.modules:
    yield
    return
  # None makes importing it an ImportError, as Python documents.
  sys.modules[_KERAS] = None  # type: ignore[assignment]
  try:
    yield
  finally:
    del sys.modules[_KERAS]
