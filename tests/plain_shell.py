"""Processes as a user starts them: the environment is built from nothing.

The process of pytest has variables that TensorFlow and we have set. A child
that inherits them can work where a user's shell does not: TensorFlow 2.6.5
needs TF2_BEHAVIOR, say, which importing it sets.
"""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Where a system keeps programs; never the PATH of whoever runs the tests.
_PATH = "/usr/local/bin:/usr/bin:/bin"


def environment(home, **more):
  """Returns the variables of a new shell.

  Args:
    home: folder for $HOME, an empty one.
    more: variables on top, PYTHONPATH for a checkout say.
  """
  return {
    "PATH": _PATH,
    "HOME": str(home),
    "LANG": "C.UTF-8",
    **{name: str(value) for name, value in more.items()},
  }


def checkout(home, **more):
  """Returns the variables of a shell that finds this checkout's packages."""
  return environment(home, PYTHONPATH=ROOT, **more)


def run(words, cwd, home, timeout=280, **more):
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
