"""Processes as a user starts them: the environment is built from nothing.

The process of pytest has variables that TensorFlow and we have set. A child
that inherits them can work where a user's shell does not: TensorFlow 2.6.5
needs TF2_BEHAVIOR, say, which importing it sets.
"""

import atexit
import functools
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Where a system keeps programs; never the PATH of whoever runs the tests.
_PATH = "/usr/local/bin:/usr/bin:/bin"


@functools.cache
def empty_home():
  """Returns a folder that is empty at first and goes with this process."""
  folder = tempfile.mkdtemp(prefix="home-")
  atexit.register(shutil.rmtree, folder, ignore_errors=True)
  return folder


def environment(home=None, **more):
  """Returns the variables of a new shell.

  Args:
    home: folder for $HOME; None for `empty_home()`.
    more: variables on top, PYTHONPATH for a checkout say.
  """
  return {
    "PATH": _PATH,
    "HOME": str(home or empty_home()),
    "LANG": "C.UTF-8",
    **{name: str(value) for name, value in more.items()},
  }


def checkout(home=None, **more):
  """Returns the variables of a shell that finds this checkout's packages."""
  return environment(home, PYTHONPATH=ROOT, **more)


def run(words, cwd, home=None, timeout=280, **more):
  """Runs Python with these words from a plain shell; returns what it did.

  Args:
    words: of the command line, after the Python.
    cwd: where the user is.
    home: see `environment`.
    timeout: in seconds; a process that takes longer fails the test.
    more: variables on top.
  """
  return subprocess.run(
    [sys.executable, *map(str, words)],
    capture_output=True,
    text=True,
    cwd=cwd,
    env=environment(home, **more),
    stdin=subprocess.DEVNULL,
    timeout=timeout,
  )
