"""Dynamic loss scaling (Micikevicius et al., 2018, arxiv.org/abs/1710.03740).

float16 has no number between 0 and 6e-8, where many gradients lie. So the loss
is multiplied by a scale before its gradient is computed, and the gradient is
divided by it afterwards, in float32. If the scale is too large, a gradient is
not finite. Then the step is skipped, and the scale falls.

Nothing else changes in a skipped step: moving averages and power iterations
that its passes moved are put back, see `undone_if_skipped`.

The scale of D and that of G are state, in checkpoints under `loss_scale/`.
All replicas check the mean of their gradients, so they agree.
"""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
import contextlib
from typing import Annotated
from typing import Any
from typing import Optional
from typing import Union

from compare_gan.configuration import accepted
from compare_gan.configuration import gin_roles
from compare_gan.context import precision
from compare_gan.context import scope
from compare_gan.gans.optimizer import GradientsAndVariables
from compare_gan.gans.optimizer import Wrapper
from compare_gan.gans.schedules import Step
from compare_gan.layers import initializers
import gin
import tensorflow as tf

gin_roles.declare("loss_scale", first_values=["initial"])


@gin.configurable("loss_scale", denylist=["optimizer", "name"])
class LossScaled(Wrapper):
  """An optimiser that gets gradients of a scaled loss.

  Args:
    optimizer: makes the steps whose gradients are finite.
    name: of the scope of the state.
    initial: the first scale.
    increase_every: the scale rises after this many finite steps in a row.
    increase_ratio: the factor by which it rises.
    decrease_every: the scale falls after this many skipped steps, counted since
      it last changed.
    decrease_ratio: the factor by which it falls; never below 1.
  """

  def __init__(
    self,
    optimizer: Any,
    name: str,
    initial: accepted.Positive = 2.0**15,
    increase_every: accepted.Count = 2000,
    increase_ratio: Annotated[float, accepted.Range(least=1)] = 2.0,
    decrease_every: accepted.Count = 1,
    decrease_ratio: Annotated[float, accepted.Range(above=0, below=1)] = 0.5,
  ) -> None:
    super().__init__(optimizer)
    for argument, value, fits, in_words in (
      ("initial", initial, initial >= 1, "1 or more"),
      ("increase_every", increase_every, increase_every >= 1, "1 or more"),
      ("increase_ratio", increase_ratio, increase_ratio >= 1, "1 or more"),
      ("decrease_every", decrease_every, decrease_every >= 1, "1 or more"),
      (
        "decrease_ratio",
        decrease_ratio,
        0 < decrease_ratio < 1,
        "a number between 0 and 1",
      ),
    ):
      if not fits:
        raise ValueError(
          f"loss_scale.{argument} = {value}; it must be {in_words}."
        )
    self._increase_every = increase_every
    self._increase_ratio = increase_ratio
    self._decrease_every = decrease_every
    self._decrease_ratio = decrease_ratio
    with scope.scope(name):
      self.scale = _number("scale", initial, tf.float32)
      self.finite_steps = _number("finite_steps", 0)  # since the scale changed
      self.bad_steps = _number("bad_steps", 0)  # the same
      self.skipped_steps = _number("skipped_steps", 0)  # in total
      self.last_was_skipped = _number("last_was_skipped", 0)

  def gradients(
    self, tape: tf.GradientTape, loss: tf.Tensor, weights: Sequence[tf.Variable]
  ) -> list[Optional[tf.Tensor]]:
    """Returns the float32 gradients of the loss, computed scaled."""
    scale = tf.identity(self.scale)
    return [
      None if gradient is None else tf.cast(gradient, tf.float32) / scale
      for gradient in tape.gradient(loss, weights, output_gradients=scale)
    ]

  def apply_gradients(
    self,
    grads_and_vars: GradientsAndVariables,
    step: Step,
    when: Optional[tf.Tensor] = None,
  ) -> None:
    """Makes a step if all gradients are finite; moves the scale.

    Args:
      grads_and_vars, step: see Optimizer.apply_gradients.
      when: if False there is no step, and it does not count as skipped: the
        scale and its counters do not change either.
    """
    pairs = list(grads_and_vars)
    finite = _all_finite([gradient for gradient, _ in pairs])
    made = finite if when is None else finite & when
    self.optimizer.apply_gradients(pairs, step, made)
    self._count(tf.where(finite, 0, 1), True if when is None else when)

  def _count(self, skipped: tf.Tensor, when: Union[bool, tf.Tensor]) -> None:
    """Counts a step that was skipped (1) or made (0), and moves the scale."""
    good = self.finite_steps + 1 - skipped
    bad = self.bad_steps + skipped
    rises = good >= self._increase_every
    falls = bad >= self._decrease_every
    risen = self.scale * self._increase_ratio
    # An infinite scale would stay infinite.
    risen = tf.where(tf.math.is_finite(risen), risen, self.scale)
    fallen = tf.maximum(self.scale * self._decrease_ratio, 1.0)
    changes = tf.logical_or(rises, falls)
    scale = tf.where(falls, fallen, tf.where(rises, risen, self.scale))
    for variable, value in (
      (self.skipped_steps, self.skipped_steps + skipped),
      (self.last_was_skipped, skipped),
      # A bad step ends a run of finite ones.
      (self.finite_steps, tf.where(changes | (skipped > 0), 0, good)),
      (self.bad_steps, tf.where(changes, 0, bad)),
      (self.scale, scale),
    ):
      variable.assign(tf.where(when, value, variable))

  def scalars(self, name: str) -> dict[str, tf.Tensor]:
    """Returns what is logged: the scale, and how many steps were skipped."""
    return {
      f"loss_scale/{name}": tf.identity(self.scale),
      f"loss_scale/{name}_skipped": tf.cast(self.skipped_steps, tf.float32),
    }


