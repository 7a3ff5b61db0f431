"""Tells how a training has ended, from its exit code, its log and its scores.

A run ends with one of these statuses:

  ok           it trained, and its last checkpoint has its scores
  collapsed    losses, samples or the score are not finite, or a watchdog ended
               it (watchdog.action = "stop", or "go_back" in vain)
  timeout      it was ended after `study.timeout_s`
  memory       it exceeded `study.memory_mb`, or the kernel ran out of memory
               and killed it
  failed       any other fault of the run itself
  killed       a signal from outside ended it; the run continues later
  interrupted  the study was ended; the run continues later
"""

from collections.abc import Sequence
import json
import math
import os
import re
import signal
from typing import Optional

from compare_gan.study.run import table

# Signals that end a run from outside, not by a fault of its own.
_FROM_OUTSIDE = (
  signal.SIGHUP,
  signal.SIGINT,
  signal.SIGKILL,
  signal.SIGTERM,
)
_COLLAPSED = re.compile(
  r"is not finite at step|training has diverged|watchdog has ended the training"
)
_DIAGNOSIS = "diagnosis.json"  # of a training's watchdogs
_ERROR = re.compile(r"(?:[\w.]+\.)?\w*(?:Error|Exception|Interrupt|Exit)\b")


def classify(
  folder: str,
  score: Optional[str],
  code: int,
  lines: Sequence[str],
  was_short: bool = False,
) -> tuple[str, str]:
  """Returns (status, reason) of a training that this process did not end.

  Args:
    folder: the run's model_dir.
    score: the score that its last checkpoint must have; None to require none.
    code: the exit code, -n for signal n.
    lines: the lines of its log.
    was_short: whether memory was short when it ended.
  """
  if code == 0:
    return _classify_scores(folder, score, lines)
  number = _signal_of(code)
  if number == signal.SIGKILL and was_short:
    return "memory", "The kernel killed it because memory was short."
  if number in _FROM_OUTSIDE:
    return "killed", f"It was killed from outside by {number.name}."
  reason = telling_line(lines)
  if number:
    return "failed", f"It was killed by {number.name}. {reason}".rstrip()
  if _COLLAPSED.search(reason):
    return "collapsed", reason
  return "failed", reason or f"It ended with exit code {code}."


def _signal_of(code):
  """Returns the signal that an exit code stands for, None if there is none."""
  number = -code if code < 0 else code - 128
  try:
    return signal.Signals(number)
  except ValueError:
    return None


def _classify_scores(folder, score, lines):
  """Returns (status, reason) from the last row of the table of scores."""
  if not os.path.exists(os.path.join(folder, "TRAIN_DONE")):
    # A training that a signal has stopped writes a checkpoint and exits with 0.
    return "killed", telling_line(lines) or "It stopped early."
  rows = table.read_scores(folder)
  last = rows[-1] if rows else None
  if last is None or last.step < _last_step(folder):
    said = telling_line(lines)
    return "failed", f"Its last checkpoint has no scores. {said}".rstrip()
  step, errors = last.step, last.errors or {}
  if last.status != "ok" and not errors:
    return "collapsed", f"step {step}: {last.status}"
  if score is None:
    return "ok", _state_at_the_end(folder)
  if score not in last.scores:
    said = "; ".join(f"{name}: {said}" for name, said in errors.items())
    known = ", ".join(sorted(last.scores)) or "none"
    return "failed", (
      f"step {step} has no score {score!r}, which study.score names. "
      f"It has {known}. {said}"
    ).rstrip()
  if not math.isfinite(last.scores[score]):
    return "collapsed", f"step {step}: {score} is not a finite number."
  return "ok", _state_at_the_end(folder)


def _state_at_the_end(folder):
  """Returns what watchdogs said of a training, "" if it ended healthy."""
  path = os.path.join(folder, _DIAGNOSIS)
  try:
    with open(path, encoding="utf-8") as file:
      found = json.load(file)
  except (OSError, ValueError):
    return ""
  if found["state"] == "healthy":
    return ""
  return (
    f"A watchdog named it {found['state']} from step {found['step']} on: "
    f"{found['reason']}"
  )


def _last_step(folder):
  """Returns the step of the last checkpoint, 0 if there is none."""
  found = (
    re.fullmatch(r"model\.ckpt-(\d+)\.index", name)
    for name in os.listdir(folder)
  )
  return max((int(match[1]) for match in found if match), default=0)


def telling_line(lines: Sequence[str]) -> str:
  """Returns the line of a log that best tells how the training ended.

  It is the last sentence of compare_gan, else the last line that begins with
  the name of an error, else the last line with text.
  """
  for is_telling in (_is_sentence, _ERROR.match, str.strip):
    for line in reversed(lines):
      if is_telling(line):
        return line.strip()
  return ""


def _is_sentence(line):
  return line.startswith("compare_gan: ")
