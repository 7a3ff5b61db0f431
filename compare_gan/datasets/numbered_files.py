"""Files to read by number: those of a folder, a zip or a tar.

Each kind has

  names      of the files, relative, with "/"; sorted
  folders    the folders that contain them or are empty, in the same form
  bad        [(name, reason)] of entries that are not trusted or not files
  stamp      a digest of names, sizes and times; it changes if files change
  read(i)    the bytes of file i; any number of threads may call it

Hidden files and folders, and files that systems leave behind, are left out. A
zip or tar is read in place; a tar.gz, tar.bz2 or tar.xz is unpacked once, into
the cache; see archives.py.
"""

import errno
import logging
import os
import stat
from typing import Any

from compare_gan.datasets import archives
from compare_gan.datasets import stamps
from compare_gan.storage import files as storage

_LOG = logging.getLogger(__name__)
_MAX_LINKS = 100  # through which one folder may be reached


def open_files(path: str, gin_name: str) -> Any:
  """Returns the files of a folder or an archive.

  Args:
    path: of the folder, zip, tar or tar.gz.
    gin_name: "folder.path", for messages.
  """
  try:
    if stat.S_ISDIR(storage.call(os.stat, path).st_mode):
      return Folder(path)
    storage.call(open, path, "rb").close()
  except (FileNotFoundError, NotADirectoryError) as error:
    raise FileNotFoundError(
      f"{gin_name} = {path!r}: there is no such folder or file."
    ) from error
  except OSError as error:
    raise storage.unreadable(path, error) from error
  # Tar first: a tar whose last file is a zip also ends like a zip.
  for opens in (archives.Tar, archives.Zip):
    if opens.is_one(path):
      return opens(path)
  raise ValueError(
    f"{gin_name} = {path!r} is not a folder, zip, tar or tar.gz, or is damaged."
  )


class Folder:
  """The files below a folder, which must all be readable."""

  def __init__(self, path: str) -> None:
    self.path = path
    self.bad: list[tuple[str, str]] = []
    self.folders: list[str] = []
    self._entered: dict[str, int] = {}
    found = sorted(self._walk())
    self.folders.sort()
    self.bad.sort()
    self.names = [name for name, _, _ in found]
    self.stamp = stamps.digest(os.path.abspath(path), found)

  def read(self, i: int) -> bytes:
    # Takes half as long as open().
    file = os.open(f"{self.path}/{self.names[i]}", os.O_RDONLY)
    try:
      size = os.fstat(file).st_size
      if size > archives.MAX_BYTES:
        raise ValueError(f"it has {size} bytes, more than {archives.MAX_BYTES}")
      return os.read(file, size)
    finally:
      os.close(file)

  def _walk(self):
    """Yields (name, size, time) of each file; finds `folders` and `bad`."""
    waiting = [("", (os.path.realpath(self.path),))]
    while waiting:
      folder, above = waiting.pop()
      for child in self._children(folder):
        name = f"{folder}/{child}" if folder else child
        status = self._status(name)
        if status is None:
          self.bad.append((name, "a broken link, or not a file"))
        elif stat.S_ISDIR(status.st_mode):
          real = os.path.realpath(os.path.join(self.path, name))
          if real in above:
            _LOG.warning(
              "%s/%s leads back to %s and is ignored.",
              self.path,
              name,
              real,
            )
          else:
            self._enter(name, real)
            waiting.append((name, (*above, real)))
        else:
          yield name, status.st_size, status.st_mtime_ns

  def _children(self, folder):
    path = os.path.join(self.path, folder) if folder else self.path
    try:
      with storage.call(os.scandir, path) as entries:
        names = [entry.name for entry in entries]
    except OSError as error:
      raise storage.unreadable(path, error) from error
    return [name for name in names if not archives.is_left_out(name)]

  def _status(self, name):
    """Returns the status of a file or folder, None of anything else."""
    path = os.path.join(self.path, name)
    try:
      status = storage.call(os.stat, path)
    except OSError as error:
      if error.errno in (errno.ENOENT, errno.ELOOP):
        return None
      raise storage.unreadable(path, error) from error
    is_one = stat.S_ISDIR(status.st_mode) or stat.S_ISREG(status.st_mode)
    return status if is_one else None

  def _enter(self, name, real):
    self.folders.append(name)
    self._entered[real] = self._entered.get(real, 0) + 1
    if self._entered[real] > _MAX_LINKS:
      raise ValueError(
        f"{self.path} holds more than {_MAX_LINKS} links to {real}, the last "
        f"of them {name}. Remove links that lead to folders with links."
      )
