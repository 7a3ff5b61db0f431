"""Values that change during a training: schedules.

A schedule is a function `schedule(step) -> value`, where step is the number of
steps made so far (global_step) and value is a float32 scalar. A number is a
constant schedule. Learning rates, Adam's betas, the EMA's half-life and the
weights of terms accept either:

  ModularGAN.g_lr = @g_lr/cosine_schedule()
  g_lr/cosine_schedule.base = 2e-4
  g_lr/cosine_schedule.final = 5e-5
  g_lr/cosine_schedule.total = 20000000
  g_lr/cosine_schedule.unit = "images"

The scope (`g_lr/`, any name) keeps several schedules of one kind apart. All of
them measure the training by n, in steps or in images. The number of images seen
is step * options.batch_size, however many updates a step has; papers and their
code count the same way (kimg, nimg).

TF1's schedules, `@tf.train.exponential_decay()` and so on, are in
tf1_schedules.py.
"""

from collections.abc import Sequence
import math
import numbers
from typing import Annotated
from typing import Any
from typing import Callable
from typing import Optional
from typing import Union

from compare_gan.configuration import accepted
from compare_gan.gans import options as options_lib
import gin
import tensorflow as tf

Step = Union[int, tf.Tensor, tf.Variable]  # how many steps have been made
Rate = Callable[[Step], tf.Tensor]
Schedule = Union[float, Rate]  # a number is constant

_UNITS = ("steps", "images")


def value_at(schedule: Schedule, step: Step) -> tf.Tensor:
  """Returns the value of a schedule, or of a number, as a float32 scalar."""
  value = schedule(step) if callable(schedule) else schedule
  return tf.cast(value, tf.float32)


def require_schedule(name: str, schedule: Any) -> None:
  """Raises unless `schedule` is a number or a schedule.

  Args:
    name: its name in gin files, "ModularGAN.g_lr".
    schedule: the value bound to it.
  """
  is_scalar = isinstance(schedule, (numbers.Real, tf.Tensor))
  if not is_scalar and not callable(schedule):
    raise ValueError(
      f"{name} = {schedule!r}; it must be a number or a schedule, such as "
      "@cosine_schedule()."
    )
  # A schedule that the gin file does not call returns a function.
  if callable(schedule) and callable(schedule(tf.constant(0, tf.int64))):
    raise ValueError(
      f"{name} = {schedule!r}; a schedule must be called in the gin file, with "
      "() behind its name."
    )


@gin.configurable
def cosine_schedule(
  base: accepted.NotNegative = gin.REQUIRED,
  final: accepted.NotNegative = gin.REQUIRED,
  total: accepted.Positive = gin.REQUIRED,
  warmup: accepted.NotNegative = 0,
  warmup_from: accepted.NotNegative = 0.0,
  hold: accepted.NotNegative = 0,
  unit: Annotated[str, accepted.OneOf("steps", "images")] = "steps",
  batch_size: Optional[accepted.Count] = None,
) -> Rate:
  """Returns a schedule that falls from base to final along half a cosine.

  R3GAN (Huang et al., 2024, https://arxiv.org/abs/2501.05441) schedules its
  learning rate, R1 and R2 weights, beta2, half-life of the EMA and ADA's
  probability this way, by images. With N = total, m = warmup + hold:

    n < warmup       warmup_from + (base - warmup_from) n / warmup
    n <= m           base
    n <= N           final + (base - final) (1 + cos(pi (n - m) / (N - m))) / 2
    n > N            final

  Args:
    base: the value after the warm-up.
    final: the value from n = total on.
    total: where the cosine ends.
    warmup: how long the value rises linearly, from `warmup_from`.
    warmup_from: the value at n = 0, if there is a warm-up.
    hold: how long it then stays at `base`.
    unit: of total, warmup and hold: "steps" or "images".
    batch_size: images a step, for unit = "images"; None: options.batch_size.
  """
  _require_at_least("cosine_schedule", 0, warmup=warmup, hold=hold)
  start = warmup + hold
  if not total > start:
    raise ValueError(
      f"cosine_schedule.total = {total}; it must be above warmup + hold = "
      f"{start}, where the cosine begins."
    )
  position = _position("cosine_schedule", unit, batch_size)

  def value(step: Step) -> tf.Tensor:
    n = position(step)
    part = tf.clip_by_value((n - start) / (total - start), 0.0, 1.0)
    value = final + 0.5 * (1.0 + tf.cos(math.pi * part)) * (base - final)
    if warmup:
      rising = warmup_from + (base - warmup_from) * n / warmup
      value = tf.where(n < warmup, rising, value)
    return value

  return value


@gin.configurable
def linear_schedule(
  first: float = gin.REQUIRED,
  last: float = gin.REQUIRED,
  over: accepted.Positive = gin.REQUIRED,
  begin: accepted.NotNegative = 0,
  unit: Annotated[str, accepted.OneOf("steps", "images")] = "steps",
  batch_size: Optional[accepted.Count] = None,
) -> Rate:
  """Returns a schedule that goes from first to last along a line.

  It is first until n = begin and last from n = begin + over on. Instance noise
  of 0.1 max(0, 1 - n / T) is first = 0.1, last = 0.0, over = T.

  Args:
    first, last: the values at both ends.
    over: how long it takes.
    begin: where it starts.
    unit: of begin and over: "steps" or "images".
    batch_size: images a step, for unit = "images"; None: options.batch_size.
  """
  _require_at_least("linear_schedule", 0, begin=begin)
  if not over > 0:
    raise ValueError(f"linear_schedule.over = {over}; it must be above 0.")
  position = _position("linear_schedule", unit, batch_size)

  def value(step: Step) -> tf.Tensor:
    part = tf.clip_by_value((position(step) - begin) / over, 0.0, 1.0)
    return first + (last - first) * part

  return value


