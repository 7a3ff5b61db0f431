"""Becomes a command that is killed when its parent ends, however that ends.

  python follow.py <process id of the parent> command arguments...

A training must not go on beside the one that the next conductor starts. Linux
can tell a process of its parent's death; elsewhere the lock of the run's folder
makes the next one wait.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(parent: str, *command: str) -> None:
  if sys.platform.startswith("linux"):
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
  if os.getppid() != int(parent):
    sys.exit("The parent is gone already.")
  os.execvp(command[0], command)


if __name__ == "__main__":
  main(*sys.argv[1:])
