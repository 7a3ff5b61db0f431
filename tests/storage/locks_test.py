"""One holder at a time, and none after its death."""

import errno
import fcntl
import os
import pathlib
import re
import signal
import subprocess
import sys

from compare_gan.storage import files
from compare_gan.storage import locks
import pytest

from tests import plain_shell

pytestmark = pytest.mark.versions("an older Python has other errors")

_ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

_HOLDER = """
import sys, time
from compare_gan.storage import locks
with locks.hold_or_refuse(sys.argv[1], "no"):
  print("held", flush=True)
  time.sleep(60)
"""


@pytest.fixture
def path(tmp_path):
  return str(tmp_path / "lock")


@pytest.fixture
def other(path):
  """Returns a process that holds the lock."""
  process = subprocess.Popen(
    [sys.executable, "-c", _HOLDER, path],
    stdout=subprocess.PIPE,
    cwd=_ROOT,
    env=plain_shell.checkout(),
  )
  assert process.stdout.readline() == b"held\n"
  yield process
  process.kill()
  process.wait()


def _hold(path):
  with locks.hold_or_refuse(path, "{holder} is in {here}"):
    return files.read_text(path)


def test_the_holder_is_named(path):
  pattern = (
    rf"process {os.getpid()} on \S+, started at \d{{4}}-\d\d-\d\d "
    r"\d\d:\d\d:\d\d UTC\n"
  )
  with locks.hold_or_refuse(path, "no"):
    with locks.Lock(path) as second:
      assert not second.acquire()
      assert re.fullmatch(pattern, f"{second.holder()}\n")


def test_a_second_one_is_refused_in_the_callers_words(path, other):
  with pytest.raises(OSError) as error:
    _hold(path)
  assert str(error.value).startswith(f"process {other.pid} on ")
  assert str(error.value).endswith(" UTC is in {here}")


def test_a_holder_that_was_killed_holds_nothing(path, other):
  other.send_signal(signal.SIGKILL)
  _hold(path)  # It may be there for a moment yet.


def test_an_exception_gives_it_back(path):
  for _ in range(2):
    with pytest.raises(KeyError):
      with locks.hold_or_refuse(path, "no"):
        raise KeyError


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP])
def test_a_disk_without_locks_is_a_warning(number, path, monkeypatch):
  def flock(*_):
    raise OSError(number, os.strerror(number))

  monkeypatch.setattr(fcntl, "flock", flock)
  with pytest.warns(UserWarning, match="Start only one") as warned:
    with locks.hold_or_refuse(path, "no"):
      pass
  # The garbage collector's may be among them, of what an earlier test left.
  assert sum("Start only one" in str(one.message) for one in warned) == 1
  with locks.Lock(path) as lock, pytest.raises(locks.NoLocksError):
    lock.acquire()


def test_a_disk_that_fails_is_no_disk_without_locks(path, monkeypatch):
  def flock(*_):
    raise OSError(errno.EIO, "Input/output error")

  monkeypatch.setattr(fcntl, "flock", flock)
  with pytest.raises(OSError, match="lock cannot be locked: Input/output"):
    _hold(path)


def test_a_system_without_locks_goes_on(path, monkeypatch):
  monkeypatch.setitem(sys.modules, "fcntl", None)
  monkeypatch.setattr(locks, "_IS_WINDOWS", True)
  with locks.hold_or_refuse(path, "no"):
    pass


def test_a_full_disk_has_locks_too(path, monkeypatch):
  def pwrite(*_):
    raise OSError(errno.ENOSPC, "No space left on device")

  monkeypatch.setattr(os, "pwrite", pwrite)
  with locks.hold_or_refuse(path, "no"):
    assert locks.is_held(path)
    with locks.Lock(path) as second:
      assert second.holder() == "another process"
