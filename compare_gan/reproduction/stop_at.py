"""Ends a training at a step, as a signal does, whatever it was to train to.

  import compare_gan.reproduction.stop_at
  stop_at.step = 200

`options.training_steps` would do so too, but schedules of learning rates depend
on it.
"""

from typing import Any

from compare_gan.configuration import gin_state
from compare_gan.estimator import hook_kinds
from compare_gan.estimator import hooks
import gin


@gin.configurable("stop_at", module="compare_gan.reproduction")
def chosen_step(step: int = gin.REQUIRED) -> int:
  """Returns the step at which the training ends.

  Args:
    step: number of the last step. `compare_gan reproduce` binds it to repeat
      the beginning of a run.
  """
  return step


@hook_kinds.register
def hooks_of_training(training: hook_kinds.Training) -> list[hooks.Hook]:
  """Returns the hook that ends the training, if `stop_at.step` is bound."""
  del training
  # gin records each call, see fit/stopwatch.py.
  if not gin_state.is_bound("stop_at.step"):
    return []
  return [StopAt(chosen_step())]


class StopAt(hooks.Hook):
  """Asks to stop at a step."""

  def __init__(self, step: int) -> None:
    self.every_steps = step
    self._step = step

  def after_loop(
    self, step: int, steps: int, seconds: float, scalars: dict[str, Any]
  ) -> None:
    self.asks_to_stop = step >= self._step
