"""Three timed steps of a candidate, in a process of their own.

The process is the training itself, `compare_gan.main`, in a folder that is
removed afterwards, with the environment that this process was started with. So
its memory holds whatever the training holds: the dataset, the checkpoint that
is written, the picture that is drawn.
"""

from collections.abc import Sequence
import os
import tempfile
from typing import Union

from compare_gan.fit import child
from compare_gan.fit.candidates import Candidate
from compare_gan.fit.stopwatch import Measured
from compare_gan.storage import files as files_lib

TIMED = 3
# What TensorFlow and Python say when there is no memory.
_NO_MEMORY = ("OOM", "out of memory", "RESOURCE_EXHAUSTED", "MemoryError")
_WARM_UP = 2  # The first step builds the graph, the second allocates.


def measure(
  files: Sequence[str],
  lines: Sequence[str],
  candidate: Candidate,
  kind: str,
  seconds: float,
  most_bytes: int,
  fake: bool = False,
) -> Union[Measured, child.End]:
  """Returns what a few steps took, or how they ended early.

  Args:
    files: gin files.
    lines: of gin, on top of files.
    candidate: on top of both.
    kind: of device, for --run_config.
    seconds: after which the process is ended.
    most_bytes: which it may have; on a GPU this is not looked at.
    fake: whether to train with noise of the dataset's shape.
  """
  with tempfile.TemporaryDirectory(prefix="compare_gan_fit_") as folder:
    result = os.path.join(folder, "measured.json")
    log = os.path.join(folder, "log.txt")
    words = command(
      files, lines, candidate, kind, result, os.path.join(folder, "run"), fake
    )
    limit = None if kind == "gpu" else most_bytes
    ended = child.run(words, log, seconds, limit)
    found = Measured.read(result)
    if found is not None:
      return found
    if ended.reason:
      return ended
    line = _last_line(log) or "it ended without a word"
    return child.End(line, any(word in line for word in _NO_MEMORY))


def command(
  files: Sequence[str],
  lines: Sequence[str],
  candidate: Candidate,
  kind: str,
  result: str,
  model_dir: str,
  fake: bool = False,
  steps: int = _WARM_UP + TIMED,
) -> list[str]:
  """Returns the command line of a training with a stopwatch.

  Args:
    files, lines, candidate, kind, fake: see `measure`.
    result: the file that the stopwatch writes.
    model_dir: of the training.
    steps: of the training.
  """
  lines = [
    *lines,
    *candidate.bindings(),
    "import compare_gan.fit.stopwatch",
    f"stopwatch.path = {result!r}",
    f"options.training_steps = {steps}",
    "run_config.iterations_per_loop = 1",
    f"run_config.save_checkpoints_steps = {10**9}",
    "run_config.memory_check = 'off'",
  ]
  return [
    "-m",
    "compare_gan.main",
    f"--model_dir={model_dir}",
    f"--run_config={kind}",
    *(f"--gin_config={file}" for file in files),
    *(f"--gin_bindings={line}" for line in lines),
    *(["--data_fake_dataset"] if fake else []),
  ]


def _last_line(log):
  """Returns the last line that a training printed, "" if there is none."""
  lines = files_lib.read_text(log).splitlines()
  said = [line.strip() for line in lines if line.strip()]
  return said[-1] if said else ""
