"""The fused operation against the formula, as layers use them."""

from compare_gan.context import replica
from compare_gan.context import scope
from compare_gan.context import state
from compare_gan.layers import batch_norm
import gin
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow's fused kernel computes a layer")

LAYERS = [
  batch_norm.BatchNorm,
  batch_norm.ConditionalBatchNorm,
  batch_norm.SelfModulatedBatchNorm,
]
NO_BFLOAT16 = pytest.mark.skipif(
  tf.__version__.startswith("2.6."), reason="its CPU kernels give nothing"
)
RNG = np.random.RandomState(0)
X = RNG.normal(1.0, 2.0, [4, 3, 5, 6])
Z = tf.constant(RNG.normal(size=[4, 2]), tf.float32)
Y = tf.one_hot([0, 2, 1, 0], 3)
WEIGHTS = tf.constant(RNG.normal(size=X.shape), tf.float32)


class On(replica.Replicas):
  """A step on a kind of device."""

  def __init__(self, kind):
    self.device_kind = kind


def make(layer_class):
  """Returns the layer for X; each time with the same random weights."""
  with scope.building(seed=1):
    layer = layer_class(6, z_dim=2, y_dim=3)
  rng = np.random.RandomState(1)
  for variable in layer.trainable_variables:
    variable.assign(rng.normal(1.0, 0.3, variable.shape))
  return layer


def derivatives(layer_class, kind, dtype):
  """Returns {what: array}, up to second derivatives and moved averages."""
  layer = make(layer_class)
  x = tf.cast(X, dtype)

  def compute() -> dict[str, tf.Tensor]:
    sources = [x, *layer.trainable_variables]
    with replica.running(On(kind)), state.frozen():
      with tf.GradientTape() as second:
        second.watch(sources)
        with tf.GradientTape() as first:
          first.watch(sources)
          y = layer(x, Z, Y, True)
          loss = tf.reduce_sum(WEIGHTS * tf.tanh(tf.cast(y, tf.float32)))
        slopes = first.gradient(loss, sources)
        squares = [tf.reduce_sum(tf.cast(g, tf.float32) ** 2) for g in slopes]
      curved = second.gradient(squares, sources)
    found = {"y": y}
    found |= {f"slope {i}": g for i, g in enumerate(slopes)}
    return found | {f"curved {i}": g for i, g in enumerate(curved)}

  found = tf.function(compute)()
  with replica.running(On(kind)):
    layer(x, Z, Y, True)
  moved = layer.standardize
  found["mean"], found["variance"] = moved.moving_mean, moved.moving_variance
  return {name: tf.cast(g, tf.float32).numpy() for name, g in found.items()}


@pytest.mark.parametrize("layer_class", LAYERS)
@pytest.mark.parametrize(
  "dtype, tolerance",
  [
    (tf.float32, 5e-5),
    (tf.float16, 2e-2),
    pytest.param(tf.bfloat16, 1e-1, marks=NO_BFLOAT16),
  ],
)
def test_values_gradients_and_second_derivatives_are_those_of_the_formula(
  layer_class, dtype, tolerance
):
  fused = derivatives(layer_class, "cpu", dtype)
  plain = derivatives(layer_class, "", dtype)
  for name, expected in plain.items():
    error = np.abs(fused[name] - expected).max() / np.abs(expected).max()
    assert error < tolerance, (name, error)


def test_accumulated_moments_are_those_of_the_formula():
  gin.bind_parameter("standardize_batch.use_moving_averages", False)
  found = []
  for kind in ("cpu", ""):
    layer = make(batch_norm.BatchNorm)
    layer.standardize.update_accus.assign(1)
    with replica.running(On(kind)):
      trained = layer(tf.constant(X, tf.float32), None, None, True)
      evaluated = layer(tf.constant(X, tf.float32), None, None, False)
    found.append([trained, evaluated, layer.standardize.accu_mean])
  for fused, plain in zip(*found):
    np.testing.assert_allclose(fused, plain, rtol=1e-5, atol=1e-5)


def is_fused(x, is_training=True, kind="cpu", **settings):
  layer = batch_norm.StandardizeBatch(x.shape[-1], **settings)

  def call() -> tf.Tensor:
    with replica.running(On(kind)):
      return layer(x, is_training)

  graph = tf.function(call).get_concrete_function().graph
  return "FusedBatchNormV3" in {op.type for op in graph.get_operations()}


def test_only_a_training_step_on_the_cpu_is_fused():
  images = tf.zeros([2, 4, 4, 3])
  assert is_fused(images)
  assert is_fused(images, use_moving_averages=False)
  assert not is_fused(images, is_training=False)
  assert not is_fused(tf.zeros([2, 3]))
  assert not is_fused(images, kind="gpu")
  assert not is_fused(images, kind="")
  assert not is_fused(images, use_cross_replica_mean=True)
