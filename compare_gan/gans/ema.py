"""The moving average of G's weights (https://arxiv.org/abs/1710.10196).

Images are made with the average, which training itself does not use. Only
trained weights are averaged; moments and power iterations are shared with the
original, so the average always has the present ones. After each step, which
makes weight w:

  average <- average - (1 - decay) (average - w)

ModularGAN.ema_decay is a number or a schedule of the decay. As a half-life, in
images (StyleGAN, R3GAN):

  ModularGAN.g_use_ema = True
  ModularGAN.ema_start_step = 0
  ModularGAN.ema_decay = @ema_half_life()
  ema_half_life.half_life = 10000
  ema_half_life.ramp_up = 0.05

Averages whose profile is chosen after the training are in power_ema.py.
"""

import math
from typing import Annotated
from typing import Any
from typing import Callable
from typing import Optional
from typing import TypeVar
from typing import Union

from compare_gan.configuration import accepted
from compare_gan.context import scope
from compare_gan.gans import power_ema
from compare_gan.gans import schedules
from compare_gan.gans.schedules import Schedule
from compare_gan.gans.schedules import Step
import gin
import tensorflow as tf

SUFFIX = "/ExponentialMovingAverage"

Network = TypeVar("Network", bound=scope.Module)


class Averages(scope.Module):
  """The moving averages of a GAN's networks.

  Args:
    decay, start_step, warmup: see `decay_at`. If the decay has a method
      `gain(step)`, this gives 1 - decay, without the rounding of decays close
      to 1.
  """

  def __init__(
    self, decay: Schedule, start_step: int, warmup: bool = False
  ) -> None:
    super().__init__()
    schedules.require_schedule("ModularGAN.ema_decay", decay)
    self._decay = decay
    self._start_step = start_step
    self._warmup = warmup
    self._pairs: list[tuple[scope.Module, scope.Module]] = []
    self._power = power_ema.PowerAverages()

  def copy_of(self, network: Network, make: Callable[[], Network]) -> Network:
    """Returns `averaged_copy(network, make)`, updated by `move`."""
    average = averaged_copy(network, make)
    self._pairs.append((average, network))
    self._power.track(network)
    return average

  def move(self, step: tf.Variable, stays: Any) -> None:
    """Moves all averages.

    Args:
      step: how many steps the training has made before this one.
      stays: a bool or a bool tensor, whether the weights did not change. Then
        the averages do not either.
    """
    gain = tf.where(stays, 0.0, self._gain(step))
    for average, network in self._pairs:
      move(average, network, gain)
    self._power.move(step, stays)

  def _gain(self, step: tf.Variable) -> tf.Tensor:
    """Returns 1 - decay."""
    precise = getattr(self._decay, "gain", None)
    if precise is None or self._warmup:
      return 1.0 - decay_at(step, self._decay, self._start_step, self._warmup)
    return tf.where(step >= self._start_step, precise(step), 1.0)


def averaged_copy(network: Network, make: Callable[[], Network]) -> Network:
  """Returns `make()`, the same network again, with averages for weights.

  Args:
    network: the network that is trained.
    make: the function that made it, called in the same scope.
  """
  original = {scope.full_name(v): v for v in network.variables}
  with scope.building(original=original, suffix=SUFFIX):
    return make()


def move(
  average: scope.Module, network: scope.Module, gain: Union[float, tf.Tensor]
) -> None:
  """Moves each weight of `average` towards `network`'s by the gain."""
  power_ema.move_variables(
    average.trainable_variables, network.trainable_variables, gain
  )


def decay_at(
  step: Step, decay: Schedule, start_step: int, warmup: bool = False
) -> tf.Tensor:
  """Returns the decay of a step; 0, a copy, while it is below `start_step`.

  With `warmup` the average is short at first: min(decay, (1 + t) / (10 + t)),
  with t the step, as in TensorFlow's ExponentialMovingAverage.
  """
  decay = schedules.value_at(decay, step)
  if warmup:
    t = tf.cast(step, tf.float32)
    decay = tf.minimum(decay, (1.0 + t) / (10.0 + t))
  return tf.where(step >= start_step, decay, 0.0)


@gin.configurable("ema_half_life")
class HalfLife:
  """A decay by half-life: decay = 0.5^(B / H), B being the images of a step.

  A value that entered the average H images ago counts half. With a ramp-up H is
  min(half_life, ramp_up n) at first, where n images were seen before this step;
  at n = 0 the average is a copy. StyleGAN2-ADA
  (https://arxiv.org/abs/2006.06676) has H = 10000 images and a ramp-up of 0.05
  for its automatic settings, 500000 and 0.05 on CIFAR-10; R3GAN
  (https://arxiv.org/abs/2501.05441) lets H rise from 0 to 5 million images on
  CIFAR-10 along a cosine.

  Args:
    half_life: H in images, a number or a schedule; 0 for a copy.
    ramp_up: H is at most this times the number of images seen so far. None: no
      ramp-up.
    batch_size: images a step; None for options.batch_size.
  """

  def __init__(
    self,
    half_life: Annotated[Schedule, accepted.Range(least=0)] = 10000,
    ramp_up: Optional[accepted.Positive] = None,
    batch_size: Optional[accepted.Count] = None,
  ) -> None:
    schedules.require_schedule("ema_half_life.half_life", half_life)
    if ramp_up is not None and not ramp_up > 0:
      raise ValueError(
        f"ema_half_life.ramp_up = {ramp_up!r}; it must be above 0, or None for "
        "no ramp-up."
      )
    if not callable(half_life) and not half_life >= 0:
      raise ValueError(
        f"ema_half_life.half_life = {half_life!r}; it must be 0 or more images."
      )
    self._half_life = half_life
    self._ramp_up = ramp_up
    self._batch_size = schedules.images_per_step("ema_half_life", batch_size)

  def __call__(self, step: Step) -> tf.Tensor:
    """Returns the decay of a step."""
    return tf.exp(self._log_decay(step))

  def gain(self, step: Step) -> tf.Tensor:
    """Returns 1 - decay, exact even if the decay is close to 1."""
    # -expm1(x), which some devices lack.
    x = self._log_decay(step)
    return tf.tanh(-0.5 * x) * (1.0 + tf.exp(x))

  def _log_decay(self, step: Step) -> tf.Tensor:
    half_life = schedules.value_at(self._half_life, step)
    if self._ramp_up is not None:
      seen = tf.cast(step, tf.float32) * self._batch_size
      half_life = tf.minimum(half_life, self._ramp_up * seen)
    halvings = self._batch_size / tf.maximum(half_life, 1e-8)
    return -math.log(2.0) * halvings
