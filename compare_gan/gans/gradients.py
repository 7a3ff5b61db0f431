"""Gradients of an update: a list for each loss, with one for each weight.

A gradient is None where the loss does not depend on the weight. The sum of such
lists is None only where all of them are.
"""

from typing import Callable
from typing import Optional
from typing import TypeVar
from typing import Union

from compare_gan.context import draws
from compare_gan.gans.term import Terms
import tensorflow as tf

Gradients = list[Optional[tf.Tensor]]  # of a side's weights, in their order
Nest = TypeVar("Nest")

MAIN = "loss"  # the key of gradients that do not belong to one term


def add(*lists: Gradients) -> Gradients:
  """Returns the sum of lists of gradients, weight by weight."""
  sums: Gradients = []
  for same in zip(*lists):
    present = [gradient for gradient in same if gradient is not None]
    sums.append(tf.add_n(present) if len(present) > 1 else (*present, None)[0])
  return sums


def global_norm(gradients: Gradients) -> tf.Tensor:
  """Returns the norm of all gradients of a list together."""
  return tf.linalg.global_norm([g for g in gradients if g is not None])


def pair_with_weights(
  gradients: Gradients, weights: list[tf.Variable]
) -> list[tuple[tf.Tensor, tf.Variable]]:
  """Returns (gradient, weight) of each weight that has a gradient."""
  return [(g, w) for g, w in zip(gradients, weights) if g is not None]


def group_by_step(
  gradients: dict[str, Gradients], terms: Terms
) -> tuple[Gradients, list[Gradients]]:
  """Returns the gradients of the main step, and those of each further step.

  There is a further step for each of `terms.intervals` if lazy terms have their
  own steps.

  Args:
    gradients: {MAIN: those of the loss, name: those of a term}.
    terms: of the side.
  """
  lazy = terms.lazy if terms.in_two_steps else []
  names = {one.name for one in lazy}
  joint = add(*(g for key, g in gradients.items() if key not in names))
  separate = [
    add(*(gradients[one.name] for one in lazy if one.term.interval == k))
    for k in (terms.intervals if lazy else [])
  ]
  return joint, separate


def compute_if(
  is_due: Union[bool, tf.Tensor],
  compute: Callable[[], Nest],
  zeros: Callable[[], Nest],
) -> Nest:
  """Returns compute() if it is due, else zeros.

  Args:
    is_due: a bool or a scalar tensor.
    compute: returns a nest of tensors.
    zeros: returns zeros of the same structure; called after `compute`, from
      which it may learn this structure.
  """
  if draws.are_planned() or not tf.inside_function():
    # Numbers drawn before the step cannot be drawn inside a branch.
    return tf.nest.map_structure(
      lambda x: tf.where(is_due, x, tf.zeros_like(x)), compute()
    )
  return tf.cond(is_due, compute, zeros)
