"""diagnosis.json in a model_dir: what a training suffers from.

  step, state, signal, reason   of the last change of state
  advice    what usually helps in this case, and with this state
  see       where more is said
  states    [{"step", "state"}]: all changes of state
  returns   [{"from", "to", "factor", "state"}]: when the training went back
  curve     the last rows of watchdogs.jsonl, which led to this state

It is written when the state changes; a training that has been healthy
throughout has none. When a training goes back from a step, its diagnosis stays
as diagnosis-<step>.json.
"""

from collections.abc import Sequence
import json
import os
from typing import Any
from typing import Optional

from compare_gan.storage import files
from compare_gan.watchdogs import curve
from compare_gan.watchdogs import states

FILE = "diagnosis.json"
_ROWS = 200
_SEE = "docs/watchdogs.md"


def write(
  model_dir: str,
  step: int,
  finding: Optional[states.Finding],
  changes: Sequence[tuple[int, str]],
  lines: Sequence[curve.Line],
) -> None:
  """Writes the file.

  Args:
    model_dir: where to.
    step: of the change of state.
    finding: what named the state, None for a healthy one.
    changes: all changes of state, (step, state).
    lines: of the curve.
  """
  state = states.name_of(finding)
  rows = [line for line in lines if not curve.is_return(line)]
  content: dict[str, Any] = {
    "step": step,
    "state": state,
    "signal": finding.signal if finding else None,
    "reason": finding.reason if finding else "No signal shows any longer.",
    "advice": finding.advice if finding else states.ADVICE[state],
    "advice_for_state": states.ADVICE[state],
    "see": f"{_SEE}#{state.lower().replace(' ', '-')}",
    "states": [{"step": when, "state": what} for when, what in changes],
    "returns": [
      {
        "from": line["from"],
        "to": line["step"],
        "factor": line["factor"],
        "state": line["state"],
      }
      for line in lines
      if curve.is_return(line)
    ],
    "curve": list(map(curve.as_json, rows[-_ROWS:])),
  }
  text = json.dumps(content, indent=1) + "\n"
  files.write_text(os.path.join(model_dir, FILE), text)


def read(model_dir: str) -> Optional[dict[str, Any]]:
  """Returns the content, None without a file."""
  text = files.read_text_if_any(os.path.join(model_dir, FILE))
  return None if text is None else json.loads(text)


def keep_of_return(model_dir: str, step: int) -> None:
  """Keeps the present diagnosis beside those that follow the return."""
  source = os.path.join(model_dir, FILE)
  if os.path.exists(source):
    stem, extension = os.path.splitext(FILE)
    files.move(source, os.path.join(model_dir, f"{stem}-{step}{extension}"))


def remove_after(model_dir: str, step: int) -> None:
  """Removes the file if its state was found after a step."""
  found = read(model_dir)
  if found is not None and found["step"] > step:
    files.remove(os.path.join(model_dir, FILE))
