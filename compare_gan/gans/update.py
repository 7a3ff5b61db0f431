"""How a step moves weights: what Algorithm 1 leaves out.

modular_gan.py defines what each update of a step descends. This file does the
rest:

  parts       a batch may be cut up, `options.micro_batches`; the weights move
              along the mean gradient of the parts
  replicas    the weights move along the mean gradient of all replicas
  float16     the loss is scaled; an update that overflows is undone, with all
              state that its passes have moved
  recompute   `options.recompute` keeps less for the backward pass
  lazy terms  some of `penalty.terms` act at some updates only

It also logs learning rates, gradient norms and loss scales.
"""

from collections.abc import Iterator
import contextlib
from typing import Callable
from typing import NamedTuple
from typing import Optional

from compare_gan.context import recompute
from compare_gan.context import replica
from compare_gan.context import state
from compare_gan.gans import fakes as fakes_lib
from compare_gan.gans import gradients as gradients_lib
from compare_gan.gans import loss_scale
from compare_gan.gans import micro_batches
from compare_gan.gans.batches import Batch
from compare_gan.gans.fakes import Fakes
from compare_gan.gans.options import Options
from compare_gan.gans.penalty_lib import GeneratorPenalty
from compare_gan.gans.side import Side
from compare_gan.gans.term import Terms
from compare_gan.gans.term import Valued
import tensorflow as tf


class Objective(NamedTuple):
  """What an update descends, computed from a part of the batch."""

  value: tf.Tensor  # without the terms
  scalars: dict[str, tf.Tensor]  # logged, as means over all parts
  terms: dict[str, Valued] = {}


