"""What one optimiser moves: D with its heads, or G with its encoder."""

from collections.abc import Sequence
from typing import Any
from typing import Callable
from typing import Optional
import warnings

from compare_gan.context import replica
from compare_gan.context import scope
from compare_gan.gans import clipping
from compare_gan.gans import gradients as gradients_lib
from compare_gan.gans import loss_scale
from compare_gan.gans.gradients import Gradients
from compare_gan.gans.term import Terms
import gin
import tensorflow as tf

_MOST_NAMES = 5  # shown by a warning


class Side:
  """What one optimiser moves: D with its heads, or G with its encoder.

  Args:
    name: "d" or "g", part of the names of scalars and optimiser slots.
    networks: the optimiser moves their weights; passes move their state.
    optimizer_fn: `optimizer_fn(learning_rate, name)` makes the optimiser.
    learning_rate: a number or a schedule.
    terms: its regularisers.
    others: modules whose state its updates move, after the passes.
  """

  def __init__(
    self,
    name: str,
    networks: list[scope.Module],
    optimizer_fn: Callable,
    learning_rate: Any,
    terms: Optional[Terms] = None,
    others: Sequence[scope.Module] = (),
  ) -> None:
    self.name = name
    variables = [v for network in networks for v in network.variables]
    self.weights = [v for v in variables if v.trainable]
    self.state = [v for v in variables if not v.trainable]
    # A regulariser may hold kernels of a network: they are not its state.
    self.other_state = [
      v for module in others for v in module.variables if not v.trainable
    ]
    optimizer = optimizer_fn(learning_rate, name=f"{name}_opt")
    if terms and terms.lazy and terms.in_two_steps:
      optimizer = optimizer.corrected(terms.share_of_main_steps)
    with gin.config_scope(name):
      optimizer = clipping.clipped_as_bound(optimizer, name, variables)
    self.optimizer = loss_scale.add_loss_scale(optimizer, name)
    self.optimizer.build(self.weights)
    self._has_named_idle = False

  def gradients(self, tape: tf.GradientTape, loss: tf.Tensor) -> Gradients:
    """Returns the float32 gradients on this replica; None if there is none.

    For example, an embedding of y that no layer uses has none.
    """
    return loss_scale.gradients(self.optimizer, tape, loss, self.weights)

  def mean(self, gradients: Gradients) -> Gradients:
    """Returns the mean over all replicas."""
    means = iter(replica.all_means([g for g in gradients if g is not None]))
    return [g if g is None else next(means) for g in gradients]

  def descend(self, gradients: Gradients, step: tf.Variable) -> tf.Tensor:
    """Makes a step along gradients that all replicas share; returns their norm.

    The norm is 0 if float16 overflowed and the step was not made.
    """
    self._name_idle(gradients)
    pairs = gradients_lib.pair_with_weights(gradients, self.weights)
    self.optimizer.apply_gradients(pairs, step)
    norm = gradients_lib.global_norm(gradients)
    return tf.where(loss_scale.was_skipped(self.optimizer), 0.0, norm)

  def descend_when(
    self, is_due: tf.Tensor, gradients: Gradients, step: tf.Variable
  ) -> None:
    """Makes a further step if it is due; a weight without gradient stays."""
    pairs = gradients_lib.pair_with_weights(gradients, self.weights)
    self.optimizer.apply_gradients(pairs, step, when=is_due)

  def _name_idle(self, gradients):
    """Warns, once, of weights that the optimiser will never move."""
    if self._has_named_idle:
      return
    self._has_named_idle = True
    names = [
      scope.full_name(weight)
      for gradient, weight in zip(gradients, self.weights)
      if gradient is None
    ]
    if names:
      shown = ", ".join(names[:_MOST_NAMES])
      more = len(names) - _MOST_NAMES
      warnings.warn(
        f"{len(names)} of the {len(self.weights)} weights that "
        f"{self.optimizer.name} is to train get no gradient and stay as they "
        f"are, since no loss depends on them: {shown}"
        f"{f' and {more} more' if more > 0 else ''}.",
        stacklevel=2,
      )


def make_side(
  gan: Any, name: str, optimizer_fn: Callable, learning_rate: Any
) -> Side:
  """Returns a side of a ModularGAN that has its networks and penalties.

  Args:
    gan: the GAN.
    name, optimizer_fn, learning_rate: as for Side.
  """
  of_d = name == "d"
  return Side(
    name,
    gan.networks_of(name),
    optimizer_fn,
    learning_rate,
    (gan.penalty if of_d else gan.g_penalty).terms,
    gan.d_state if of_d else gan.g_state,
  )
