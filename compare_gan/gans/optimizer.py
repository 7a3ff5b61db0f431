"""What all optimisers share: learning rates, slots, the walk over variables.

An algorithm is a single method, `_update`, from (w, g, slots) to their new
values; the base class walks over the variables.

With several replicas, call `build` in the strategy's scope, and hand the same
gradients, already reduced, to `apply_gradients` on every replica: each updates
its own copy, no replica waits for another, and the copies stay equal.

Settings for optimisers of any class, of either network, are in clipping.py.
"""

import abc
from collections.abc import Iterable
from typing import Any
from typing import Optional
from typing import Union

from compare_gan.context import scope
from compare_gan.gans import schedules
from compare_gan.gans.schedules import Schedule
from compare_gan.gans.schedules import Step
import numpy as np
import tensorflow as tf

GradientsAndVariables = Iterable[tuple[tf.Tensor, tf.Variable]]


def float32(value: float) -> float:
  """Rounds to float32: as in TF1, 1 - beta is that of the rounded beta.

  1 - 0.999 and 1 - float32(0.999) differ in the fifth digit.
  """
  return float(np.float32(value))


class Wrapper(scope.Module):
  """An optimiser that changes the steps of another one.

  Args:
    optimizer: makes the steps.
  """

  def __init__(self, optimizer: Any) -> None:
    super().__init__()
    self.optimizer = optimizer

  @property
  def name(self) -> str:
    return self.optimizer.name

  def build(self, variables: Iterable[tf.Variable]) -> None:
    self.optimizer.build(variables)

  def learning_rate(self, step: Step) -> tf.Tensor:
    return self.optimizer.learning_rate(step)

  def slot(self, w: tf.Variable, name: str) -> tf.Variable:
    return self.optimizer.slot(w, name)


