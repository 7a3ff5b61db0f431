"""What all optimisers share: learning rates, slots, the walk over variables.

An algorithm is the one method `_update`, from (w, g, slots) to their new
values; the base class walks over the variables.

With several replicas, call `build` in the strategy's scope, and hand the same
gradients, already reduced, to `apply_gradients` on every replica: each updates
its own copy, no replica waits for another, and the copies stay equal.
"""

import abc
from collections.abc import Iterable
import numbers
from typing import Callable
from typing import Optional
from typing import Union

from compare_gan.context import scope
import numpy as np
import tensorflow as tf


def float32(value: float) -> float:
  """Rounds to float32: as in TF1, 1 - beta is that of the rounded beta.

  1 - 0.999 and 1 - float32(0.999) differ in the fifth digit.
  """
  return float(np.float32(value))


class Optimizer(scope.Module, abc.ABC):
  """What all optimisers share: the learning rate, the slots, the walk.

  Args:
    learning_rate: a number, or a schedule: `learning_rate(step)` -> scalar.
    name: how checkpoints call the slots: `<variable>/<name>` is the first one,
      `<variable>/<name>_1` the second.
    slots: name -> first value; each variable gets one of each, of its shape.
    scalars: name -> first value of `<name>/<scalar>`, shared by all variables.
  """

  def __init__(
    self,
    learning_rate: Union[float, tf.Tensor, Callable],
    name: str,
    slots: Optional[dict[str, float]] = None,
    scalars: Optional[dict[str, float]] = None,
  ) -> None:
    super().__init__()
    self._optimizer_name = name
    self._learning_rate = learning_rate
    self._slot_values = slots or {}
    self._scalar_values = scalars or {}
    self._scalars = None
    self._slots = None
    self._require(
      callable(learning_rate)
      or isinstance(learning_rate, (numbers.Real, tf.Tensor)),
      "learning_rate",
      learning_rate,
      "a number or a schedule, @tf.train.exponential_decay() say,",
    )
    self.learning_rate(tf.constant(0, tf.int64))  # Better now than in the loop.

  def _require(self, fits, argument, got, would_do):
    if not fits:
      raise ValueError(
        f"{type(self).__name__}.{argument} = {got!r}, but {would_do} would do."
      )

  @property
  def name(self) -> str:
    return self._optimizer_name

  def learning_rate(
    self, step: Union[int, tf.Tensor, tf.Variable]
  ) -> tf.Tensor:
    """Returns the learning rate of `step`, a float32 scalar."""
    rate = self._learning_rate
    if callable(rate):
      rate = rate(step)
      self._require(
        not callable(rate),
        "learning_rate",
        self._learning_rate,
        "a schedule that is called in the gin file, with () behind its name,",
      )
    return tf.cast(rate, tf.float32)

  def build(self, variables: Iterable[tf.Variable]) -> None:
    """Makes all slots and scalars; call it once and outside of `scope`."""
    variables = list(variables)
    if self._slots is not None:
      raise ValueError(
        f"{self.name} has its slots already: build it only once."
      )
    with scope.scope(self.name):
      self._scalars = {
        scalar: _constant(scalar, [], value)
        for scalar, value in self._scalar_values.items()
      }
    self._slots = {scope.full_name(w): self._make_slots(w) for w in variables}

  def _make_slots(self, w):
    with scope.scope(scope.full_name(w)):
      return {
        slot: _constant(name, w.shape, self._slot_values[slot])
        for slot, name in zip(self._slot_values, self._names())
      }

  def _names(self):
    """Returns the last parts of the slots' names: name, name_1, name_2."""
    return [
      name if not before else f"{name}_{before}"
      for name, before in _with_count(self._stems())
    ]

  def _stems(self):
    return [self.name] * len(self._slot_values)

  def slot(self, w: tf.Variable, name: str) -> tf.Variable:
    """Returns the slot `name` ("m", "accum") of variable `w`."""
    return self._slots[scope.full_name(w)][name]

  def apply_gradients(
    self,
    grads_and_vars: Iterable[tuple[tf.Tensor, tf.Variable]],
    step: Union[int, tf.Tensor, tf.Variable],
  ) -> None:
    """Moves the variables by one step, in place.

    Args:
      grads_and_vars: pairs (gradient, variable), the gradients equal on all
        replicas.
      step: how many steps the training has made, what schedules depend on.
    """
    grads_and_vars = list(grads_and_vars)
    self._check(grads_and_vars)
    lr = self._rate(self.learning_rate(step), step)
    before = []
    # One after the other, or a graph would scale all slots before it knows the
    # first gradient. The last layer's gradient is there first.
    for g, w in reversed(grads_and_vars):
      # Lookups have sparse gradients; the formulas are those of dense ones.
      g = tf.cast(tf.convert_to_tensor(g), tf.float32)
      with tf.control_dependencies([g, *before]):
        before = self._move(w, g, lr)
    self._finish()

  def _move(self, w, g, lr):
    """Moves w and its slots; returns their new values."""
    variables = [w, *(self.slot(w, name) for name in self._slot_values)]
    old_w, *slots = [tf.convert_to_tensor(variable) for variable in variables]
    new = self._update(old_w, g, lr, *slots)
    for variable, value in zip(variables, new):
      variable.assign(value)
    return new

  def _check(self, grads_and_vars):
    missing = [scope.full_name(w) for g, w in grads_and_vars if g is None]
    if missing:
      raise ValueError(
        f"{self.name} got no gradient for {', '.join(missing)}: the loss does "
        "not depend on it. Leave it out of the trained variables or use it in "
        "the network."
      )
    names = [scope.full_name(w) for _, w in grads_and_vars]
    unknown = [name for name in names if name not in (self._slots or {})]
    if unknown:
      raise ValueError(
        f"{self.name} lacks the slots of {', '.join(unknown)}. Hand them to "
        "build() before the first step."
      )

  def _rate(self, lr, step):
    """Returns what `_update` gets as its rate, computed once per step."""
    del step
    return lr

  @abc.abstractmethod
  def _update(self, w, g, lr, *slots):
    """Returns the new (w, *slots) for the gradient g, all of one shape."""

  def _finish(self):
    """Updates the scalars, after all variables."""


def _constant(name, shape, value):
  return scope.variable(
    name,
    shape,
    lambda rng, shape: np.full(shape, value, np.float32),
    trainable=False,
  )


def _with_count(names):
  """Pairs each name with the number of times it came before."""
  return [(name, names[:i].count(name)) for i, name in enumerate(names)]
