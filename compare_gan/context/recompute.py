"""Activations that are computed twice instead of kept (arXiv:1604.06174).

A network that is L stages long keeps what happens inside of all of them until
the backward pass comes by. With `options.recompute = True` it keeps the input
of each stage alone, and the backward pass computes one stage again at a time:
less memory for about a third more work.

  with recompute.using(True):
    x = recompute.stage(block, attention, x, z, y, is_training)

The second pass is the first one over again: it moves no state, and sees the
power iterations that the first one made, though the state may have moved since.
Draws would differ: a stage must not make any. Gradients of gradients are right,
but keep what the second pass computes.

It waits for the gradient that it serves, by control dependencies: without them
a graph would find that it has computed all this before. XLA ignores them: it
computes the same, and may keep everything.
"""

from collections.abc import Iterator
from collections.abc import Sequence
import contextlib
import threading
from typing import Callable
from typing import Optional

from compare_gan.context import state
import tensorflow as tf


class _Current(threading.local):
  def __init__(self) -> None:
    self.stages: Optional[list[tf.Module]] = None


_current = _Current()


@contextlib.contextmanager
def using(wanted: bool) -> Iterator[Optional[list[tf.Module]]]:
  """Inside, stages are recomputed if that is wanted.

  Yields a list, to which each stage that is recomputed adds itself.
  """
  outer = _current.stages
  _current.stages = [] if wanted else None
  try:
    yield _current.stages
  finally:
    _current.stages = outer


def stage(
  block: tf.Module,
  attention: Optional[tf.Module],
  x: tf.Tensor,
  z: Optional[tf.Tensor],
  y: Optional[tf.Tensor],
  is_training: bool,
) -> tf.Tensor:
  """Returns attention(block(x, z, y)), or block(x, z, y) if attention is None.

  Args:
    block: `block(x, z, y, is_training)`, a module.
    attention: `attention(x, is_training)`, a module or None.
    x: tensor.
    z, y: tensors or None.
    is_training: a stage is recomputed only if it is.
  """

  def run(
    x: tf.Tensor, z: Optional[tf.Tensor], y: Optional[tf.Tensor]
  ) -> tf.Tensor:
    x = block(x, z, y, is_training)
    return attention(x, is_training) if attention else x

  if _current.stages is None or not is_training:
    return run(x, z, y)
  _current.stages.append(block)
  modules = [block, attention] if attention else [block]
  weights = [w for module in modules for w in module.trainable_variables]
  given = [tensor for tensor in (x, z, y) if tensor is not None]

  def run_given(*given: tf.Tensor) -> tf.Tensor:
    left = list(given)
    return run(
      *(None if tensor is None else left.pop(0) for tensor in (x, z, y))
    )

  return recomputed(run_given, given, weights)


def recomputed(
  f: Callable[..., tf.Tensor],
  inputs: Sequence[tf.Tensor],
  weights: Sequence[tf.Variable],
) -> tf.Tensor:
  """Returns f(*inputs), of which the backward pass keeps the inputs only.

  Args:
    f: of tensors, to one tensor.
    inputs: tensors.
    weights: all variables that f depends on and that have gradients.
  """
  # Kernels are normalised when they are needed, not all of them at first.
  with tf.control_dependencies([inputs[0]]), state.recorded() as moments:
    # Nobody differentiates this pass, so nobody keeps what it makes.
    y = tf.stop_gradient(f(*inputs))

  @tf.custom_gradient
  def attached(
    y: tf.Tensor, *inputs_and_weights: tf.Tensor
  ) -> tuple[tf.Tensor, Callable]:
    inputs = inputs_and_weights[: -len(weights) or None]

    def gradient(dy: tf.Tensor) -> tuple[Optional[tf.Tensor], ...]:
      with tf.control_dependencies([dy]):
        # Ops of their own: else the graph would know them to be the old ones.
        again = [tf.identity(x) for x in inputs]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
          tape.watch([*again, *weights])
          with state.frozen(), state.replayed(moments):
            y_again = f(*again)
        gradients = tape.gradient(y_again, [*again, *weights], dy)
      return (None, *gradients)

    return tf.identity(y), gradient

  # The values of the weights stand in for them: what their gradient goes to.
  return attached(y, *inputs, *(tf.convert_to_tensor(w) for w in weights))
