"""The rows of all looks, and the returns, in watchdogs.jsonl of a model_dir.

  {"step": 0, "birth": 1, "weights_d": 16.2, ..}    of the first weights
  {"step": 100, "spread": 0.61, "tells": 0.93, ..}  of a look
  {"step": 4000, "went_back": 1, "from": 5200, "factor": 0.5, "state": ..}

A number that is not finite is null. A training that goes on from a checkpoint
drops the lines after it, and a return drops the rows that it has made void; it
is one write, so a process that is killed has returned or has not.
"""

import json
import math
import os
from typing import Any

from compare_gan.storage import files

FILE = "watchdogs.jsonl"

Line = dict[str, Any]


def read(model_dir: str, until: int) -> list[Line]:
  """Returns the lines of steps up to `until`, none without a file."""
  text = files.read_text_if_any(os.path.join(model_dir, FILE)) or ""
  whole = text[: text.rfind("\n") + 1]  # A killed process leaves half a line.
  lines = [json.loads(line) for line in whole.splitlines()]
  return [_with_nan(line) for line in lines if line["step"] <= until]


def write(model_dir: str, lines: list[Line]) -> None:
  """Writes the file anew, whole or not at all."""
  text = "".join(map(_as_text, lines))
  files.write_text(os.path.join(model_dir, FILE), text)


def append(model_dir: str, *lines: Line) -> None:
  """Adds lines."""
  text = "".join(map(_as_text, lines))
  files.append_text(os.path.join(model_dir, FILE), text)


def is_return(line: Line) -> bool:
  """Returns whether a line says that the training went back."""
  return "went_back" in line


def rate_factor(lines: list[Line]) -> float:
  """Returns the product of the factors of all returns."""
  return math.prod(line["factor"] for line in lines if is_return(line))


def as_json(line: Line) -> Line:
  """Returns a line without numbers that JSON does not have."""
  return {
    name: None if isinstance(x, float) and not math.isfinite(x) else x
    for name, x in line.items()
  }


def _as_text(line):
  return json.dumps(as_json(line)) + "\n"


def _with_nan(line):
  return {name: math.nan if x is None else x for name, x in line.items()}
