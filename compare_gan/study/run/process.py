"""One run of a study: a training in a separate process.

verdict.py lists the statuses that a run can end with. A training that ended
early continues from its last checkpoint. This process and the training both
hold the lock of the run's folder: as long as one of them lives, no other
training can begin in this folder, on any machine.
"""

from collections.abc import Callable
import datetime
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import Any
from typing import BinaryIO
from typing import NamedTuple
from typing import Optional

from compare_gan import console
from compare_gan.storage import locks
from compare_gan.study.run import memory_use
from compare_gan.study.run import verdict

_LOG = "log.txt"
_TAIL = 20  # lines of the log that are kept
_LOOK_S = 0.25  # between two looks at a training
_ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
_FOLLOW = os.path.join(os.path.dirname(os.path.abspath(__file__)), "follow.py")


class Task(NamedTuple):
  """What an executor needs to know about a run; it can be pickled."""

  id: str
  folder: str  # model_dir, which exists
  command: tuple[str, ...]
  cwd: str
  score: Optional[str] = None  # without this score the run is not ok
  # (name, value), on top of the executor's own environment
  environment: tuple[tuple[str, str], ...] = ()
  attempt: int = 1
  timeout_s: Optional[float] = None  # of this attempt
  memory_mb: Optional[float] = None  # of all its processes together
  grace_s: float = 60.0  # from SIGTERM to SIGKILL


class Outcome(NamedTuple):
  """How an attempt ended."""

  status: str  # see verdict.py
  reason: str = ""
  log_tail: tuple[str, ...] = ()
  seconds: float = 0.0
  host: str = ""


# ---- The command -------------------------------------------------------------


def trainer_command(study: Any, run: Any, folder: str) -> tuple[str, ...]:
  """Returns the command that trains and scores a run in its folder."""
  del run  # Its run.gin is in the folder.
  return (
    sys.executable,
    "-m",
    "compare_gan.main",
    f"--model_dir={folder}",
    f"--gin_config={os.path.join(folder, 'run.gin')}",
    "--schedule=eval_after_train",
    f"--eval_every_steps={study.eval_every_steps}",
    f"--num_eval_averaging_runs={study.eval_runs}",
    "--run_config=auto",
    *study.flags,  # Of a flag that is given twice, the last one counts.
  )


def environment(threads: int) -> tuple[tuple[str, str], ...]:
  """Returns the environment variables of a training with `threads` cores."""
  names = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
  )
  # Each run trains by itself, even within a Slurm job that has many tasks.
  return (*((name, str(threads)) for name in names), ("TF_CONFIG", "{}"))


