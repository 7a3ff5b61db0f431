"""Activations that are computed twice instead of kept (arXiv:1604.06174).

A network normally keeps the activations of all its stages until the backward
pass needs them. With `options.recompute = True` it keeps only the input of each
stage, and the backward pass recomputes one stage at a time: less memory for
about a third more work.

  with recompute.using(True):
    x = recompute.stage(block, attention, x, z, y, is_training)

The second pass repeats the first: it moves no state, and sees the power
iterations of the first pass, although the state may have moved since. Draws
would differ, so a stage must not make any. Gradients of gradients are correct,
but keep what the second pass computes.

Control dependencies make the second pass wait for the gradient that needs it:
without them a graph would reuse the results of the first pass. XLA ignores
them: it computes the same values, but may keep everything.
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
  """Recomputes stages inside if `wanted`.

  Yields a list, to which each recomputed stage adds itself.
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
    is_training: stages are recomputed only in training.
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
  """Returns f(*inputs); only the inputs are kept for the backward pass.

  Args:
    f: a function of tensors that returns one tensor.
    inputs: tensors.
    weights: all variables that f depends on and that have gradients.
  """
  # Kernels are normalised when they are needed, not all at the start.
  with tf.control_dependencies([inputs[0]]), state.recorded() as moments:
    # This pass is not differentiated, so its activations are not kept.
    y = tf.stop_gradient(f(*inputs))

  @tf.custom_gradient
  def attached(
    y: tf.Tensor, *inputs_and_weights: tf.Tensor
  ) -> tuple[tf.Tensor, Callable]:
    inputs = inputs_and_weights[: -len(weights) or None]

    def gradient(dy: tf.Tensor) -> tuple[Optional[tf.Tensor], ...]:
      with tf.control_dependencies([dy]):
        # New ops: otherwise the graph would merge them with the old ones.
        again = [tf.identity(x) for x in inputs]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
          tape.watch([*again, *weights])
          with state.frozen(), state.replayed(moments):
            y_again = f(*again)
        gradients = tape.gradient(y_again, [*again, *weights], dy)
      return (None, *gradients)

    return tf.identity(y), gradient

  # The weights are passed as tensors, so that gradients can reach them.
  return attached(y, *inputs, *(tf.convert_to_tensor(w) for w in weights))
