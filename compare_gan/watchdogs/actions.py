"""What follows when a training is not healthy: `watchdog.action`.

log      the state is named; nothing else
stop     `Stopped` ends the training, as a loss that is not finite does
go_back  `GoBack` asks for the last healthy checkpoint. `begin_return` first
         removes the checkpoints after it and then notes the return: a
         process that is killed between the two has not returned, goes on from
         the healthy checkpoint with the same rates, and gets here again
"""

import os
from typing import Optional

from compare_gan.storage import checkpoints
from compare_gan.storage import healthy_checkpoint
from compare_gan.watchdogs import curve
from compare_gan.watchdogs import diagnosis
from compare_gan.watchdogs import states


class Stopped(FloatingPointError):
  """A watchdog has ended the training."""


class GoBack(Exception):
  """The training must go on from the checkpoint of `step`."""

  def __init__(self, step: int) -> None:
    super().__init__(f"Going back to step {step}.")
    self.step = step


def stopped(
  model_dir: str, step: int, finding: states.Finding, more: str = ""
) -> Stopped:
  """Returns the error that ends a training."""
  return Stopped(
    f"A watchdog has ended the training at step {step}: {finding.state}. "
    f"{finding.reason} {more}{finding.advice} See "
    f"{os.path.join(model_dir, diagnosis.FILE)}."
  )


def mark_healthy(model_dir: str, step: int) -> None:
  """Marks the last checkpoint up to a step, unless it is marked already."""
  found = [s for s in checkpoints.all_steps(model_dir) if s <= step]
  if found and healthy_checkpoint.read(model_dir) != max(found):
    healthy_checkpoint.mark(model_dir, max(found))


def find_healthy(model_dir: str) -> Optional[int]:
  """Returns the step to go back to; None if there is no checkpoint for it."""
  marked = healthy_checkpoint.read(model_dir) or 0
  found = [s for s in checkpoints.all_steps(model_dir) if s <= marked]
  return max(found, default=None)


def begin_return(
  model_dir: str, to: int, step: int, finding: states.Finding, factor: float
) -> None:
  """Makes the checkpoint of `to` the last one, and notes the return."""
  checkpoints.remove_after(model_dir, to)
  diagnosis.keep_of_return(model_dir, step)
  kept = curve.read(model_dir, to)
  note = {
    "step": to,
    "went_back": 1,
    "from": step,
    "factor": factor,
    "state": finding.state,
    "signal": finding.signal,
  }
  curve.write(model_dir, [*kept, note])