def variables(task: Task) -> dict[str, str]:
  """Returns all environment variables of a training."""
  # Output is not buffered, so that the log ends with the error, if any.
  given = {
    **console.users_environment(),
    "PYTHONUNBUFFERED": "1",
    **dict(task.environment),
  }
  paths = [_ROOT, given.get("PYTHONPATH")]
  return {**given, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def start_process(
  task: Task, log: BinaryIO, lock: int
) -> subprocess.Popen[bytes]:
  """Starts a training, which writes to `log` and keeps file `lock` open."""
  return subprocess.Popen(
    # -S: follow.py needs no packages and should start at once.
    [sys.executable, "-I", "-S", _FOLLOW, str(os.getpid()), *task.command],
    cwd=task.cwd,
    env=variables(task),
    stdin=subprocess.DEVNULL,
    stdout=log,
    stderr=subprocess.STDOUT,
    start_new_session=True,  # Ctrl-C reaches only the conductor, which ends it.
    pass_fds=[lock],
  )


# ---- Running -----------------------------------------------------------------


def run_task(
  task: Task,
  stop: Optional[threading.Event] = None,
  start: Callable[..., Any] = start_process,
) -> Outcome:
  """Runs a Task to its end; returns the Outcome.

  Args:
    task: the Task to run.
    stop: an event that ends it early.
    start: starts its process, as `start_process` does.
  """
  stop = stop or threading.Event()
  began = time.monotonic()
  with locks.Lock(os.path.join(task.folder, "LOCK")) as lock:
    if _take_lock(lock, task, stop):
      outcome = _run_locked(task, stop, lock, start)
    else:
      outcome = Outcome("interrupted", "The study was ended.")
  return outcome._replace(
    seconds=time.monotonic() - began, host=socket.gethostname()
  )


def _take_lock(lock, task, stop):
  """Waits for a run's lock or `stop`; returns whether to start the training."""
  waits = False
  while not lock.acquire():
    if not waits:
      waits = True
      with open(os.path.join(task.folder, _LOG), "a") as log:
        log.write(f"Waiting for {lock.holder()}, which is running here.\n")
    if stop.wait(_LOOK_S):
      return False
  return not stop.is_set()


def _run_locked(task, stop, lock, start):
  path = os.path.join(task.folder, _LOG)
  with open(path, "ab") as log:
    log.write(_header(task).encode())
    log.flush()
    began = log.tell()
    kills = memory_use.kernel_kills()
    try:
      training = start(task, log, lock.fileno())
    except OSError as error:  # for example, no memory for a process
      return Outcome("failed", f"It could not be started: {error}")
    try:
      watched = _watch(training, task, stop)
    except BaseException:  # Ray and Slurm interrupt whatever runs here.
      _end(training, task.grace_s)
      raise
    finally:
      _kill_all(training)
  lines = _read_last_lines(path, began)
  was_short = watched.was_short or memory_use.kernel_kills() > kills
  status, reason = watched.verdict or verdict.classify(
    task.folder, task.score, training.returncode, lines, was_short
  )
  return Outcome(status, reason, tuple(lines[-_TAIL:]))


def _header(task):
  now = datetime.datetime.now().isoformat(" ", "seconds")
  command = shlex.join(task.command)  # can be pasted into a shell
  return (
    f"==== Attempt {task.attempt}, {now}, {socket.gethostname()}: {command}\n"
  )


class _Watched(NamedTuple):
  verdict: Optional[tuple[str, str]]  # (status, reason) if we ended it
  was_short: bool  # whether memory was short when we last looked


def _watch(training, task, stop):
  """Waits for the end of a training, or ends it; returns the _Watched."""
  began = time.monotonic()
  was_short = False
  while True:
    try:
      training.wait(_LOOK_S)
      return _Watched(None, was_short)
    except subprocess.TimeoutExpired:
      pass
    if stop.is_set():
      _end(training, task.grace_s)
      return _Watched(("interrupted", "The study was ended."), False)
    if task.timeout_s and time.monotonic() - began > task.timeout_s:
      _end(training, task.grace_s)
      reason = f"It took longer than study.timeout_s = {task.timeout_s:g}."
      return _Watched(("timeout", reason), False)
    used = memory_use.session_mb(training.pid) if task.memory_mb else 0.0
    if task.memory_mb and used > task.memory_mb:
      _signal(training, signal.SIGKILL)
      training.wait()
      reason = (
        f"It needed {used:.0f} MB, more than study.memory_mb = "
        f"{task.memory_mb:g}."
      )
      return _Watched(("memory", reason), False)
    was_short = memory_use.is_short(used, task.memory_mb)


def _end(training, grace_s):
  """Ends a training, which may write a checkpoint within `grace_s`."""
  _signal(training, signal.SIGTERM)
  try:
    training.wait(grace_s)
  except subprocess.TimeoutExpired:
    _signal(training, signal.SIGKILL)
    training.wait()


def _kill_all(training):
  """Kills a training and the processes that it has started, if any are left."""
  _signal(training, signal.SIGKILL)
  training.wait()


def _signal(training, number):
  try:
    os.killpg(training.pid, number)
  except (ProcessLookupError, PermissionError):  # macOS: zombies.
    pass


def _read_last_lines(path, start, limit=2**16):
  """Returns the last lines of a log that were added after byte `start`."""
  with open(path, "rb") as file:
    end = file.seek(0, os.SEEK_END)
    file.seek(max(start, end - limit))
    text = file.read().decode("utf-8", "replace")
  return [line.rstrip() for line in re.split(r"[\r\n]+", text) if line.strip()]
