"""How a step moves weights: what Algorithm 1 leaves out.

modular_gan.py says what each update of a step descends. Here stands the rest:

  parts       a batch may be cut up, `options.micro_batches`; the weights move
              along the mean gradient of the parts
  replicas    and along its mean over all of them
  float16     scales the loss; an update that overflows is taken back, with all
              state that its passes have moved
  recompute   `options.recompute` keeps less for the backward pass

and what is logged of it: learning rates, gradient norms, loss scales.
"""

from collections.abc import Iterator
import contextlib
from typing import Any
from typing import Callable
from typing import Optional
import warnings

from compare_gan.context import recompute
from compare_gan.context import replica
from compare_gan.context import scope
from compare_gan.gans import fakes as fakes_lib
from compare_gan.gans import loss_scale
from compare_gan.gans import micro_batches
from compare_gan.gans.batches import Batch
from compare_gan.gans.fakes import Fakes
from compare_gan.gans.options import Options
from compare_gan.gans.penalty_lib import GeneratorPenalty
import tensorflow as tf

_MOST_NAMES = 5  # that a warning shows


class Side:
  """What one optimiser moves: D with its heads, or G with its encoder.

  Args:
    name: "d" or "g", in the names of scalars and of what the optimiser keeps.
    networks: whose weights it moves, and whose passes move state.
    optimizer_fn: makes it, of a learning rate and a name.
    learning_rate: a number or a schedule.
  """

  def __init__(
    self,
    name: str,
    networks: list[scope.Module],
    optimizer_fn: Callable,
    learning_rate: Any,
  ) -> None:
    self.name = name
    variables = [v for network in networks for v in network.variables]
    self.weights = [v for v in variables if v.trainable]
    self.state = [v for v in variables if not v.trainable]
    optimizer = optimizer_fn(learning_rate, name=f"{name}_opt")
    self.optimizer = loss_scale.around(optimizer, name)
    self.optimizer.build(self.weights)
    self._has_named_idle = False

  def gradients(
    self, tape: tf.GradientTape, loss: tf.Tensor
  ) -> list[Optional[tf.Tensor]]:
    """Returns the gradients on this replica, float32; None where there is none.

    An embedding of y has none, say, that no layer asks for.
    """
    return loss_scale.gradients(self.optimizer, tape, loss, self.weights)

  def descend(
    self, gradients: list[Optional[tf.Tensor]], step: tf.Variable
  ) -> tf.Tensor:
    """Makes a step along the mean over all replicas; returns its norm.

    0 if the step was not made, because float16 overflowed.
    """
    self._name_idle(gradients)
    pairs = [
      (replica.all_mean(gradient), weight)
      for gradient, weight in zip(gradients, self.weights)
      if gradient is not None
    ]
    self.optimizer.apply_gradients(pairs, step)
    norm = tf.linalg.global_norm([gradient for gradient, _ in pairs])
    return tf.where(loss_scale.was_skipped(self.optimizer), 0.0, norm)

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


