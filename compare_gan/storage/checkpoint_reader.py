"""Reads a checkpoint, and tells damage from a disk that fails.

An unreadable checkpoint is not the same as a damaged one. If the system refuses
to read it, an OSError is raised and nothing is changed: the disk may be back
tomorrow. If its bytes can be read but are not those that were written, a
DamagedError is raised.
"""

import os
import re
import shutil
from typing import Any
from typing import Callable
import weakref

from compare_gan.storage import files
import tensorflow as tf

INSTEAD = "give another --model_dir"  # advice to a user who gets an error
_BLOCK = 2**24  # bytes

# Errors that do not mean damage, if a checkpoint's files can be read.
_REFUSALS = (
  tf.errors.AbortedError,
  tf.errors.CancelledError,
  tf.errors.DeadlineExceededError,
  tf.errors.PermissionDeniedError,
  tf.errors.ResourceExhaustedError,
  tf.errors.UnauthenticatedError,
  tf.errors.UnavailableError,
)


class DamagedError(OSError):
  """A checkpoint with files that can be read, but are not what was written."""


def load(prefix: str) -> tuple[dict[str, list[int]], Callable[[str], Any]]:
  """Returns {name: shape} and `read(name)` -> array of the checkpoint.

  Raises:
    FileNotFoundError: there is no such checkpoint.
    DamagedError: its files can be read, but are not what was written.
    OSError: it cannot be read.
  """
  reader = _try_twice(prefix, lambda: _Reader(prefix))

  def read(name: str) -> Any:
    return _try_twice(prefix, lambda: reader.read(name), f": {name}")

  return reader.shapes, read


# ---- TensorFlow's reader -----------------------------------------------------


def _try_twice(prefix, function, part=""):
  """Returns `function()`; an error carries the reason found in the files.

  TensorFlow's errors do not tell damage from a disk that failed for a moment.
  A second try does.
  """
  try:
    return function()
  except _READERS_ERRORS:
    _check_files(prefix)
  try:
    return function()
  except OSError as error:
    raise files.unreadable(f"{prefix}{part}", error, INSTEAD) from error
  except _REFUSALS as error:
    reason = OSError(reason_of(error))
    raise files.unreadable(f"{prefix}{part}", reason, INSTEAD) from error
  except _READERS_ERRORS as error:
    reason = reason_of(error).rstrip(".")
    if not os.path.lexists(f"{prefix}.index"):
      raise FileNotFoundError(
        f"{prefix!r} is not a readable checkpoint: {reason}. There is no "
        f"{prefix}.index."
      ) from error
    raise DamagedError(f"{prefix} is damaged{part}: {reason}.") from error


# TensorFlow's reader raises IndexError for a file that is too short.
_READERS_ERRORS = (tf.errors.OpError, LookupError, ValueError, OSError)


class _Reader:
  """TensorFlow's reader, for a path with any characters.

  A path that is a pattern to TensorFlow is read through links with plain names.
  The links last as long as the reader, which opens the data later.
  """

  def __init__(self, prefix: str) -> None:
    if files.is_pattern(prefix):
      prefix = self._link(prefix)
    self._reader = files.call(tf.train.load_checkpoint, prefix)
    self.shapes = self._reader.get_variable_to_shape_map()

  def read(self, name: str) -> Any:
    return files.call(self._reader.get_tensor, name)

  def _link(self, prefix):
    links = files.make_plain_folder()
    weakref.finalize(self, shutil.rmtree, links, ignore_errors=True)
    plain = os.path.join(links, "checkpoint")
    for path in files_of(prefix):
      link = f"{plain}{path[len(prefix) :]}"
      files.call(os.symlink, os.path.abspath(path), link)
    return plain


def files_of(prefix: str) -> list[str]:
  """Returns the paths of a checkpoint's files, its index last.

  A checkpoint of TensorFlow 1's first format is the one file `prefix`.
  """
  folder, base = os.path.split(prefix)
  pattern = re.escape(base) + r"(\.index|\.data-\d+-of-\d+)?"
  names = [
    name for name in files.names(folder or ".") if re.fullmatch(pattern, name)
  ]
  names.sort(key=lambda name: name.endswith(".index"))
  return [os.path.join(folder, name) for name in names]


def _check_files(prefix):
  """Reads all files of a checkpoint; one that cannot be read is an OSError."""
  found = files_of(prefix)
  if not {prefix, f"{prefix}.index"} & set(found):
    raise FileNotFoundError(
      f"{prefix!r} is not a readable checkpoint: there is no {prefix}.index."
    )
  for path in found:
    _check_file(path)


def _check_file(path):
  try:
    with files.call(open, path, "rb") as file:
      while files.call(file.read, _BLOCK):
        pass
  except OSError as error:
    leads_nowhere = os.path.islink(path) and not os.path.exists(path)
    reason = dangling_link(path) if leads_nowhere else error
    raise files.unreadable(path, reason, INSTEAD) from error


def dangling_link(path: str) -> OSError:
  """Returns the reason why a link cannot be read."""
  return OSError(f"it links to {os.readlink(path)}, which does not exist")


def reason_of(error: Exception) -> str:
  """Returns what an error of TensorFlow says, without the op's name."""
  return str(error).split(" [Op:")[0]
