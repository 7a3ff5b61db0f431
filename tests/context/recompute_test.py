"""A recomputed stage: the same numbers, state that moves once, and when."""

from compare_gan.context import recompute
from compare_gan.context import scope
from compare_gan.context import state
from compare_gan.layers import batch_norm
from compare_gan.layers.attention import NonLocalBlock
from compare_gan.layers.residual import ResidualBlock
from compare_gan.layers.spectral_norm import SpectralNorm
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow's ops compute a layer")


def _norm(channels, name):
  return batch_norm.ConditionalBatchNorm(
    channels, y_dim=2, kernel_fn=SpectralNorm, name=name
  )


class _Stage:
  """A block with batch norm, spectral norm and attention, and its input."""

  def __init__(self):
    with scope.building(seed=1):
      self.block = ResidualBlock(
        3, 8, "up", True, _norm, kernel_fn=SpectralNorm
      )
      self.attention = NonLocalBlock(8, SpectralNorm)
    self.attention.sigma.assign(0.5)
    self.modules = [self.block, self.attention]
    rng = np.random.RandomState(0)
    self.x = tf.constant(rng.normal(size=[2, 4, 4, 3]), tf.float32)
    self.y = tf.constant(rng.normal(size=[2, 2]), tf.float32)

  @property
  def weights(self):
    return [w for module in self.modules for w in module.trainable_variables]

  def __call__(self, x, y, is_training=True):
    return recompute.stage(self.block, self.attention, x, None, y, is_training)

  def state(self):
    return {
      scope.full_name(v): v.numpy()
      for module in self.modules
      for v in module.variables
      if not v.trainable
    }


def _gradients(wanted, move_before_backward=False):
  """Returns output and gradients of a stage, and its state afterwards."""
  stage = _Stage()

  @tf.function(autograph=False)
  def run(x, y):
    with recompute.using(wanted), state.deferred() as updates:
      with tf.GradientTape() as tape:
        tape.watch([x, y])
        out = stage(x, y)
        loss = tf.reduce_sum(tf.sin(out))
      if move_before_backward:
        for update in updates:
          update.apply()
      gradients = tape.gradient(loss, [x, y, *stage.weights])
    if not move_before_backward:
      for update in updates:
        update.apply()
    return [out, *gradients]

  return [x.numpy() for x in run(stage.x, stage.y)], stage.state()


@pytest.mark.parametrize("moved", [False, True])
def test_same_values_gradients_and_state(moved):
  plain, plain_state = _gradients(False)
  again, again_state = _gradients(True, move_before_backward=moved)
  assert len(plain) == len(again) == 3 + len(_Stage().weights)
  largest = max(np.abs(one).max() for one in plain)
  for one, other in zip(plain, again):
    scale = np.abs(one).max()
    if scale < 1e-5 * largest:  # Exactly 0 but for rounding: before batch norm.
      assert np.abs(other).max() < 1e-5 * largest
      continue
    np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5 * scale)
  assert plain_state.keys() == again_state.keys()
  for name, value in plain_state.items():
    np.testing.assert_array_equal(value, again_state[name])
    assert (value != _Stage().state()[name]).any() or "accu" in name


def test_state_that_moves_at_once_moves_once():
  states = []
  for wanted in (False, True):
    stage = _Stage()
    with recompute.using(wanted), tf.GradientTape() as tape:
      loss = tf.reduce_sum(stage(stage.x, stage.y))
    tape.gradient(loss, stage.weights)
    states.append(stage.state())
  for name, value in states[0].items():
    np.testing.assert_array_equal(value, states[1][name])


@pytest.mark.long
def test_gradients_of_gradients():
  """What a gradient penalty asks for."""
  found = []
  for wanted in (False, True):
    stage = _Stage()

    @tf.function(autograph=False)
    def run(stage=stage, wanted=wanted):
      with recompute.using(wanted), state.frozen():
        with tf.GradientTape() as outer:
          with tf.GradientTape() as inner:
            inner.watch(stage.x)
            out = tf.reduce_sum(tf.sin(stage(stage.x, stage.y)))
          slope = tf.reduce_sum(tf.square(inner.gradient(out, stage.x)))
        return outer.gradient(slope, stage.weights)

    found.append([None if g is None else g.numpy() for g in run()])
  some = 0
  for one, other in zip(*found):
    # A bias behind all nonlinearities may have none, or one of zeros.
    zeros = np.zeros(())
    one, other = (zeros if g is None else g for g in (one, other))
    np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)
    some += np.abs(one).max() > 1e-3
  assert some > len(found[0]) // 2


def _graph(wanted):
  """Returns the graph of a gradient, whose one cosine is where it begins."""
  stage = _Stage()

  @tf.function(autograph=False)
  def run(x, y):
    with recompute.using(wanted), state.frozen():
      with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.sin(stage(x, y)))
      return tape.gradient(loss, stage.weights)

  return run.get_concrete_function(stage.x, stage.y).graph


def _of_type(graph, kind):
  return [op for op in graph.get_operations() if op.type == kind]


def _comes_after(op, others):
  """Returns whether an operation waits for one of the others."""
  waiting, seen = [op], set()
  while waiting:
    op = waiting.pop()
    if op in others:
      return True
    if op.name not in seen:
      seen.add(op.name)
      waiting += [tensor.op for tensor in op.inputs] + op.control_inputs
  return False


def test_what_is_inside_is_computed_twice():
  assert len(_of_type(_graph(False), "Softmax")) == 1
  assert len(_of_type(_graph(True), "Softmax")) == 2


def test_the_second_pass_waits_for_the_gradient():
  """Even its first operations: what runs early is kept for long."""
  graph = _graph(True)
  gradient = _of_type(graph, "Cos")

  def late(kind):
    return [_comes_after(op, gradient) for op in _of_type(graph, kind)]

  assert late("Softmax") == [False, True]
  assert late("Relu") == [False, False, True, True]
  assert late("ReadVariableOp").count(True) >= len(_Stage().weights)


def test_power_iterations_are_not_made_again():
  scalars = [
    op for op in _of_type(_graph(True), "Rsqrt") if not op.outputs[0].shape.rank
  ]
  kernels = [w for w in _Stage().weights if w.name.endswith("/kernel:0")]
  assert len(scalars) == 2 * len(kernels)  # u and v of each, once


def test_not_in_evaluation_and_not_by_default():
  stage = _Stage()
  stage(stage.x, stage.y)
  with recompute.using(True) as stages:
    stage(stage.x, stage.y, is_training=False)
    assert not stages
    stage(stage.x, stage.y)
    assert stages == [stage.block]
  with recompute.using(False) as stages:
    assert stages is None


def test_one_recomputed_network_inside_of_another_block():
  with recompute.using(True) as outer:
    with recompute.using(False):
      stage = _Stage()
      stage(stage.x, stage.y)
    assert not outer