@contextlib.contextmanager
def undone_if_skipped(
  optimizer: Any,
  variables: Sequence[tf.Variable],
  before: Optional[Sequence[tf.Tensor]] = None,
) -> Iterator[None]:
  """Restores the state if `optimizer` skips the step that it makes inside.

  The state is also restored if something in it is not finite: a ReLU may hide a
  NaN of the forward pass from the gradients, but not from a moving average,
  which would stay NaN.

  Args:
    optimizer: with or without a loss scale. Without one this does nothing.
    variables: the state that the passes of the step may move.
    before: the values to restore, a list of tensors; None for the values on
      entry.
  """
  if not can_skip(optimizer) or not variables:
    yield
    return
  before = [tf.identity(v) for v in variables] if before is None else before
  yield
  floats = [v for v in variables if v.dtype.is_floating]
  undone = was_skipped(optimizer) | ~_all_finite(floats)
  for variable, value in zip(variables, before):
    variable.assign(tf.where(undone, value, variable))


def _number(name: str, value: float, dtype: tf.DType = tf.int32) -> tf.Variable:
  init = initializers.constant(value)
  return scope.variable(name, [], init, trainable=False, dtype=dtype)


def _all_finite(tensors: Iterable[tf.Tensor]) -> tf.Tensor:
  return tf.reduce_all(
    [tf.reduce_all(tf.math.is_finite(tensor)) for tensor in tensors]
  )


def add_loss_scale(optimizer: Any, name: str) -> Any:
  """Returns the optimiser, with a loss scale if the precision needs one.

  Args:
    optimizer: without one.
    name: of the network, "d" or "g", in the names of the scale's state.
  """
  if not precision.loss_is_scaled():
    return optimizer
  with scope.scope("loss_scale"):
    return LossScaled(optimizer, name)


def gradients(
  optimizer: Any,
  tape: tf.GradientTape,
  loss: tf.Tensor,
  weights: Sequence[tf.Variable],
) -> list[Optional[tf.Tensor]]:
  """Returns float32 gradients, None for weights that the loss ignores."""
  if isinstance(optimizer, LossScaled):
    return optimizer.gradients(tape, loss, weights)
  return [
    None if gradient is None else tf.cast(gradient, tf.float32)
    for gradient in tape.gradient(loss, weights)
  ]


def scalars(optimizer: Any, name: str) -> dict[str, tf.Tensor]:
  """Returns the scalars of a loss scale for the log, {} without one."""
  if isinstance(optimizer, LossScaled):
    return optimizer.scalars(name)
  return {}


def can_skip(optimizer: Any) -> bool:
  """Returns whether the optimiser may skip steps."""
  return isinstance(optimizer, LossScaled)


def was_skipped(optimizer: Any) -> Union[bool, tf.Tensor]:
  """Returns whether the last step was skipped, False or a bool tensor."""
  if isinstance(optimizer, LossScaled):
    return optimizer.last_was_skipped > 0
  return False
