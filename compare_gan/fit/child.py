"""The processes that are measured: their environment, and their memory."""

import os
import signal
import subprocess
import sys
import time
from typing import NamedTuple
from typing import Optional

import psutil

_ROOT = os.path.dirname(
  os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
)
_LOOK_S = 0.1


class End(NamedTuple):
  """How a process ended."""

  reason: str = ""  # if not by itself
  of_memory: bool = False  # whether it had too little


def environment() -> dict[str, str]:
  """Returns the variables that this process was started with.

  TensorFlow and we add others, which change how a process allocates memory. Of
  several hosts, only this one is measured.
  """
  try:
    with open("/proc/self/environ", "rb") as file:
      words = os.fsdecode(file.read()).split("\0")
    variables = dict(word.split("=", 1) for word in words if "=" in word)
  except OSError:  # Not Linux.
    variables = dict(os.environ)
  variables["TF_CONFIG"] = "{}"
  paths = [_ROOT, variables.get("PYTHONPATH")]
  variables["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
  return variables


def peak_bytes() -> int:
  """Returns the largest resident set that this process ever had.

  Linux counts that of the process before it became this program as well in
  `getrusage`, but not here.
  """
  try:
    with open("/proc/self/status") as file:
      lines = [line for line in file if line.startswith("VmHWM:")]
  except OSError:  # Not Linux.
    lines = []
  if lines:
    return int(lines[0].split()[1]) * 1024
  try:
    import resource
  except ImportError:  # Windows
    return psutil.Process().memory_info().peak_wset
  unit = 1 if sys.platform == "darwin" else 1024
  return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


# Only the kernel does this, when it runs out of memory.
_KILL = getattr(signal, "SIGKILL", 9)
_KILLED = End("was killed, as the kernel does without free memory", True)


def run(
  words: list[str], log: str, seconds: float, most_bytes: Optional[int] = None
) -> End:
  """Runs Python with these words; returns how it ended.

  Args:
    words: of the command line, after the Python.
    log: the file that gets its output.
    seconds: after which it is ended.
    most_bytes: of resident memory; if it has more, it is ended, before the
      kernel ends any other process.
  """
  began = time.monotonic()
  with open(log, "wb") as output:
    started = subprocess.Popen(
      [sys.executable, *words],
      env=environment(),
      stdin=subprocess.DEVNULL,
      stdout=output,
      stderr=subprocess.STDOUT,
    )
    try:
      while True:
        try:
          code = started.wait(_LOOK_S)
          return _KILLED if code == -_KILL else End()
        except subprocess.TimeoutExpired:
          pass
        if time.monotonic() - began > seconds:
          return End(f"it took longer than {seconds:g} s")
        if most_bytes is not None and _resident(started.pid) > most_bytes:
          return End(f"took more than {most_bytes / 1e9:.2f} GB", True)
    finally:
      started.kill()  # Does nothing if it has ended.
      started.wait()


def _resident(pid):
  try:
    return psutil.Process(pid).memory_info().rss
  except psutil.Error:  # It ends right now.
    return 0
