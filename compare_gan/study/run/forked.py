"""Trainings that fork_server.py starts, in place of a new process for each."""

import json
import select
import signal
import socket
import subprocess
import sys
import threading
from typing import BinaryIO
from typing import Optional
from typing import Union

from compare_gan.study.run import process

_SERVER = "compare_gan.study.run.fork_server"


def is_possible() -> bool:
  """Returns whether this system can do it."""
  return sys.platform.startswith("linux")


class Training:
  """A forked training; has what process.py needs of subprocess.Popen.

  Attributes:
    pid: its number.
    returncode: None until `wait` has seen its end.
  """

  def __init__(self, pid: int, answers: socket.socket) -> None:
    self.pid = pid
    self.returncode: Optional[int] = None
    self._answers = answers

  def wait(self, seconds: Optional[float] = None) -> int:
    """Returns its exit code, or raises subprocess.TimeoutExpired."""
    if self.returncode is None:
      if not select.select([self._answers], [], [], seconds)[0]:
        raise subprocess.TimeoutExpired("a forked training", seconds or 0.0)
      _, code = _read_line(self._answers)
      # None: the server has died, and its children are killed then.
      self.returncode = -signal.SIGKILL if code is None else code
      self._answers.close()
    return self.returncode


class Server:
  """Starts trainings by a process that has imported TensorFlow.

  That process starts when it is needed first. Several threads may ask it.
  """

  def __init__(self) -> None:
    self._lock = threading.Lock()
    self._process: Optional[subprocess.Popen[bytes]] = None
    self._requests: Optional[socket.socket] = None
    self._environment: tuple[tuple[str, str], ...] = ()

  def start(
    self, task: process.Task, log: BinaryIO, lock: int
  ) -> Union[Training, subprocess.Popen[bytes]]:
    """Starts the training of a Task, as process.start_process does.

    If it cannot be forked, it is started as a process of its own.
    """
    if task.command[:2] == (sys.executable, "-m"):
      with self._lock:
        training = self._fork(task, log, lock)
      if training is not None:
        return training
    return process.start_process(task, log, lock)

  def _fork(self, task, log, lock):
    """Returns a Training, or None if there will be none.

    The server goes on, because trainings that run depend on it.
    """
    if not self._is_ready(task):
      return None
    ours, theirs = socket.socketpair()
    try:
      with theirs:
        files = [theirs.fileno(), log.fileno(), lock]
        socket.send_fds(self._requests, [b"x"], files)
      word, pid = _read_line(ours)
      if word == "pid":
        request = {
          "module": task.command[2],
          "arguments": task.command[3:],
          "folder": task.cwd,
          "environment": process.variables(task),
        }
        ours.sendall(json.dumps(request).encode() + b"\n")
        return Training(pid, ours)
    except OSError:
      pass
    ours.close()
    return None

  def _is_ready(self, task):
    """Starts the server for the first task; returns whether it suits this one.

    Threads are counted when a library is loaded, so all runs have the same.
    """
    if self._process is None:
      self._environment = task.environment
      ours, theirs = socket.socketpair()
      with theirs:
        self._process = subprocess.Popen(
          [sys.executable, "-m", _SERVER, str(theirs.fileno())],
          env={"TF_CPP_MIN_LOG_LEVEL": "2", **process.variables(task)},
          stdin=subprocess.DEVNULL,
          stdout=subprocess.DEVNULL,
          stderr=subprocess.DEVNULL,
          start_new_session=True,
          pass_fds=[theirs.fileno()],
        )
      self._requests = ours
    return self._process.poll() is None and (
      self._environment == task.environment
    )

  def close(self) -> None:
    """Ends the process. Trainings that still run are killed."""
    with self._lock:
      if self._process is not None and self._requests is not None:
        self._requests.close()
        self._process.kill()
        self._process.wait()


def _read_line(answers):
  """Returns (word, number) of the next line, ("", None) if there is none."""
  line = b""
  while not line.endswith(b"\n"):
    byte = answers.recv(1)
    if not byte:
      return "", None
    line += byte
  word, number = line.split()
  return word.decode(), int(number)
