"""How many steps fit into a time, with all else that a run does.

A run starts, makes steps, writes checkpoints, and with
--schedule=eval_after_train scores some of them afterwards.
"""

import dataclasses
import math
from typing import Optional

from compare_gan.fit import timing
from compare_gan.fit.stopwatch import Measured


@dataclasses.dataclass(frozen=True)
class Evaluations:
  """What eval_after_train scores.

  Attributes:
    every_steps: --eval_every_steps.
    runs: --num_eval_averaging_runs.
  """

  every_steps: int = 5000
  runs: int = 3


@dataclasses.dataclass(frozen=True)
class Plan:
  """What fits into a time.

  Attributes:
    seconds: the time.
    steps: which fit into it.
    of_card: options.training_steps.
    start_s: until the end of the first step.
    steps_s: of the other steps.
    checkpoints_s: of all checkpoints.
    evaluations_s: of sampling what is scored.
    full_s: what all steps of the card would take, with the rest.
  """

  seconds: float
  steps: int
  of_card: int
  start_s: float
  steps_s: float
  checkpoints_s: float
  evaluations_s: float
  full_s: float


def plan(
  seconds: float,
  measured: Measured,
  training_steps: int,
  save_every: int,
  evaluations: Optional[Evaluations] = None,
  images: Optional[int] = None,
) -> Plan:
  """Returns the Plan of a time.

  Args:
    seconds: the time.
    measured: a few steps.
    training_steps: of the card.
    save_every: steps between two checkpoints.
    evaluations: None for no evaluations.
    images: which are scored each time.
  """
  costs = _Costs(measured, save_every, evaluations, images or 0)
  steps = costs.most_steps(seconds, training_steps)
  return Plan(
    seconds,
    steps,
    training_steps,
    costs.start_s,
    costs.steps_s(steps),
    costs.checkpoints_s(steps),
    costs.evaluations_s(steps),
    costs.total_s(training_steps),
  )


class _Costs:
  """What a number of steps takes, in seconds."""

  def __init__(self, measured, save_every, evaluations, images):
    self.start_s = measured.start_s
    self._step_s = min(measured.steps[-timing.TIMED :])
    self._measured = measured
    self._save_every = save_every
    self._evaluations, self._images = evaluations, images

  def steps_s(self, steps):
    return self._step_s * max(0, steps - 1)  # The first belongs to the start.

  def checkpoints_s(self, steps):
    # The one of step 0 is a part of the start.
    return self._measured.checkpoint_s * math.ceil(steps / self._save_every)

  def evaluations_s(self, steps):
    if self._evaluations is None:
      return 0.0
    # Of each multiple that has a checkpoint, that of step 0, and the last one.
    every = math.lcm(self._evaluations.every_steps, self._save_every)
    count = 1 + math.ceil(steps / every)
    images = count * self._evaluations.runs * self._images
    return images * self._measured.image_s

  def total_s(self, steps):
    return (
      self.start_s
      + self.steps_s(steps)
      + self.checkpoints_s(steps)
      + self.evaluations_s(steps)
    )

  def most_steps(self, seconds, most):
    """Returns the largest number of steps up to `most` that takes no longer."""
    if self.total_s(1) > seconds:
      return 0
    low, high = 1, most + 1
    while high - low > 1:
      middle = (low + high) // 2
      if self.total_s(middle) <= seconds:
        low = middle
      else:
        high = middle
    return min(low, most)


def in_words(found: Plan) -> str:
  """Returns a Plan in sentences."""
  parts = [f"{_time(found.start_s)} to start"]
  parts.append(f"{_time(found.checkpoints_s)} for checkpoints")
  if found.evaluations_s:
    parts.append(f"{_time(found.evaluations_s)} to sample what is scored")
  share = found.steps / max(1, found.of_card)
  return (
    f"In {_time(found.seconds)} fit {found.steps} of the card's "
    f"{found.of_card} steps ({share:.0%}), with {', '.join(parts)}. All of "
    f"them take {_time(found.full_s)}."
  )


def _time(seconds):
  minutes, seconds = divmod(int(math.ceil(seconds)), 60)
  hours, minutes = divmod(minutes, 60)
  return f"{hours}:{minutes:02d}:{seconds:02d}"