@gin.configurable
def piecewise_schedule(
  points: Sequence[tuple[float, float]] = gin.REQUIRED,
  interpolate: bool = False,
  unit: Annotated[str, accepted.OneOf("steps", "images")] = "steps",
  batch_size: Optional[accepted.Count] = None,
) -> Rate:
  """Returns a schedule that goes through a list of points (n, value).

    piecewise_schedule.points = [(0, 2e-4), (50000, 1e-4), (80000, 5e-5)]

  Each value holds from its n on, until the next. This is not TF1's
  piecewise_constant, in which a value still holds at the boundary itself.

  Args:
    points: a list of pairs; the first n is 0 and they increase.
    interpolate: goes along a line from each point to the next.
    unit: of n: "steps" or "images".
    batch_size: images a step, for unit = "images"; None: options.batch_size.
  """
  pairs = [tuple(pair) for pair in points]
  where = [pair[0] for pair in pairs]
  if not pairs or where[0] != 0 or sorted(set(where)) != where:
    raise ValueError(
      f"piecewise_schedule.points = {points!r}; it must be a list of pairs "
      "(n, value) of which the first n is 0 and each n is above the one "
      "before: [(0, 2e-4), (50000, 1e-4)]."
    )
  position = _position("piecewise_schedule", unit, batch_size)

  def value(step: Step) -> tf.Tensor:
    n = position(step)
    found = tf.constant(pairs[0][1], tf.float32)
    for (n0, v0), (n1, v1) in zip(pairs, pairs[1:]):
      if interpolate:
        found += (v1 - v0) * tf.clip_by_value((n - n0) / (n1 - n0), 0.0, 1.0)
      else:
        found = tf.where(n >= n1, v1, found)
    return found

  return value


@gin.configurable
def warmup_schedule(
  schedule: Schedule = gin.REQUIRED,
  over: accepted.Positive = gin.REQUIRED,
  first: float = 0.0,
  unit: Annotated[str, accepted.OneOf("steps", "images")] = "steps",
  batch_size: Optional[accepted.Count] = None,
) -> Rate:
  """Returns another schedule with a linear warm-up laid over its beginning.

  The value is first + (schedule(n) - first) min(1, n / over).

  Args:
    schedule: a number or a schedule.
    over: how long the warm-up takes.
    first: the value at n = 0.
    unit: of over: "steps" or "images".
    batch_size: images a step, for unit = "images"; None: options.batch_size.
  """
  require_schedule("warmup_schedule.schedule", schedule)
  if not over > 0:
    raise ValueError(f"warmup_schedule.over = {over}; it must be above 0.")
  position = _position("warmup_schedule", unit, batch_size)

  def value(step: Step) -> tf.Tensor:
    part = tf.minimum(position(step) / over, 1.0)
    return first + (value_at(schedule, step) - first) * part

  return value


def top_k(
  epoch: Union[int, tf.Tensor],
  batch_size: int,
  gamma: float = 0.99,
  nu: float = 0.5,
) -> tf.Tensor:
  """Returns the number of fakes in G's loss, an int32 scalar.

  Top-k training (Sinha et al., 2020, https://arxiv.org/abs/2002.06224):
  k = batch_size at first, and max(gamma k, nu batch_size) after each epoch,
  rounded down where it is used. With several replicas each takes
  top_k(...) // replicas of its own fakes.

  Args:
    epoch: how many epochs have been completed, an int or an int tensor.
    batch_size: of all replicas together.
    gamma: factor of k after each epoch, in (0, 1].
    nu: smallest k as a fraction of the batch, in (0, 1].
  """
  for name, value in (("gamma", gamma), ("nu", nu)):
    if not 0 < value <= 1:
      raise ValueError(f"top_k: {name} = {value}; it must be in (0, 1].")
  # Multiplied step by step, as in the paper's code: gamma^epoch rounds
  # differently, which can give another integer.
  table, k, least = [], float(batch_size), nu * batch_size
  while True:
    table.append(int(k))
    if gamma == 1 or k <= least:
      break
    k = max(gamma * k, least)
  return tf.gather(table, tf.minimum(tf.cast(epoch, tf.int32), len(table) - 1))


def images_per_step(
  configurable: str, batch_size: Optional[int] = None
) -> float:
  """Returns the number of images that a step counts.

  Args:
    configurable: the owner of the parameter `batch_size`, for the message.
    batch_size: its value; None for options.batch_size.
  """
  if batch_size is None:
    batch_size = gin.get_bindings(options_lib.options).get("batch_size")
  if not isinstance(batch_size, (int, float)) or not batch_size > 0:
    raise ValueError(
      f"{configurable} counts images, but the number of images in a step is "
      f"{batch_size!r}. Bind options.batch_size or {configurable}.batch_size."
    )
  return float(batch_size)


def _position(
  configurable: str, unit: str, batch_size: Optional[int]
) -> Callable[[Step], tf.Tensor]:
  """Returns `n(step)`, a float32 scalar, in the unit chosen in gin."""
  if unit not in _UNITS:
    raise ValueError(
      f"{configurable}.unit = {unit!r}; it must be 'steps' or 'images'."
    )
  factor = 1.0
  if unit == "images":
    factor = images_per_step(configurable, batch_size)
  return lambda step: tf.cast(step, tf.float32) * factor


def _require_at_least(
  configurable: str, least: float, **arguments: float
) -> None:
  for argument, value in arguments.items():
    if not value >= least:
      raise ValueError(
        f"{configurable}.{argument} = {value}; it must be {least} or more."
      )
