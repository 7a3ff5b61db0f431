"""Programs that are measured in turn, so that other work slows all of them.

Each program is a process. It builds what it measures, writes a line of JSON,
{"first_step_s": seconds, ...}, and then answers every line of its input with
{"seconds": [seconds a step, CPU seconds a step]}. Answers go to stderr, where
other lines may stand between them.
"""

from collections.abc import Mapping
from collections.abc import Sequence
import contextlib
import json
import subprocess
import sys
import time
from typing import Any
from typing import Callable
from typing import Optional

THREADS = (
  "OMP_NUM_THREADS",
  "TF_NUM_INTRAOP_THREADS",
  "TF_NUM_INTEROP_THREADS",
)


class Program:
  """The process of a program.

  Args:
    command: its words.
    folder: where it runs.
    environment: its variables.
  """

  def __init__(
    self,
    command: Sequence[str],
    folder: str,
    environment: Mapping[str, str],
  ) -> None:
    self._process = subprocess.Popen(
      command,
      cwd=folder,
      env=environment,
      stdin=subprocess.PIPE,
      stdout=subprocess.DEVNULL,
      stderr=subprocess.PIPE,
      text=True,
    )

  def answer(self, name: str) -> dict[str, Any]:
    """Returns the next answer that has `name`; other lines are dropped."""
    said = []
    for line in self._process.stderr:
      said.append(line)
      with contextlib.suppress(ValueError, TypeError):
        found = json.loads(line)
        if name in found:
          return found
    raise RuntimeError("A program failed:\n" + "".join(said[-20:]))

  def seconds_per_step(self) -> tuple[float, float]:
    """Has it run a round of steps; returns (seconds, CPU seconds) a step."""
    self._process.stdin.write("go\n")
    self._process.stdin.flush()
    return tuple(self.answer("seconds")["seconds"])

  def end(self) -> None:
    self._process.stdin.close()
    self._process.wait()


def rounds(
  programs: Sequence[Callable[[], Any]], number: int
) -> list[tuple[Any, ...]]:
  """Returns what all programs answer, for each round.

  Args:
    programs: functions that return an answer. In the second round the second
      one begins, and so on.
    number: how many rounds.
  """
  found = []
  for i in range(number):
    first = i % len(programs)
    order = [*range(first, len(programs)), *range(first)]
    answers = {n: programs[n]() for n in order}
    found.append(tuple(answers[n] for n in range(len(programs))))
  return found


def answer_rounds(
  loop: Callable[[int], Any], steps: int, told: Optional[dict] = None
) -> None:
  """Is a program's part: measures `loop` as often as its input asks.

  Args:
    loop: runs so many steps, and returns when they are done.
    steps: of a round.
    told: what the first answer holds beside the seconds of the first step.
  """

  def seconds_per_step(steps):
    began = time.perf_counter(), time.process_time()
    loop(steps)
    return (
      (time.perf_counter() - began[0]) / steps,
      (time.process_time() - began[1]) / steps,
    )

  [first, _] = seconds_per_step(1)
  seconds_per_step(steps)  # Caches fill up.
  _say({"first_step_s": first, **(told or {})})
  for _ in sys.stdin:
    _say({"seconds": seconds_per_step(steps)})


def _say(answer):
  print(json.dumps(answer), file=sys.stderr, flush=True)
