"""The moving average of G's weights (https://arxiv.org/abs/1710.10196).

Images are made with it, training goes on without. Only what is trained is
averaged; moments and power iterations are shared with the original.
"""

from typing import Any
from typing import Callable
from typing import Union

from compare_gan.context import scope
import tensorflow as tf

SUFFIX = "/ExponentialMovingAverage"


class Averages:
  """The moving averages of a GAN's networks.

  Args:
    decay, start_step, warmup: see `decay_at`.
  """

  def __init__(
    self, decay: float, start_step: int, warmup: bool = False
  ) -> None:
    self._decay = decay
    self._start_step = start_step
    self._warmup = warmup
    self._pairs = []

  def copy_of(
    self, network: scope.Module, make: Callable[[], scope.Module]
  ) -> scope.Module:
    """Returns `averaged_copy(network, make)`, which `move` moves."""
    average = averaged_copy(network, make)
    self._pairs.append((average, network))
    return average

  def move(self, step: tf.Variable, stays: Any) -> None:
    """Moves all averages.

    Args:
      step: which one of the training it is.
      stays: a bool or a tensor, whether the weights stayed as they were. Then
        the averages do too.
    """
    decay = decay_at(step, self._decay, self._start_step, self._warmup)
    decay = tf.where(stays, 1.0, decay)
    for average, network in self._pairs:
      move(average, network, decay)


def averaged_copy(
  network: scope.Module, make: Callable[[], scope.Module]
) -> scope.Module:
  """Returns `make()`, the same network again, with averages for weights.

  Args:
    network: whose weights are averaged.
    make: what made it, called in the same scope.
  """
  original = {scope.full_name(v): v for v in network.variables}
  with scope.building(original=original, suffix=SUFFIX):
    return make()


def move(
  average: scope.Module, network: scope.Module, decay: Union[float, tf.Tensor]
) -> None:
  """Moves each weight of `average` towards `network`'s by 1 - decay."""
  pairs = zip(average.trainable_variables, network.trainable_variables)
  before = []
  for shadow, weight in pairs:
    with tf.control_dependencies(before):  # One difference at a time in memory.
      step = (1.0 - decay) * (shadow - weight)
    shadow.assign_sub(step)
    before = [step]


def decay_at(
  step: Union[int, tf.Tensor, tf.Variable],
  decay: float,
  start_step: int,
  warmup: bool = False,
) -> tf.Tensor:
  """Returns the decay of a step; 0, a copy, while it is below `start_step`.

  With `warmup` the average is short at first: min(decay, (1 + t) / (10 + t)),
  t being the step, as TensorFlow's ExponentialMovingAverage has it.
  """
  decay = tf.constant(decay, tf.float32)
  if warmup:
    t = tf.cast(step, tf.float32)
    decay = tf.minimum(decay, (1.0 + t) / (10.0 + t))
  return tf.where(step >= start_step, decay, 0.0)
