"""Files that one process at a time holds.

The lock is the system's (flock): it ends with the process, however that ends.
A child that inherits the open file holds it too, until the last one is gone.
"""

import contextlib
import errno
import os
import socket

from compare_gan.storage import files


class Lock:
  """The lock of a file, which says who holds it.

  Args:
    path: of the file; it is made if there is none, and stays.
  """

  def __init__(self, path):
    self.path = path
    self._file = None

  def acquire(self, shared=False):
    """Takes the lock if it is free; returns whether it was.

    Args:
      shared: beside others who share it.
    """
    import fcntl  # Windows has none.

    self._file = self._file or open(self.path, "a+")
    how = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
      fcntl.flock(self._file, how | fcntl.LOCK_NB)
    except OSError as error:
      if error.errno in (errno.EAGAIN, errno.EACCES):
        return False
      raise OSError(
        f"{self.path} cannot be locked: {error.strerror}. Its folder must be "
        "on a file system with locks, such as a local disk or NFS 4."
      ) from error
    if not shared:
      self._file.truncate(0)
      self._file.write(f"process {os.getpid()} on {socket.gethostname()}\n")
      self._file.flush()
    return True

  def fileno(self):
    """Returns what a child inherits, to hold the lock too."""
    return self._file.fileno()

  def holder(self):
    """Returns who took it last, in words."""
    with open(self.path) as file:
      return file.read().strip() or "another process"

  def release(self):
    if self._file:
      self._file.close()
      self._file = None

  def __enter__(self):
    return self

  def __exit__(self, *_):
    self.release()


def is_held(path):
  """Returns whether a process that lives holds the lock of a file."""
  import fcntl

  try:
    with open(path, "r+") as file:
      fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
  except (FileNotFoundError, PermissionError):
    return False
  except OSError as error:
    return error.errno in (errno.EAGAIN, errno.EACCES)
  return False


@contextlib.contextmanager
def held(path):
  """Holds the lock of a file inside; waits for it as long as that takes.

  A process that ends, however, gives it back. On Windows, which has no flock,
  the first byte is what is locked.

  Args:
    path: of the file; it is made if there is none, and stays.
  """
  with files.call(open, path, "a+") as file:
    try:
      import fcntl
    except ImportError:
      with _held_on_windows(file):
        yield
      return
    try:
      fcntl.flock(file, fcntl.LOCK_EX)
    except OSError as error:
      raise OSError(
        f"{path} cannot be locked: {error.strerror}. Its folder must be on a "
        "file system with locks, such as a local disk or NFS 4."
      ) from error
    yield


@contextlib.contextmanager
def _held_on_windows(file):
  import msvcrt

  while True:
    file.seek(0)
    try:  # It gives up after ten seconds.
      msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
      break
    except OSError as error:
      if error.errno != errno.EDEADLK:
        raise
  try:
    yield
  finally:
    file.seek(0)
    msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
