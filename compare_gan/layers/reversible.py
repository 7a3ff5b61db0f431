"""Reversible residual units (RevNet, https://arxiv.org/abs/1707.04585).

A unit acts on the two halves of the channels: (x1, x2) -> (x2, x1 + f(x2)). It
can be undone for any f: the output contains x2, and subtracting f(x2) gives x1.
So a stack of units need not keep its activations for the backward pass, which
recovers them from the output, one unit at a time, at the cost of one more
evaluation of every f. The memory hardly depends on the depth.

The halves are float32 in any precision: f(x2) is added and later subtracted,
which in 16 bits would lose digits of x1. Gradients of gradients are correct,
but keep what the second pass computes.
"""

from collections.abc import Iterable
from typing import Callable
from typing import Optional

from compare_gan.context import state
from compare_gan.context.scope import Module
from compare_gan.context.scope import scope
from compare_gan.layers.batch_norm import BatchNorm
from compare_gan.layers.conv import Conv2D
import tensorflow as tf


class Reversible(Module):
  """A stack of units, for x [N, H, W, C] with an even C.

  Args:
    units: the modules f, `f(x2, is_training)` -> a tensor of the shape of x2.
    recompute: see above; False keeps the activations. In evaluation there is
      nothing to keep, so nothing is recomputed.
  """

  def __init__(
    self, units: Iterable[tf.Module], recompute: bool = True
  ) -> None:
    super().__init__()
    self.units = list(units)
    self._recompute = recompute

  def __call__(self, x: tf.Tensor, is_training: bool) -> tf.Tensor:
    halves = tf.split(tf.cast(x, tf.float32), 2, axis=-1)
    if self._recompute and is_training:
      return tf.concat(self._recomputed(halves), axis=-1)
    return tf.concat(self._forward(halves, is_training), axis=-1)

  def inverse(self, y: tf.Tensor, is_training: bool = False) -> tf.Tensor:
    """Returns the x that y was computed from; moves no state.

    Args:
      y: the result of a call.
      is_training: as in that call.
    """
    halves = tf.split(tf.cast(y, tf.float32), 2, axis=-1)
    with state.frozen():
      for unit in reversed(self.units):
        halves = _undo(halves, _float32(unit(halves[0], is_training)))
    return tf.concat(halves, axis=-1)

  def _forward(self, halves, is_training):
    x1, x2 = halves
    for unit in self.units:
      x1, x2 = x2, x1 + _float32(unit(x2, is_training))
    return x1, x2

  def _recomputed(self, halves):
    """Returns the output's halves, all that the backward pass keeps."""
    x1, x2 = halves
    kept = []  # the power iterations of each unit
    for unit in self.units:
      with state.recorded() as results:
        # This pass is not differentiated, so its activations are not kept.
        x1, x2 = x2, tf.stop_gradient(x1 + _float32(unit(x2, True)))
      kept.append(results)
    weights = list(self.trainable_variables)
    outputs = []

    @tf.custom_gradient
    def attached(
      y1: tf.Tensor, y2: tf.Tensor, *inputs_and_weights: tf.Tensor
    ) -> tuple[tuple[tf.Tensor, tf.Tensor], Callable]:
      del inputs_and_weights

      def gradient(*d_halves: tf.Tensor) -> tuple[Optional[tf.Tensor], ...]:
        # Not y1 and y2: second derivatives have to pass through these.
        d_halves, weight_gradients = self._backward(outputs, d_halves, kept)
        found = [weight_gradients[w.ref()] for w in weights]
        return (None, None, *d_halves, *found)

      return (tf.identity(y1), tf.identity(y2)), gradient

    # The weights are passed as tensors, so that gradients can reach them.
    values = [tf.convert_to_tensor(w) for w in weights]
    outputs += attached(tf.stop_gradient(x1), x2, *halves, *values)
    return outputs

  def _backward(self, halves, d_halves, kept):
    """Returns the gradients of the input's halves, and {weight: gradient}.

    Args:
      halves: of the output.
      d_halves: their gradients.
      kept: for each unit, see `state.recorded`.
    """
    weight_gradients = {}
    for unit, results in zip(reversed(self.units), reversed(kept)):
      d1, d2 = d_halves
      # Each unit waits for the gradient of the next one. These are new ops:
      # otherwise a graph would reuse f of the forward pass.
      with tf.control_dependencies([d1, d2]):
        halves = [tf.identity(half) for half in halves]
      weights = list(unit.trainable_variables)
      with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch([halves[0], *weights])
        with state.frozen(), state.replayed(results):
          f = _float32(unit(halves[0], True))
      halves = _undo(halves, f)
      d_x2, *found = tape.gradient(
        f,
        [halves[1], *weights],
        d2,
        unconnected_gradients=tf.UnconnectedGradients.ZERO,
      )
      d_halves = d2, d1 + d_x2
      for w, gradient in zip(weights, found):
        shared = weight_gradients.get(w.ref())
        weight_gradients[w.ref()] = (
          gradient if shared is None else shared + gradient
        )
    return d_halves, weight_gradients


def _undo(halves, f):
  """Returns a unit's (x1, x2), given its (y1, y2) and f(y1)."""
  y1, y2 = halves
  return y2 - f, y1


def _float32(x):
  return tf.cast(x, tf.float32)


class RevUnit(Module):
  """f(x) = ReLU BN conv ReLU BN conv x + x, of a reversible unit."""

  def __init__(self, channels: int, name: str) -> None:
    super().__init__()

    def conv(name: str) -> Conv2D:
      return Conv2D(channels, channels, 3, use_bias=False, name=name)

    with scope(name):
      self.conv1 = conv("conv1")
      self.bn1 = BatchNorm(channels, name="bn1")
      self.conv2 = conv("conv2")
      self.bn2 = BatchNorm(channels, name="bn2")

  def __call__(self, x: tf.Tensor, is_training: bool) -> tf.Tensor:
    h = self.bn1(self.conv1(x, is_training), None, None, is_training)
    h = self.conv2(tf.nn.relu(h), is_training)
    h = tf.nn.relu(self.bn2(h, None, None, is_training))
    return x + tf.cast(h, x.dtype)


def widened(x: tf.Tensor) -> tf.Tensor:
  """Returns x [N, H, W, C] averaged over 2x2, with C more channels of 0."""
  x = tf.nn.avg_pool2d(x, 2, 2, "SAME")
  before = x.shape[-1] // 2
  return tf.pad(x, [[0, 0]] * 3 + [[before, x.shape[-1] - before]])
