"""One run of a study: a training as a process of its own, and how it ended.

Whatever becomes of it has one of these names:

  ok          it trained, and its last checkpoint has its scores
  collapsed   losses, samples or the score are no numbers any more
  timeout     it was ended after `study.timeout_s`
  memory      it was ended for `study.memory_mb`, or by a kernel short of memory
  failed      anything else that is the run's own fault
  killed      a signal from outside ended it: it is no end, and goes on later
  interrupted the study was ended: the same

A training that ended early goes on from its last checkpoint. The lock of its
folder is held by this process and by the training: as long as any of them lives
no other one can begin in this folder, on whatever machine.
"""

from collections.abc import Sequence
import datetime
import math
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
from typing import NamedTuple
from typing import Optional

from compare_gan.storage import locks
from compare_gan.study.run import table

_LOG = "log.txt"
_TAIL = 20  # lines of the log that are kept
_LOOK_S = 0.25  # between two looks at a training
_ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
_FOLLOW = os.path.join(os.path.dirname(os.path.abspath(__file__)), "follow.py")


class Task(NamedTuple):
  """What an executor needs to know of a run; it can be pickled."""

  id: str
  folder: str  # model_dir, which is there
  command: tuple
  cwd: str
  score: Optional[str] = None  # without it the run is not ok
  environment: tuple = ()  # (name, value), on top of the executor's own
  attempt: int = 1
  timeout_s: Optional[float] = None  # of this attempt
  memory_mb: Optional[float] = None  # of all its processes together
  grace_s: float = 60.0  # from SIGTERM to SIGKILL


class Outcome(NamedTuple):
  """How an attempt ended, see above."""

  status: str
  reason: str = ""
  log_tail: tuple = ()
  seconds: float = 0.0
  host: str = ""


# ---- What is run -------------------------------------------------------------


def trainer_command(study: Any, run: Any, folder: str) -> tuple[str, ...]:
  """Returns the words that train and score a run in its folder."""
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
    *study.flags,  # The last one counts.
  )


def environment(threads: int) -> tuple[tuple[str, str], ...]:
  """Returns the variables of a training that may use so many cores."""
  names = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
  )
  # Each run trains by itself, also within a job of Slurm's with many tasks.
  return (*((name, str(threads)) for name in names), ("TF_CONFIG", "{}"))


# ---- Running -----------------------------------------------------------------


def run_task(task: Task, stop: Optional[threading.Event] = None) -> Outcome:
  """Runs a Task to its end; returns the Outcome.

  Args:
    task: of the run.
    stop: a threading.Event that ends it early.
  """
  stop = stop or threading.Event()
  began = time.monotonic()
  with locks.Lock(os.path.join(task.folder, "LOCK")) as lock:
    if _wait_for(lock, task, stop):
      outcome = _run_locked(task, stop, lock)
    else:
      outcome = Outcome("interrupted", "The study was ended.")
  return outcome._replace(
    seconds=time.monotonic() - began, host=socket.gethostname()
  )


def _wait_for(lock, task, stop):
  """Takes a run's lock; returns whether it came to that before `stop`."""
  waits = False
  while not lock.acquire():
    if not waits:
      waits = True
      with open(os.path.join(task.folder, _LOG), "a") as log:
        log.write(f"Waiting for {lock.holder()}, which is at work here.\n")
    if stop.wait(_LOOK_S):
      return False
  return not stop.is_set()


def _run_locked(task, stop, lock):
  path = os.path.join(task.folder, _LOG)
  with open(path, "ab") as log:
    log.write(_header(task).encode())
    log.flush()
    start = log.tell()
    kills = _kernels_kills()
    try:
      training = _start(task, log, lock)
    except OSError as error:  # No memory for a process, say.
      return Outcome("failed", f"It could not be started: {error}")
    try:
      watch = _watch(training, task, stop)
    except BaseException:  # Ray and Slurm interrupt whatever runs here.
      _end(training, task.grace_s)
      raise
    finally:
      _end_all(training)
  lines = _lines(path, start)
  short = watch.was_short or _kernels_kills() > kills
  status, reason = watch.verdict or classify(
    task, training.returncode, lines, short
  )
  return Outcome(status, reason, tuple(lines[-_TAIL:]))


