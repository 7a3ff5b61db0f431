"""Weight normalisation: kernel = g V / |V| per output channel."""

from compare_gan.context import scope
from compare_gan.layers import initializers
from compare_gan.layers import kernel
from compare_gan.layers import weight_norm
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow's ops compute a layer")

SHAPES = [(5, 4), (3, 3, 2, 4)]
NORMAL = initializers.normal(1.0)


def make(shape):
  with scope.building(seed=3), scope.scope("conv"):
    return weight_norm.WeightNorm(shape, NORMAL)


def columns(x):
  """[..., C] as [rows, C]."""
  return np.reshape(x, [-1, np.shape(x)[-1]])


def test_variables_are_v_and_a_length_per_output_channel():
  layer = make((3, 3, 2, 4))
  assert [scope.full_name(v) for v in layer.variables] == ["conv/V", "conv/g"]
  assert layer.g.shape == [4]
  assert layer.trainable_variables == layer.variables


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("is_training", [True, False])
def test_a_kernel_starts_where_it_would_without_norm(shape, is_training):
  layer = make(shape)
  with scope.building(values=lambda *_: layer.V.numpy()):
    plain = kernel.Kernel(shape)
  np.testing.assert_allclose(layer(is_training), plain(is_training), rtol=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
def test_g_is_the_length_of_each_output_channel(shape):
  layer = make(shape)
  layer.g.assign([1.0, 2.0, 3.0, -4.0])
  lengths = np.linalg.norm(columns(layer(is_training=True)), axis=0)
  np.testing.assert_allclose(lengths, [1, 2, 3, 4], rtol=1e-6)


def test_only_the_direction_of_v_counts():
  layer = make((5, 4))
  before = layer(is_training=True)
  layer.V.assign(layer.V * [1.0, 2.0, 3.0, 4.0])
  np.testing.assert_allclose(layer(is_training=True), before, rtol=1e-6)


def test_by_hand():
  layer = make((2, 1))
  layer.V.assign([[3.0], [4.0]])
  layer.g.assign([10.0])
  np.testing.assert_allclose(layer(is_training=True), [[6.0], [8.0]])


@pytest.mark.parametrize("shape", SHAPES)
def test_gradients_are_those_of_the_paper(shape):
  layer = make(shape)
  layer.g.assign([1.0, 2.0, 3.0, 4.0])
  weights = np.random.RandomState(0).randn(*shape).astype(np.float32)
  with tf.GradientTape() as tape:
    total = tf.reduce_sum(weights * layer(is_training=True))
  d_v, d_g = tape.gradient(total, [layer.V, layer.g])
  v, c, d_v = columns(layer.V), columns(weights), columns(d_v)
  length = np.linalg.norm(v, axis=0)
  expected = np.sum(c * v, axis=0) / length  # Equation 3.
  np.testing.assert_allclose(d_g, expected, rtol=1e-5)
  # Gradients to V do not change its length.
  np.testing.assert_allclose(np.sum(d_v * v, axis=0), np.zeros(4), atol=1e-5)
  assert np.linalg.norm(d_v) > 0.1


def test_it_is_counted_without_memory():
  with scope.building(allocate=False):
    layer = weight_norm.WeightNorm([10**6, 10**6])
  shapes = [v.shape for v in layer.variables]
  assert shapes == [(10**6, 10**6), (10**6,)]


def test_a_copy_keeps_a_length_that_has_moved():
  layer = make((5, 4))
  layer.g.assign([1.0, 2.0, 3.0, 4.0])
  original = {scope.full_name(v): v for v in layer.variables}
  with scope.building(original=original, suffix="/Average"):
    copy = make((5, 4))
  np.testing.assert_array_equal(copy.g.numpy(), [1.0, 2.0, 3.0, 4.0])
