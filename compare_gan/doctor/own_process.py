"""Runs child.py in a process of its own, and returns what it said.

Whatever happens to it, a crash in a library or a device that does not answer,
is an `Answer`: the doctor itself goes on.
"""

from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import functools
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
from typing import Any
from typing import Optional

_ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
_LIBRARY_SECONDS = 300

# They make a process wait for others, and this one is alone.
_OF_OTHER_HOSTS = ("TF_CONFIG", "CM_WORKER_SIZE")
_PREFIXES_OF_OTHER_HOSTS = ("SLURM_", "RANK_")

_LOG_LINE = re.compile(r"^\d{4}-\d\d-\d\d |^[IWEF]\d{4} ")


@dataclasses.dataclass(frozen=True)
class Answer:
  """What a child said.

  Attributes:
    said: its messages, in order.
    failure: a clause that says how it ended, empty if it ended well.
  """

  said: Sequence[dict[str, Any]]
  failure: str = ""


def ask(
  words: Sequence[str],
  seconds: float,
  variables: Optional[Mapping[str, str]] = None,
) -> Answer:
  """Returns what child.py says to these words.

  Args:
    words: of the command line, see child.py.
    seconds: after which it is killed.
    variables: of the environment, on top of our own.
  """
  process = subprocess.Popen(
    [sys.executable, "-m", "compare_gan.doctor.child", *words],
    stdin=subprocess.DEVNULL,
    stdout=subprocess.PIPE,
    stderr=subprocess.PIPE,
    text=True,
    errors="replace",
    env={**_environment(), **(variables or {})},
  )
  failure = ""
  try:
    out, err = process.communicate(timeout=seconds)
  except subprocess.TimeoutExpired:
    process.kill()
    out, err = process.communicate()
    failure = f"it did not end within {seconds:.0f} s"
  except BaseException:  # The user interrupts.
    process.kill()
    process.wait()
    raise
  if process.returncode and not failure:
    failure = _ending(process.returncode, err)
  return Answer(_messages(out), failure)


def _environment():
  """Returns the environment of a child that works alone and finds our code."""
  kept = {
    name: value
    for name, value in os.environ.items()
    if name not in _OF_OTHER_HOSTS
    and not name.startswith(_PREFIXES_OF_OTHER_HOSTS)
  }
  paths = [str(_ROOT), kept.get("PYTHONPATH", "")]
  kept["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
  return kept


def _messages(text):
  """Returns the messages in a child's output; the last may be incomplete."""
  found = []
  for line in text.splitlines():
    try:
      found.append(json.loads(line))
    except ValueError:
      continue
  return found


def _ending(code, err):
  """Returns a clause about a process that failed."""
  lines = [line for line in err.splitlines() if line.strip()]
  own = [line for line in lines if not _LOG_LINE.match(line)]
  last = (own or lines or [""])[-1].strip()[:300]
  how = f"it ended with exit code {code}"
  if code < 0:
    try:
      how = f"it was killed by {signal.Signals(-code).name}"
    except ValueError:
      how = f"it was killed by signal {-code}"
  return f"{how}: {last}" if last else how


@functools.cache  # Several subjects ask, and it takes long.
def ask_library() -> Answer:
  """Returns what packages and devices there are for the library."""
  return ask(["library"], _LIBRARY_SECONDS)