class Step:
  """The updates of one step, made of one state of the GAN.

  Args:
    options: the Options of the training.
    d, g: the Sides.
    global_step: what learning rates go by.
    at_once: whether all fakes are made before the first update. G's state then
      comes back to what it is now, whichever of the updates is skipped.
  """

  def __init__(
    self,
    options: Options,
    d: Side,
    g: Side,
    global_step: tf.Variable,
    at_once: bool,
  ) -> None:
    self._options = options
    self._d, self._g = d, g
    self._global_step = global_step
    self._g_skips = []
    self._g_state_at_start = None
    if at_once and loss_scale.can_skip(g.optimizer):
      self._g_state_at_start = micro_batches.read(g.state)

  @contextlib.contextmanager
  def update_of(self, side: Side) -> Iterator[None]:
    """Inside, a side is updated: entirely, or not at all.

    An update that float16 overflowed in leaves all state as it was before it.
    """
    optimizer = side.optimizer
    with loss_scale.undone_if_skipped(
      optimizer, self._g.state, self._g_state_at_start
    ):
      with loss_scale.undone_if_skipped(optimizer, self._d.state):
        yield
    if side is self._g:
      self._g_skips.append(loss_scale.was_skipped(optimizer))

  @property
  def left_g_alone(self) -> tf.Tensor:
    """Returns whether none of the updates of G was made."""
    return tf.reduce_all(self._g_skips)

  def descend(
    self,
    side: Side,
    batch: Batch,
    fakes: Fakes,
    loss: Callable,
    penalty: Optional[GeneratorPenalty] = None,
  ) -> dict[str, tf.Tensor]:
    """Moves a side's weights down a loss; returns scalars.

    The gradient goes into the fakes if it is G's side.

    Args:
      side: one of the two.
      batch: a Batch.
      fakes: the Fakes of it.
      loss: `loss(batch, made, rows)` -> the loss of a part of the batch, and
        {name: scalar}; of these the means over all parts are returned.
      penalty: a GeneratorPenalty, or None; added once, to the mean.
    """
    if side is not self._g:
      mean = self._mean(side, batch, fakes.made.without_gradient(), loss)
      return self._apply(side, *mean, penalty)
    with micro_batches.held(side.state, fakes.state):
      mean = self._mean(side, batch, fakes.made, loss, fakes)
      return self._apply(side, *mean, penalty)

  def _mean(self, side, batch, made, loss, fakes=None):
    """Returns the mean gradients and scalars of all parts of the batch.

    Args:
      side, batch, loss: see `descend`.
      made: of the whole batch.
      fakes: the Fakes whose making is differentiated, or None.
    """
    names = []

    def part(rows: micro_batches.Rows) -> tuple[list, list]:
      some, some_made = rows.of((batch, made))
      if fakes:
        tape, some_made = fakes.taped(some, some_made, rows)
      else:
        tape = fakes_lib.watching(side.weights)
      with tape:
        value, scalars = loss(some, some_made, rows)
      names[:] = scalars
      return side.gradients(tape, value), [tf.stack(list(scalars.values()))]

    gradients, [values] = micro_batches.run(
      part,
      self._options.micro_batches,
      side.weights,
      1,
      micro_batches.mean,
      [*self._g.state, *self._d.state],
    )
    return gradients, dict(zip(names, tf.unstack(values)))

  def _apply(self, side, gradients, scalars, penalty):
    """Makes the step; returns the scalars and those that it adds."""
    name, optimizer = side.name, side.optimizer
    if penalty:
      with fakes_lib.watching(side.weights) as tape:
        value = penalty()
        weighted = penalty.weight * value
      more = side.gradients(tape, weighted)
      gradients = [_sum(pair) for pair in zip(gradients, more)]
      scalars[f"loss/{name}"] += weighted
      scalars[f"loss/{name}_penalty"] = value
    scalars[f"learning_rate/{name}"] = optimizer.learning_rate(
      self._global_step
    )
    norm = side.descend(gradients, self._global_step)
    if self._options.log_gradient_norms:
      scalars[f"grad_norm/{name}"] = norm
    scalars.update(loss_scale.scalars(optimizer, name))
    return scalars


def _sum(terms):
  """Returns the sum of those that are not None, None if all are."""
  terms = [term for term in terms if term is not None]
  return tf.add_n(terms) if terms else None


@contextlib.contextmanager
def recomputing(options: Options) -> Iterator[None]:
  """Inside, a step computes again what `options.recompute` says not to keep."""
  if options.recompute and replica.num_replicas() > 1:
    raise ValueError(
      "options.recompute = True with "
      f"{replica.num_replicas()} replicas is not supported. Use one device, "
      "or options.micro_batches instead."
    )
  with recompute.using(options.recompute) as stages:
    yield
  if options.recompute and not stages:
    raise ValueError(
      f"options.recompute = True, but {options.architecture!r} has no "
      "residual blocks that can be computed again. Set it to False."
    )
