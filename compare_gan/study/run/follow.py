"""Runs a command that is killed as soon as its parent process ends.

  python follow.py <process id of the parent> command arguments...

A training must not continue while the next conductor restarts it. Linux can
signal the death of a parent to a process; elsewhere the lock of the run's
folder makes the next training wait.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def follow(parent: int) -> None:
  """Makes this process end when its parent does, now if it already has.

  Args:
    parent: the process id that the parent has or had.
  """
  if sys.platform.startswith("linux"):
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
  if os.getppid() != parent:
    sys.exit("The parent has already ended.")


def main(parent: str, *command: str) -> None:
  """Replaces this process with a command.

  Args:
    parent: the id of the process to follow.
    *command: the command and its arguments.
  """
  follow(int(parent))
  os.execvp(command[0], command)


if __name__ == "__main__":
  main(*sys.argv[1:])
