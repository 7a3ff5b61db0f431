"""Arrays that are made once and kept on disk, in $COMPARE_GAN_CACHE.

A file is an .npy followed by the SHA-256 of everything before. It appears under
its name when it is complete, so any number of processes may make it at once. A
damaged file is made anew.
"""

import atexit
import contextlib
import functools
import hashlib
import logging
import os
import pathlib
import shutil
import tempfile
from typing import Callable

from compare_gan.datasets import in_memory
from compare_gan.datasets import places
from compare_gan.storage import files
import numpy as np

_LOG = logging.getLogger(__name__)
_DIGEST = hashlib.sha256().digest_size
_BLOCK = 2**24


folder = places.cache_folder


def array(name: str, make: Callable[[], np.ndarray]) -> np.ndarray:
  """Returns what `make()` returned when it was called for this name.

  If the cache cannot be used, for example because its folder belongs to another
  user, there is one warning and the array is made each time.

  Args:
    name: of the file. It must contain everything that the content depends on,
      including a version.
    make: returns an array; called if there is no intact file.
  """
  path = folder() / f"{name}.npy"
  try:
    if files.call(_is_intact, path):
      return files.call(_load, path)
    _LOG.warning("%s is damaged and will be made again.", path)
  except FileNotFoundError:
    _LOG.warning("Making %s once, which may take minutes.", path)
  except OSError as error:
    _warn_of_missing_cache(path, "read", error)
    return np.ascontiguousarray(make())
  made = np.ascontiguousarray(make())
  try:
    _write(path, made)
  except OSError as error:
    _warn_of_missing_cache(path, "written", error)
  return made


def _warn_of_missing_cache(path, done, error):
  """Warns, once for each folder, that the cache cannot be used."""
  if path.parent in _warned:
    return
  _warned.add(path.parent)
  _LOG.warning(
    "%s cannot be %s (%s): each process will compute again what the cache "
    "would hold. Set COMPARE_GAN_CACHE=/path to a folder of your own.",
    path,
    done,
    error.strerror or error,
  )


_warned: set[pathlib.Path] = set()


def writable_folder() -> pathlib.Path:
  """Returns the folder of the cache, or a temporary one if it is not writable.

  The temporary one lasts as long as the process, and there is a warning.
  """
  path = folder()
  try:
    files.call(os.makedirs, path, exist_ok=True)
    files.call(tempfile.TemporaryFile, dir=path).close()
    return path
  except OSError as error:
    _warn_of_missing_cache(path / "files", "written", error)
    return _temporary_folder()


@functools.cache
def _temporary_folder():
  path = pathlib.Path(tempfile.mkdtemp(prefix="compare_gan-"))
  atexit.register(shutil.rmtree, path, ignore_errors=True)
  return path


def _load(path):
  with open(path, "rb") as file:
    version = np.lib.format.read_magic(file)
    if version != (1, 0):
      raise ValueError(f"{path} is an .npy of version {version}, not (1, 0).")
    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    array = in_memory.empty(shape, dtype)
    if file.readinto(array.reshape(-1).view(np.uint8)) != array.nbytes:
      raise OSError(f"{path} became shorter while it was read.")
  return array


def _is_intact(path):
  digest = hashlib.sha256()
  with open(path, "rb") as file:
    left = os.fstat(file.fileno()).st_size - _DIGEST
    while left > 0:
      block = file.read(min(left, _BLOCK))
      if not block:
        return False  # Someone is truncating it.
      digest.update(block)
      left -= len(block)
    return file.read() == digest.digest()


def _write(path, made):
  files.call(os.makedirs, path.parent, exist_ok=True)
  prefix = f"{path.name}."
  handle, draft = files.call(tempfile.mkstemp, dir=path.parent, prefix=prefix)
  try:
    with os.fdopen(handle, "w+b") as file:
      files.call(np.save, file, made, allow_pickle=False)
      files.call(file.flush)
      file.seek(0)
      digest = hashlib.sha256()
      for block in iter(lambda: files.call(file.read, _BLOCK), b""):
        digest.update(block)
      files.call(file.write, digest.digest())
    files.call(os.replace, draft, path)
  except BaseException:
    with contextlib.suppress(OSError):
      os.unlink(draft)
    raise
