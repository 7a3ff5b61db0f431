"""TF1's learning rate schedules, under TF1's names.

In a gin file no step is known yet, so the functions return `rate(step)`:

  ModularGAN.g_lr = @tf.train.exponential_decay()
  tf.train.exponential_decay.learning_rate = 2e-4
  tf.train.exponential_decay.decay_steps = 1000
  tf.train.exponential_decay.decay_rate = 0.96

With `global_step` they return the rate of that step, as TF1 did. All rates are
float32 scalars; `name` is accepted and has no meaning. In the formulas
p = step / decay_steps, with `staircase` rounded down. Schedules that TF1 did
not have (cosine, warm-up, by images seen) are in schedules.py.
"""

from collections.abc import Sequence
from numbers import Real
from typing import Any
from typing import Optional
from typing import Union

from compare_gan.gans.schedules import Rate
from compare_gan.gans.schedules import Step
import tensorflow as tf


def exponential_decay(
  learning_rate: float,
  global_step: Optional[Step] = None,
  decay_steps: Optional[float] = None,
  decay_rate: Optional[float] = None,
  staircase: bool = False,
  name: Optional[str] = None,
) -> Union[tf.Tensor, Rate]:
  """Returns learning_rate * decay_rate^p.

  Args:
    learning_rate: the rate at step 0.
    global_step: the step whose rate is returned. None, as in gin files: returns
      the schedule.
    decay_steps: steps of a period; it must be given.
    decay_rate: factor of the rate in a period; it must be given.
    staircase: the rate changes at the end of periods only.
    name: not used.
  """
  return _decay(
    "exponential_decay",
    lambda p: learning_rate * decay_rate**p,
    global_step,
    staircase,
    learning_rate=learning_rate,
    decay_steps=decay_steps,
    decay_rate=decay_rate,
  )


def natural_exp_decay(
  learning_rate: float,
  global_step: Optional[Step] = None,
  decay_steps: Optional[float] = None,
  decay_rate: Optional[float] = None,
  staircase: bool = False,
  name: Optional[str] = None,
) -> Union[tf.Tensor, Rate]:
  """Returns learning_rate * exp(-decay_rate p).

  Args:
    learning_rate, global_step, decay_steps, staircase, name: as for
      exponential_decay.
    decay_rate: a period multiplies the rate by exp(-decay_rate); it must be
      given.
  """
  return _decay(
    "natural_exp_decay",
    lambda p: learning_rate * tf.exp(-p * decay_rate),
    global_step,
    staircase,
    learning_rate=learning_rate,
    decay_steps=decay_steps,
    decay_rate=decay_rate,
  )


def inverse_time_decay(
  learning_rate: float,
  global_step: Optional[Step] = None,
  decay_steps: Optional[float] = None,
  decay_rate: Optional[float] = None,
  staircase: bool = False,
  name: Optional[str] = None,
) -> Union[tf.Tensor, Rate]:
  """Returns learning_rate / (1 + decay_rate p).

  Args:
    learning_rate, global_step, decay_steps, staircase, name: as for
      exponential_decay.
    decay_rate: what a period adds to the divisor; it must be given.
  """
  return _decay(
    "inverse_time_decay",
    lambda p: learning_rate / (1.0 + decay_rate * p),
    global_step,
    staircase,
    learning_rate=learning_rate,
    decay_steps=decay_steps,
    decay_rate=decay_rate,
  )


def polynomial_decay(
  learning_rate: float,
  global_step: Optional[Step] = None,
  decay_steps: Optional[float] = None,
  end_learning_rate: float = 0.0001,
  power: float = 1.0,
  cycle: bool = False,
  name: Optional[str] = None,
) -> Union[tf.Tensor, Rate]:
  """Returns end + (learning_rate - end) (1 - p)^power.

  It stays at `end_learning_rate` after `decay_steps`. With `cycle`,
  `decay_steps` grows to its next multiple each time it is reached, and the rate
  jumps up to where that longer curve is.

  Args:
    learning_rate, global_step, name: as for exponential_decay.
    decay_steps: the step at which the end is reached; it must be given.
    end_learning_rate: the rate at that step.
    power: of the polynomial; 1 is a straight line.
    cycle: starts again, with longer and longer periods, instead of staying at
      the end.
  """
  _require_numbers(
    "polynomial_decay",
    learning_rate=learning_rate,
    decay_steps=decay_steps,
    end_learning_rate=end_learning_rate,
    power=power,
  )

  def rate(step: Step) -> tf.Tensor:
    p = _periods(step, decay_steps)
    p = p / tf.maximum(tf.math.ceil(p), 1.0) if cycle else tf.minimum(p, 1.0)
    span = learning_rate - end_learning_rate
    return span * tf.pow(1.0 - p, power) + end_learning_rate

  return _rate_or_schedule(global_step, rate)


def piecewise_constant(
  x: Optional[Step] = None,
  boundaries: Optional[Sequence[float]] = None,
  values: Optional[Sequence[float]] = None,
  name: Optional[str] = None,
) -> Union[tf.Tensor, Rate]:
  """Returns values[i], i being the number of boundaries below the step.

  Args:
    x: the step, TF1's name for it.
    boundaries: increasing; at a boundary itself the value before it applies.
    values: one more than boundaries.
    name: not used.
  """
  boundaries, values = list(boundaries or ()), list(values or ())
  if len(values) != len(boundaries) + 1 or sorted(boundaries) != boundaries:
    raise ValueError(
      f"piecewise_constant got boundaries = {boundaries} and "
      f"values = {values}. It takes increasing boundaries and one more value "
      "than boundaries: boundaries = [1000], values = [2e-4, 1e-4]."
    )

  def rate(step: Step) -> tf.Tensor:
    step = tf.convert_to_tensor(step)
    passed = [step > tf.cast(b, step.dtype) for b in boundaries]
    index = tf.math.count_nonzero(passed)
    return tf.gather(tf.constant(values, tf.float32), index)

  return _rate_or_schedule(x, rate)


def _decay(function, rate_of, step, staircase, **numbers):
  """Returns `rate_of(p)` of the step, or the schedule if there is no step."""
  _require_numbers(function, **numbers)
  decay_steps = numbers["decay_steps"]
  return _rate_or_schedule(
    step, lambda step: rate_of(_periods(step, decay_steps, staircase))
  )


def _rate_or_schedule(
  step: Optional[Step], rate: Rate
) -> Union[tf.Tensor, Rate]:
  """Returns the rate of the step, or the schedule if there is no step."""
  return rate if step is None else rate(step)


def _periods(
  step: Step, decay_steps: Optional[float], staircase: bool = False
) -> tf.Tensor:
  p = tf.cast(step, tf.float32) / tf.cast(decay_steps, tf.float32)
  return tf.floor(p) if staircase else p


def _require_numbers(function: str, **arguments: Any) -> None:
  for argument, value in arguments.items():
    above = " above 0" if argument == "decay_steps" else ""
    if not isinstance(value, Real) or (above and value <= 0):
      raise ValueError(
        f"{function}.{argument} = {value!r}; it must be a number{above}."
      )
