"""Locks on files, each held by one process at a time.

The lock is the system's (flock): it ends with the process, however that ends.
A child that inherits the open file also holds the lock, until the last holder
is gone.
"""

from collections.abc import Iterator
import contextlib
import datetime
import errno
import math
import os
import socket
import time
from typing import Any
from typing import Optional
import warnings

from compare_gan.storage import files

_HELD = (errno.EAGAIN, errno.EACCES)
_NO_LOCKS = (
  errno.ENOLCK,
  errno.ENOSYS,
  errno.ENOTSUP,
  errno.EOPNOTSUPP,
  errno.EINVAL,
  errno.EBADF,  # NFS, for a file that is open for reading only
)

_IS_WINDOWS = os.name == "nt"

# A killed process keeps its locks for a moment longer, and a process that calls
# `is_held` holds one for a moment.
_PATIENCE_S = 1.0


class NoLocksError(OSError):
  """The file system, or the operating system, has no locks."""


class Lock:
  """The lock of a file, which records its holder.

  Args:
    path: of the file, which is created if missing and never removed.
  """

  def __init__(self, path: str) -> None:
    self.path = path
    self._file = None

  def acquire(self, shared: bool = False) -> bool:
    """Takes the lock if it is free; returns whether it was.

    Args:
      shared: whether other processes may share it.
    """
    try:
      import fcntl
    except ImportError as error:
      raise NoLocksError("Windows has no flock.") from error

    if self._file is None:
      self._file = self._open()
    how = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
      files.call(fcntl.flock, self._file, how | fcntl.LOCK_NB)
    except OSError as error:
      if error.errno in _HELD:
        return False
      kind = NoLocksError if error.errno in _NO_LOCKS else OSError
      raise kind(
        f"{self.path} cannot be locked: {error.strerror}. Its folder must be "
        "on a file system with locks, such as a local disk or NFS 4."
      ) from error
    if not shared:
      self._note_holder()
    return True

  def _open(self):
    with files.refusals(self.path):
      try:
        flags = os.O_RDWR | os.O_CREAT
        return files.call(os.open, self.path, flags, 0o666)
      except PermissionError:  # It may be another user's, in a shared folder.
        return files.call(os.open, self.path, os.O_RDONLY)

  def _note_holder(self):
    now = datetime.datetime.now(datetime.timezone.utc)
    text = (
      f"process {os.getpid()} on {socket.gethostname()}, started at "
      f"{now:%Y-%m-%d %H:%M:%S} UTC\n"
    )
    # The lock is held whether or not the disk has room for the note.
    with contextlib.suppress(OSError):
      files.call(os.ftruncate, self._file, 0)
      files.call(os.pwrite, self._file, text.encode(), 0)

  def fileno(self) -> Optional[int]:
    """Returns the descriptor that a child inherits to hold the lock too."""
    return self._file

  def holder(self) -> str:
    """Returns, in words, which process took it last."""
    try:
      return files.read_text(self.path).strip() or "another process"
    except OSError:
      return "another process"

  def release(self) -> None:
    if self._file is not None:
      os.close(self._file)
      self._file = None

  def __enter__(self) -> "Lock":
    return self

  def __exit__(self, *_: Any) -> None:
    self.release()


@contextlib.contextmanager
def hold_or_refuse(path: str, refusal: str) -> Iterator[None]:
  """Holds the lock of a file within the context.

  Where the system has no locks, it warns and continues without one.

  Args:
    path: of the lock's file.
    refusal: the message if another process, {holder}, holds the lock, such as
      "{holder} trains in this folder."

  Raises:
    OSError: another process holds the lock.
  """
  with Lock(path) as lock:
    if not _acquire(lock):
      raise BlockingIOError(refusal.replace("{holder}", lock.holder()))
    yield


def _acquire(lock, patience_s=_PATIENCE_S):
  limit = time.monotonic() + patience_s
  try:
    while not lock.acquire():
      if time.monotonic() > limit:
        return False
      time.sleep(0.05)
  except NoLocksError as error:
    if not _IS_WINDOWS:
      warnings.warn(
        f"{error} Without a lock nothing keeps a second process from doing "
        "the same work. Start only one.",
        stacklevel=4,
      )
  return True


def is_held(path: str) -> bool:
  """Returns whether a running process holds the lock of a file."""
  import fcntl

  try:
    with open(path, "r+") as file:
      fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
  except (FileNotFoundError, PermissionError):
    return False
  except OSError as error:
    return error.errno in _HELD
  return False


@contextlib.contextmanager
def hold(path: str) -> Iterator[None]:
  """Holds the lock of a file within the context; waits for it without limit.

  Where the system has no locks, it warns and continues without one. On Windows,
  which has no flock, the first byte is locked.

  Args:
    path: of the file, which is created if missing and never removed.
  """
  if _IS_WINDOWS:
    with files.call(open, path, "a+") as file, _held_on_windows(file):
      yield
    return
  with Lock(path) as lock:
    _acquire(lock, math.inf)
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