class Optimizer(scope.Module, abc.ABC):
  """The base class of all optimisers.

  Args:
    learning_rate: a number, or a schedule: `learning_rate(step)` -> scalar.
    name: the slots' name in checkpoints: `<variable>/<name>` is the first one,
      `<variable>/<name>_1` the second.
    slots: name -> first value; each variable gets one of each, of its shape.
    scalars: name -> first value of `<name>/<scalar>`, shared by all variables.
  """

  def __init__(
    self,
    learning_rate: Union[Schedule, tf.Tensor],
    name: str,
    slots: Optional[dict[str, float]] = None,
    scalars: Optional[dict[str, float]] = None,
  ) -> None:
    super().__init__()
    self._optimizer_name = name
    self._learning_rate = learning_rate
    self.rate_factor = 1.0  # of all rates; set before the first graph
    self._slot_values = slots or {}
    self._scalar_values = scalars or {}
    self._scalars: dict[str, tf.Variable] = {}
    self._slots: Optional[dict[str, dict[str, tf.Variable]]] = None
    # Now, not in the loop.
    schedules.require_schedule(
      f"{type(self).__name__}.learning_rate", learning_rate
    )

  def _require(
    self, fits: bool, argument: str, got: Any, accepted: str
  ) -> None:
    """Raises unless an argument fits: "it must be {accepted}"."""
    if not fits:
      raise ValueError(
        f"{type(self).__name__}.{argument} = {got!r}; it must be {accepted}."
      )

  @property
  def name(self) -> str:
    return self._optimizer_name

  def learning_rate(self, step: Step) -> tf.Tensor:
    """Returns the learning rate of `step`, a float32 scalar."""
    rate = schedules.value_at(self._learning_rate, step)
    return rate if self.rate_factor == 1.0 else self.rate_factor * rate

  def corrected(self, c: float) -> "Optimizer":
    """Returns this optimiser with hyperparameters for more steps an update.

    StyleGAN2's lazy regularisation makes 1 / c steps per update instead of one
    (https://arxiv.org/abs/1912.04958, appendix B).

    Args:
      c: k / (k + 1) for one penalty step in k updates.
    """
    raise ValueError(
      f"{type(self).__name__} has no correction for penalties in steps of "
      f"their own (c = {c:g}): it is known for AdamOptimizer and "
      "AdamWOptimizer. Choose one of them, or add the penalty to the main step."
    )

  def build(self, variables: Iterable[tf.Variable]) -> None:
    """Makes all slots and scalars; call it once, outside `scope`."""
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

  def _make_slots(self, w: tf.Variable) -> dict[str, tf.Variable]:
    with scope.scope(scope.full_name(w)):
      return {
        slot: _constant(name, w.shape, self._slot_values[slot])
        for slot, name in zip(self._slot_values, self._slot_names())
      }

  def _slot_names(self) -> list[str]:
    """Returns the last parts of the slots' names: name, name_1, name_2."""
    return [
      name if not before else f"{name}_{before}"
      for name, before in _with_count(self._stems())
    ]

  def _stems(self) -> list[str]:
    """Returns the slots' names before they are counted."""
    return [self.name] * len(self._slot_values)

  def slot(self, w: tf.Variable, name: str) -> tf.Variable:
    """Returns the slot `name` ("m", "accum") of variable `w`."""
    assert self._slots is not None, "build() comes first"
    return self._slots[scope.full_name(w)][name]

  def apply_gradients(
    self,
    grads_and_vars: GradientsAndVariables,
    step: Step,
    when: Optional[tf.Tensor] = None,
  ) -> None:
    """Moves the variables by one step, in place.

    Args:
      grads_and_vars: pairs (gradient, variable), the gradients equal on all
        replicas.
      step: how many steps the training has made, for schedules.
      when: a bool scalar, equal on all replicas; None for True. If False, no
        weight, slot or scalar changes, whatever the gradients are. Everything
        is computed in either case, because not every kind of replica can assign
        variables in a branch.
    """
    grads_and_vars = list(grads_and_vars)
    self._require_gradients_and_slots(grads_and_vars)
    lr = self.learning_rate(step)
    rate = self._rate(lr, step)
    before: list[tf.Tensor] = []
    # One after the other, or a graph would scale all slots before the first
    # gradient is known. The last layer's gradient comes first.
    for g, w in reversed(grads_and_vars):
      # Lookups have sparse gradients; the formulas are for dense ones.
      g = tf.cast(tf.convert_to_tensor(g), tf.float32)
      with tf.control_dependencies([g, *before]):
        before = self._move(w, g, lr, rate, when)
    scalars = list(self._scalars.values())
    _assign(scalars, self._new_scalars(step, *scalars), when)

  def _move(
    self,
    w: tf.Variable,
    g: tf.Tensor,
    lr: tf.Tensor,
    rate: Any,
    when: Optional[tf.Tensor],
  ) -> list[tf.Tensor]:
    """Moves w and its slots; returns their new values."""
    variables = [w, *(self.slot(w, name) for name in self._slot_values)]
    old_w, *slots = [tf.convert_to_tensor(variable) for variable in variables]
    new_w, *new_slots = self._update(old_w, g, rate, *slots)
    new_w = self._decayed(w, old_w, new_w, lr)
    return _assign(variables, [new_w, *new_slots], when)

  def _require_gradients_and_slots(
    self, grads_and_vars: list[tuple[tf.Tensor, tf.Variable]]
  ) -> None:
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

  # ---- The algorithm ---------------------------------------------------------

  def _rate(self, lr: tf.Tensor, step: Step) -> Any:
    """Returns the rate passed to `_update`, computed once per step."""
    del step
    return lr

  @abc.abstractmethod
  def _update(
    self, w: tf.Tensor, g: tf.Tensor, rate: Any, *slots: tf.Tensor
  ) -> tuple[tf.Tensor, ...]:
    """Returns the new (w, *slots) for the gradient g, all of one shape."""

  def _decayed(
    self, w: tf.Variable, old: tf.Tensor, new: tf.Tensor, lr: tf.Tensor
  ) -> tf.Tensor:
    """Returns the new value of w after a decay that bypasses the gradient."""
    del w, old, lr
    return new

  def _new_scalars(
    self, step: Step, *scalars: tf.Variable
  ) -> tuple[tf.Tensor, ...]:
    """Returns the scalars' values after all variables have moved."""
    del step
    return scalars


def _assign(
  variables: list[tf.Variable],
  values: Iterable[tf.Tensor],
  when: Optional[tf.Tensor],
) -> list[tf.Tensor]:
  """Assigns values, or the old ones unless `when`; returns what it assigned."""
  values = list(values)
  if when is not None:
    values = [
      tf.where(when, value, variable)
      for variable, value in zip(variables, values)
    ]
  for variable, value in zip(variables, values):
    variable.assign(value)
  return values


def _constant(name: str, shape: Iterable[int], value: float) -> tf.Variable:
  return scope.variable(
    name,
    shape,
    lambda rng, shape: np.full(shape, value, np.float32),
    trainable=False,
  )


def _with_count(names: list[str]) -> list[tuple[str, int]]:
  """Pairs each name with the number of its earlier occurrences."""
  return [(name, names[:i].count(name)) for i, name in enumerate(names)]
