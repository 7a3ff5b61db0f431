"""How a program starts: quietly, and with TensorFlow but without Keras."""

from collections.abc import Iterator
import contextlib
import logging
import os
import sys
import warnings

from compare_gan.console import messages
from compare_gan.console import tensorflow_lines

_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
# What TensorFlow imports Keras by as it starts; it bears its absence.
_KERAS = "keras.src.optimizers"


def begin() -> None:
  """Makes this process a command: call it once, before TensorFlow is there.

  From then on people see our lines and errors of TensorFlow that matter. A user
  who sets TF_CPP_MIN_LOG_LEVEL sees what TensorFlow makes of it.
  """
  if _LEVEL not in os.environ:
    os.environ[_LEVEL] = "2"
    tensorflow_lines.filter_stderr()
  warnings.showwarning = messages.show_warning
  log_plainly()


def log_plainly() -> None:
  """Shows warnings that are logged as they are, without a prefix."""
  handler = logging.StreamHandler(sys.stderr)
  handler.setFormatter(logging.Formatter("%(message)s"))
  logging.root.handlers[:] = [handler]
  logging.root.setLevel(logging.WARNING)
  # Such as "5 out of the last 5 calls triggered retracing".
  logging.getLogger("tensorflow").setLevel(logging.ERROR)
  logging.getLogger("absl").setLevel(logging.ERROR)


@contextlib.contextmanager
def without_keras() -> Iterator[None]:
  """Lets TensorFlow be imported inside without Keras, which loads when asked.

  Nothing here needs Keras. It takes half a second, and its matplotlib makes a
  list of all fonts in a home that has none.
  """
  if "tensorflow" in sys.modules or _KERAS in sys.modules:
    yield
    return
  # Importing it is an ImportError then, as Python documents for None.
  sys.modules[_KERAS] = None  # type: ignore[assignment]
  try:
    yield
  finally:
    del sys.modules[_KERAS]