def _header(task):
  now = datetime.datetime.now().isoformat(" ", "seconds")
  command = shlex.join(task.command)  # to be pasted into a shell
  return (
    f"==== Attempt {task.attempt}, {now}, {socket.gethostname()}: {command}\n"
  )


def _start(task, log, lock):
  # As it happens, or an error would not be what the log ends with.
  given = {"PYTHONUNBUFFERED": "1", **dict(task.environment)}
  variables = {**os.environ, **given}
  paths = [_ROOT, variables.get("PYTHONPATH")]
  variables["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
  return subprocess.Popen(
    # -S: this one needs no packages, and shall start at once.
    [sys.executable, "-I", "-S", _FOLLOW, str(os.getpid()), *task.command],
    cwd=task.cwd,
    env=variables,
    stdin=subprocess.DEVNULL,
    stdout=log,
    stderr=subprocess.STDOUT,
    start_new_session=True,  # Ctrl-C is for the conductor, which tells it.
    pass_fds=[lock.fileno()],
  )


class _Watched(NamedTuple):
  verdict: Optional[tuple]  # (status, reason) if we have ended it
  was_short: bool  # of memory, when it was last looked at


def _watch(training, task, stop):
  """Waits for the end of a training, or ends it."""
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
    used = resident_mb(training.pid) if task.memory_mb else 0.0
    if task.memory_mb and used > task.memory_mb:
      _signal(training, signal.SIGKILL)
      training.wait()
      reason = (
        f"It needed {used:.0f} MB, more than study.memory_mb = "
        f"{task.memory_mb:g}."
      )
      return _Watched(("memory", reason), False)
    was_short = _is_short(used, task.memory_mb)


def _end(training, grace_s):
  """Ends a training: with a checkpoint if it makes one in time."""
  _signal(training, signal.SIGTERM)
  try:
    training.wait(grace_s)
  except subprocess.TimeoutExpired:
    _signal(training, signal.SIGKILL)
    training.wait()


def _end_all(training):
  """Ends what is left of a training and of what it has started."""
  _signal(training, signal.SIGKILL)
  training.wait()


def _signal(training, number):
  try:
    os.killpg(training.pid, number)
  except (ProcessLookupError, PermissionError):  # The latter on macOS: zombies.
    pass


# ---- Memory ------------------------------------------------------------------


def check_memory_can_be_watched(memory_mb: Optional[float]) -> None:
  """Raises ValueError where there is no /proc to read it from."""
  if memory_mb and not os.path.exists("/proc/self/stat"):
    raise ValueError(
      f"study.memory_mb = {memory_mb}: this system has no /proc to see memory "
      "in. study.memory_mb = None sets no limit."
    )


def resident_mb(session: int) -> float:
  """Returns the megabytes that all processes of a session have in memory.

  What two of them share is counted twice.
  """
  pages = 0
  for name in os.listdir("/proc"):
    if not name.isdigit():
      continue
    try:
      with open(f"/proc/{name}/stat") as file:
        # The name of the program, in brackets, may hold anything.
        fields = file.read().rpartition(")")[2].split()
    except OSError:  # It has ended.
      continue
    if int(fields[3]) == session:
      pages += int(fields[21])
  return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _is_short(used_mb, limit_mb):
  """Returns whether a kernel's kill would be no surprise."""
  if limit_mb and used_mb > 0.8 * limit_mb:
    return True
  machine = _read_numbers("/proc/meminfo")
  total = machine.get("MemTotal:", 0)
  return machine.get("MemAvailable:", total) < 0.05 * total


def _kernels_kills():
  """Returns how many processes the kernel has killed for want of memory."""
  return _read_numbers("/proc/vmstat").get("oom_kill", 0)


def _read_numbers(path):
  """Returns {name: number} of a file such as /proc/meminfo."""
  try:
    with open(path) as file:
      fields = [line.split() for line in file]
  except OSError:  # Not on Linux.
    return {}
  return {words[0]: int(words[1]) for words in fields if len(words) > 1}


# ---- How it ended ------------------------------------------------------------

# Who gets one of these did nothing wrong.
_FROM_OUTSIDE = (
  signal.SIGHUP,
  signal.SIGINT,
  signal.SIGKILL,
  signal.SIGTERM,
)
_DIVERGED = re.compile(r"is not finite at step|training has diverged")
_ERROR = re.compile(r"(?:[\w.]+\.)?\w*(?:Error|Exception|Interrupt|Exit)\b")


def classify(
  task: Task, code: int, lines: Sequence[str], was_short: bool = False
) -> tuple[str, str]:
  """Returns (status, reason) of a training that has ended by itself.

  Args:
    task: of the run.
    code: the exit code, -n for signal n.
    lines: of its log.
    was_short: whether memory was short when it ended.
  """
  if code == 0:
    return _classify_scores(task, lines)
  number = _signal_of(code)
  if number == signal.SIGKILL and was_short:
    return "memory", "The kernel killed it when memory was short."
  if number in _FROM_OUTSIDE:
    return "killed", f"It was ended by {number.name} from outside."
  reason = telling_line(lines)
  if number:
    return "failed", f"It was ended by {number.name}. {reason}".rstrip()
  if _DIVERGED.search(reason):
    return "collapsed", reason
  return "failed", reason or f"It ended with exit code {code}."


def _signal_of(code):
  """Returns the signal of an exit code, None if there was none."""
  number = -code if code < 0 else code - 128
  try:
    return signal.Signals(number)
  except ValueError:
    return None


def _classify_scores(task, lines):
  """Returns (status, reason) by the last row of the table of scores."""
  if not os.path.exists(os.path.join(task.folder, "TRAIN_DONE")):
    # A training that a signal asks to stop ends with a checkpoint and with 0.
    return "killed", telling_line(lines) or "It stopped before its end."
  rows = table.read_scores(task.folder)
  last = rows[-1] if rows else None
  if last is None or last.step < _last_step(task.folder):
    said = telling_line(lines)
    return "failed", f"Its last checkpoint has no scores. {said}".rstrip()
  step, errors = last.step, last.errors
  if last.status != "ok" and not errors:
    return "collapsed", f"step {step}: {last.status}"
  if task.score is None:
    return "ok", ""
  if task.score not in last.scores:
    said = "; ".join(f"{name}: {said}" for name, said in errors.items())
    known = ", ".join(sorted(last.scores)) or "none"
    return "failed", (
      f"step {step} has no score {task.score!r}, which study.score names. "
      f"It has {known}. {said}"
    ).rstrip()
  if not math.isfinite(last.scores[task.score]):
    return "collapsed", f"step {step}: {task.score} is no number."
  return "ok", ""


def _last_step(folder):
  """Returns the step of the last checkpoint, 0 if there is none."""
  found = (
    re.fullmatch(r"model\.ckpt-(\d+)\.index", name)
    for name in os.listdir(folder)
  )
  return max((int(match[1]) for match in found if match), default=0)


def telling_line(lines: Sequence[str]) -> str:
  """Returns the line of a log that says best how it ended."""
  for is_telling in (_is_sentence, _ERROR.match, str.strip):
    for line in reversed(lines):
      if is_telling(line):
        return line.strip()
  return ""


def _is_sentence(line):
  return line.startswith("compare_gan: ")


def _lines(path, start, most=2**16):
  """Returns the last lines of a log, of what was added since `start`."""
  with open(path, "rb") as file:
    end = file.seek(0, os.SEEK_END)
    file.seek(max(start, end - most))
    text = file.read().decode("utf-8", "replace")
  return [line.rstrip() for line in re.split(r"[\r\n]+", text) if line.strip()]
