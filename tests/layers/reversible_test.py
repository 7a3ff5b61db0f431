"""Units that are undone; the same gradients with less memory."""

from compare_gan.context import precision
from compare_gan.context import scope
from compare_gan.context import state
from compare_gan.layers import batch_norm
from compare_gan.layers import reversible
from compare_gan.layers.conv import Conv2D
from compare_gan.layers.reversible import Reversible
from compare_gan.layers.spectral_norm import SpectralNorm
from compare_gan.memory import step_memory
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow's ops compute a layer")

_C = 4


class _Double(scope.Module):
  def __call__(self, x, is_training):
    del is_training
    return 2.0 * x


class _Spectral(scope.Module):
  """A convolution with a power iteration, and a normaliser."""

  def __init__(self, channels, name):
    super().__init__()
    with scope.scope(name):
      self.conv = Conv2D(
        channels, channels, use_bias=False, kernel_fn=SpectralNorm
      )
      self.norm = batch_norm.BatchNorm(channels)

  def __call__(self, x, is_training):
    x = self.conv(tf.nn.relu(x), is_training)
    return self.norm(x, None, None, is_training)


def _stack(make=reversible.RevUnit, count=3, recompute=True, channels=_C):
  with scope.building(seed=1):
    units = [make(channels // 2, f"unit{i}") for i in range(count)]
    stack = Reversible(units, recompute)
  for v in stack.trainable_variables:
    if "kernel" in v.name:
      v.assign(20.0 * v)
  return stack


def _x(size=6, channels=_C):
  rng = np.random.RandomState(0)
  return tf.constant(rng.randn(2, size, size, channels), tf.float32)


def test_a_unit_by_hand():
  x = tf.reshape(tf.constant([1.0, 10.0]), [1, 1, 1, 2])
  y = Reversible([_Double()])(x, True)
  np.testing.assert_array_equal(y.numpy().ravel(), [10.0, 21.0])
  y = Reversible([_Double(), _Double()])(x, True)
  np.testing.assert_array_equal(y.numpy().ravel(), [21.0, 52.0])


@pytest.mark.parametrize("is_training", [True, False])
@pytest.mark.parametrize("make", [reversible.RevUnit, _Spectral])
def test_inverse(make, is_training):
  stack, x = _stack(make), _x()
  with state.frozen():
    y = stack(x, is_training)
  before = [v.numpy() for v in stack.variables]
  assert np.abs(y - x).max() > 0.5
  again = stack.inverse(y, is_training)
  np.testing.assert_allclose(again, x, rtol=1e-5, atol=1e-5)
  for v, value in zip(stack.variables, before):
    np.testing.assert_array_equal(v, value)


def _gradients(recompute, make, graph, deferred=False):
  """Returns output, gradients and the state after the pass."""
  stack, x = _stack(make, recompute=recompute), _x()
  factors = tf.reshape(tf.range(float(tf.size(x))), x.shape) / 100.0
  weights = list(stack.trainable_variables)

  def run():
    with tf.GradientTape(watch_accessed_variables=False) as tape:
      tape.watch([x, *weights])
      if deferred:
        with state.deferred() as updates:
          y = stack(x, True)
      else:
        updates, y = [], stack(x, True)
      loss = tf.reduce_mean(tf.square(y) * factors)
    for update in updates:
      update.apply()
    return [y, *tape.gradient(loss, [x, *weights])]

  found = (tf.function(run, autograph=False) if graph else run)()
  moved = [v.numpy() for v in stack.variables if not v.trainable]
  return [tensor.numpy() for tensor in found] + moved


@pytest.mark.parametrize("deferred", [False, True])
@pytest.mark.parametrize("graph", [False, True])
@pytest.mark.parametrize("make", [reversible.RevUnit, _Spectral])
def test_recomputed_gradients_are_the_plain_ones(make, graph, deferred):
  """And the state moves once."""
  plain = _gradients(False, make, graph, deferred)
  again = _gradients(True, make, graph, deferred)
  assert len(plain) == len(again)
  for a, b in zip(plain, again):
    np.testing.assert_allclose(b, a, rtol=1e-4, atol=1e-5 * np.abs(a).max())
  assert np.abs(plain[1]).max() > 1e-4


def test_moments_move_once():
  stack = _stack(count=1)
  unit = stack.units[0]
  _, x2 = tf.split(_x(), 2, axis=-1)
  h = unit.conv1(x2, True)
  with tf.GradientTape() as tape:
    loss = tf.reduce_sum(stack(_x(), True))
  tape.gradient(loss, stack.trainable_variables)
  mean = np.mean(h.numpy(), axis=(0, 1, 2))
  np.testing.assert_allclose(
    unit.bn1.standardize.moving_mean, 0.001 * mean, rtol=1e-3
  )


def _penalised(recompute):
  """Returns the gradient of a squared gradient."""
  stack, x = _stack(recompute=recompute), _x()
  weights = list(stack.trainable_variables)
  with tf.GradientTape() as outer:
    with tf.GradientTape() as inner:
      inner.watch(x)
      with state.frozen():
        loss = tf.reduce_sum(tf.square(stack(x, True)))
    slope = inner.gradient(loss, x)
    penalty = tf.reduce_mean(tf.square(slope))
  return [g.numpy() for g in outer.gradient(penalty, weights)]


def test_gradients_of_gradients_are_right():
  for a, b in zip(_penalised(False), _penalised(True)):
    np.testing.assert_allclose(b, a, rtol=1e-3, atol=1e-4 * np.abs(a).max())


def _bytes(recompute, count):
  channels = 16
  stack = _stack(count=count, recompute=recompute, channels=channels)
  weights = list(stack.trainable_variables)

  def run(x):
    with tf.GradientTape(watch_accessed_variables=False) as tape:
      tape.watch(weights)
      with state.deferred():
        loss = tf.reduce_sum(stack(x, True))
    return tape.gradient(loss, weights)

  return step_memory.step_bytes(run, tf.TensorSpec([2, 32, 32, channels]))


def test_memory_hardly_depends_on_the_depth():
  plain = [_bytes(False, count) for count in (2, 8)]
  again = [_bytes(True, count) for count in (2, 8)]
  assert plain[1] > 3.0 * plain[0]
  assert again[1] < 1.2 * again[0]
  assert again[1] < 0.4 * plain[1]


def test_halves_stay_float32():
  with precision.using("float16"):
    stack, x = _stack(), _x()
    with state.frozen():
      y = stack(x, True)
    again = stack.inverse(y, True)
  assert y.dtype == tf.float32
  # In float16, of 11 bits, it would be off by a thousandth.
  np.testing.assert_allclose(again, x, atol=1e-4)


def test_widened_adds_zeros_on_both_sides():
  x = tf.reshape(tf.range(1.0, 13.0), [1, 3, 2, 2])
  y = reversible.widened(x).numpy()
  # Means of 1, 3, 5, 7 and of 9, 11 where the last row stands alone.
  np.testing.assert_array_equal(y.reshape(2, 4), [[0, 4, 5, 0], [0, 10, 11, 0]])
