"""Arrays that are made once and kept on disk, in $COMPARE_GAN_CACHE.

A file is an .npy followed by the SHA-256 of all that comes before. It appears
under its name when it is complete, so any number of processes may make it at
once; a damaged one is made anew.
"""

import hashlib
import logging
import os
import pathlib
import tempfile

from compare_gan.datasets import in_memory
import numpy as np

_DIGEST = hashlib.sha256().digest_size
_BLOCK = 2**24


def folder():
  """Returns the folder of the cache, by default ~/.cache/compare_gan."""
  default = pathlib.Path.home() / ".cache" / "compare_gan"
  return pathlib.Path(os.environ.get("COMPARE_GAN_CACHE") or default)


def array(name, make):
  """Returns what `make()` returned when it was called for this name.

  Args:
    name: of the file. What decides on the content belongs in it, a version too.
    make: returns an array; called if there is no intact file.
  """
  path = folder() / f"{name}.npy"
  if path.exists():
    if _is_intact(path):
      return _load(path)
    logging.warning("%s is damaged and is made anew.", path)
  else:
    logging.warning("%s is made once, which may take minutes.", path)
  made = np.ascontiguousarray(make())
  _write(path, made)
  return made


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
  left = path.stat().st_size - _DIGEST
  with open(path, "rb") as file:
    while left > 0:
      block = file.read(min(left, _BLOCK))
      if not block:
        return False  # Someone is truncating it.
      digest.update(block)
      left -= len(block)
    return file.read() == digest.digest()


def _write(path, made):
  path.parent.mkdir(parents=True, exist_ok=True)
  handle, draft = tempfile.mkstemp(dir=path.parent, prefix=path.name + ".")
  try:
    with os.fdopen(handle, "w+b") as file:
      np.save(file, made, allow_pickle=False)
      file.flush()
      file.seek(0)
      digest = hashlib.sha256()
      for block in iter(lambda: file.read(_BLOCK), b""):
        digest.update(block)
      file.write(digest.digest())
    os.replace(draft, path)
  except BaseException:
    os.unlink(draft)
    raise
