"""Forks trainings from one process that has imported what they need.

  python -m compare_gan.study.run.fork_server <number of a socket>

Importing TensorFlow takes longer than hundreds of steps of a small network, and
a study would do it for each of its runs. Here it is done once; the memory of
what was imported is shared. forked.py is the other end of the socket:

  socket: one byte with three files, which are `answers`, log and lock of a run
  answers, to forked.py:  "pid 123" when a child begins, "exit 0" when it ends
  answers, to the child:  a line of JSON with what Request has

This process has no threads and has not used TensorFlow's devices, which must
not be forked. If it cannot be forked it closes `answers` and goes on, because
its children depend on it: they are killed when it ends. It ends when the other
end of its socket is closed.
"""

import gc
import json
import os
import random
import runpy
import select
import socket
import sys
from typing import NamedTuple
from typing import Optional

from compare_gan import console
from compare_gan.study.run import follow

_LOOK_S = 0.05  # between two looks at the children
_FILES = 3


class Request(NamedTuple):
  """What a child becomes."""

  module: str  # as in `python -m module`
  arguments: list[str]
  folder: str  # its working directory
  environment: dict[str, str]  # all of it


def main(number: str) -> None:
  """Serves until the other end is closed. In a child, runs its module."""
  _import_all()
  request = _serve(socket.socket(fileno=int(number)))
  if request is not None:
    console.begin()  # TensorFlow says things before the module's main does.
    sys.argv[1:] = request.arguments
    runpy.run_module(request.module, run_name="__main__", alter_sys=True)


def _import_all():
  """Imports what a training does, and moves it out of the collector's way."""
  with console.without_keras():
    import tensorflow  # noqa: F401
  from compare_gan import runner_lib  # noqa: F401
  from compare_gan.checks import check  # noqa: F401
  from compare_gan.configuration import gin_files

  gin_files.register()
  gc.collect()
  gc.freeze()


def _serve(requests: socket.socket) -> Optional[Request]:
  """Forks a child for each request; returns in the children, with theirs."""
  children: dict[int, socket.socket] = {}
  while True:
    seconds = _LOOK_S if children else None
    if select.select([requests], [], [], seconds)[0]:
      files = socket.recv_fds(requests, 1, _FILES)[1]
      if not files:
        return None
      answers, server = socket.socket(fileno=files[0]), os.getpid()
      pid = _fork()
      if pid == 0:
        for other in (requests, *children.values()):
          other.close()
        return _become_child(server, answers, *files[1:])
      for file in files[1:]:
        os.close(file)
      if pid is None:
        answers.close()
      else:
        children[pid] = answers
    for pid, answers in list(children.items()):
      ended, status = os.waitpid(pid, os.WNOHANG)
      if ended:
        _say(answers, f"exit {_exit_code(status)}")
        children.pop(pid).close()


def _fork() -> Optional[int]:
  """Returns what os.fork does, or None if this process cannot be forked."""
  if len(os.listdir("/proc/self/task")) > 1:
    return None
  try:
    return os.fork()
  except OSError:  # for example, no memory for a process
    return None


def _say(answers, line):
  try:
    answers.sendall(f"{line}\n".encode())
  except OSError:  # Nobody listens any more.
    pass


def _exit_code(status):
  """Returns what `subprocess` calls the returncode."""
  if os.WIFSIGNALED(status):
    return -os.WTERMSIG(status)
  return os.WEXITSTATUS(status)


def _become_child(server, answers, log, lock) -> Request:
  """Makes this process what a new one would be; returns its Request."""
  follow.follow(server)
  del lock  # It stays open as long as this process lives.
  os.setsid()
  _say(answers, f"pid {os.getpid()}")  # It can be signalled from now on.
  nothing = os.open(os.devnull, os.O_RDONLY)
  for file, number in ((nothing, 0), (log, 1), (log, 2)):
    os.dup2(file, number)
  os.close(nothing)
  os.close(log)
  with answers, answers.makefile() as lines:
    request = Request(**json.loads(lines.readline()))
  os.environ.clear()
  os.environ.update(request.environment)
  os.chdir(request.folder)
  sys.path[0] = request.folder
  _reseed()
  return request


def _reseed():
  """Gives what is not seeded a seed of this process's own."""
  import numpy as np

  random.seed()
  np.random.seed()


if __name__ == "__main__":
  main(*sys.argv[1:])