class Step:
  """The updates of one step, all from one state of the GAN.

  Args:
    options: the Options of the training.
    d, g: the Sides.
    global_step: the step at which learning rates are read.
    at_once: whether all fakes are made before the first update. Then any
      skipped update resets G's state to the present one.
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
    self._g_skips: list[tf.Tensor] = []
    self._g_state_at_start = None
    if at_once and loss_scale.can_skip(g.optimizer):
      self._g_state_at_start = micro_batches.read(g.state)

  @contextlib.contextmanager
  def update_of(self, side: Side) -> Iterator[None]:
    """Updates a side inside: entirely, or not at all.

    An update in which float16 overflows leaves all state as it was before.
    """
    optimizer = side.optimizer
    with loss_scale.undone_if_skipped(
      optimizer, self._g.state, self._g_state_at_start
    ):
      with loss_scale.undone_if_skipped(
        optimizer, [*self._d.state, *side.other_state]
      ):
        yield
    if side is self._g:
      self._g_skips.append(loss_scale.was_skipped(optimizer))

  @property
  def left_g_alone(self) -> tf.Tensor:
    """Returns whether no update of G was made."""
    return tf.reduce_all(self._g_skips)

  def descend(
    self,
    side: Side,
    batch: Batch,
    fakes: Fakes,
    loss: Callable,
    terms: Terms,
    lazy: Callable,
    penalty: Optional[GeneratorPenalty] = None,
  ) -> dict[str, tf.Tensor]:
    """Moves a side's weights down a loss; returns scalars.

    On G's side the gradient goes through the fakes.

    Args:
      side: one of the two.
      batch: a Batch.
      fakes: the Fakes of it.
      loss: `loss(batch, made, rows)` -> the Objective of a part of the batch.
      terms: those of the side.
      lazy: `lazy(regulariser, batch, made, rows)` -> the Valued of a term that
        is not in the Objective, because it acts at some updates only.
      penalty: a GeneratorPenalty, or None; added once, to the mean.
    """
    if side is not self._g:
      made = fakes.made.without_gradient()
      gradients, scalars = self._mean(side, batch, made, loss, terms, lazy)
      return self._apply(side, gradients, scalars, terms, penalty)
    with micro_batches.held(side.state, fakes.state):
      gradients, scalars = self._mean(
        side, batch, fakes.made, loss, terms, lazy, fakes
      )
      return self._apply(side, gradients, scalars, terms, penalty)

  def _mean(self, side, batch, made, loss, terms, lazy, fakes=None):
    """Returns the mean gradients and scalars of all parts of the batch.

    Args:
      side, batch, loss, terms, lazy: see `descend`.
      made: of the whole batch.
      fakes: the Fakes through which to differentiate, or None.

    Returns:
      {MAIN: the gradients of the loss, name: those of a term}, and {name:
      scalar}.
    """
    apart = terms.eager if self._separates else []
    keys = [gradients_lib.MAIN, *(one.name for one in [*apart, *terms.lazy])]
    names = []

    def part(rows: micro_batches.Rows) -> tuple[list, list]:
      some, some_made = rows.of((batch, made))
      if fakes:
        tape, shown = fakes.taped(some, some_made, rows)
      else:
        tape = fakes_lib.watching(side.weights, persistent=bool(apart))
        shown = some_made
      with tape:
        objective = loss(some, shown, rows)
        values = self._objectives(objective)
      found = {key: side.gradients(tape, x) for key, x in values.items()}
      scalars = {**objective.scalars, **_scalars_of_terms(objective.terms)}
      for one in terms.lazy:
        found[one.name], more = self._if_due(
          one, lazy, side, some, some_made, rows, fakes
        )
        scalars |= more
      names[:] = scalars
      flat = [gradient for key in keys for gradient in found[key]]
      return flat, [tf.stack(list(scalars.values()))]

    flat, [values] = micro_batches.run(
      part,
      self._options.micro_batches,
      side.weights * len(keys),
      1,
      micro_batches.mean,
      [*self._g.state, *self._d.state],
    )
    count = len(side.weights)
    gradients = {
      key: flat[i * count : (i + 1) * count] for i, key in enumerate(keys)
    }
    return gradients, dict(zip(names, tf.unstack(values)))

  @property
  def _separates(self):
    """Returns whether each term has its own gradients, to log their norm."""
    return self._options.log_gradient_norms

  def _objectives(self, objective):
    """Returns {MAIN: the objective, name: a term whose norm is logged}."""
    terms = {name: one.weighted for name, one in objective.terms.items()}
    if self._separates or not terms:
      return {gradients_lib.MAIN: objective.value, **terms}
    return {gradients_lib.MAIN: tf.add_n([objective.value, *terms.values()])}

  def _if_due(self, one, lazy, side, batch, made, rows, fakes):
    """Returns the gradients and scalars of a lazy term, zeros if not due.

    It moves no state of the networks, and cannot communicate with other
    replicas.
    """
    keys, absent = [], []

    def compute() -> tuple[list[tf.Tensor], list[tf.Tensor]]:
      with (
        state.frozen(),
        replica.forbid_communication(
          f"{one.name}/term.interval = {one.term.interval}"
        ),
      ):
        if fakes:
          tape, shown = fakes.remake(batch, rows)
        else:
          tape, shown = fakes_lib.watching(side.weights), made
        with tape:
          valued = lazy(one, batch, shown, rows)
        found = side.gradients(tape, valued.weighted)
      scalars = _scalars_of_terms({one.name: valued})
      keys[:], absent[:] = scalars, [g is None for g in found]
      dense = [
        tf.zeros(w.shape) if g is None else tf.convert_to_tensor(g)
        for g, w in zip(found, side.weights)
      ]
      return dense, [tf.cast(x, tf.float32) for x in scalars.values()]

    def zeros() -> tuple[list[tf.Tensor], list[tf.Tensor]]:
      return [tf.zeros(w.shape) for w in side.weights], [tf.zeros([])] * len(
        keys
      )

    gradients, values = gradients_lib.compute_if(one.is_due(), compute, zeros)
    found = [None if no else g for no, g in zip(absent, gradients)]
    return found, dict(zip(keys, values))

  def _apply(self, side, gradients, scalars, terms, penalty):
    """Makes the step; returns the scalars, with those of the step added."""
    name, optimizer = side.name, side.optimizer
    if penalty:
      with fakes_lib.watching(side.weights) as tape:
        value = penalty()
        weighted = penalty.weight * value
      more = side.gradients(tape, weighted)
      gradients[gradients_lib.MAIN] = gradients_lib.add(
        gradients[gradients_lib.MAIN], more
      )
      scalars[f"loss/{name}"] += weighted
      scalars[f"loss/{name}_penalty"] = value
    scalars[f"learning_rate/{name}"] = optimizer.learning_rate(
      self._global_step
    )
    norms = {}
    if self._separates:
      gradients = {key: side.mean(one) for key, one in gradients.items()}
      norms = {
        one.name: gradients_lib.global_norm(gradients[one.name])
        for one in terms.all
        if one.name in gradients
      }
    joint, apart = gradients_lib.group_by_step(gradients, terms)
    total, *own = [
      one if self._separates else side.mean(one) for one in (joint, *apart)
    ]
    norm = side.descend(total, self._global_step)
    for k, gradient in zip(terms.intervals, own):
      is_due = [one for one in terms.lazy if one.term.interval == k][0].is_due()
      side.descend_when(is_due, gradient, self._global_step)
    if self._options.log_gradient_norms:
      scalars[f"grad_norm/{name}"] = norm
    for one in terms.all:
      if one.name in norms:
        scalars[f"grad_norm/{one.name}"] = norms[one.name]
      one.conclude(scalars)
    scalars.update(loss_scale.scalars(optimizer, name))
    return scalars


def _scalars_of_terms(terms):
  return {
    name: value
    for term, valued in terms.items()
    for name, value in valued.scalars(term).items()
  }


@contextlib.contextmanager
def recomputing(options: Options) -> Iterator[None]:
  """Makes a step inside recompute what `options.recompute` does not keep."""
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
