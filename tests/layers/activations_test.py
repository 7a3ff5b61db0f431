"""Activations by hand."""

from compare_gan.context import replica
from compare_gan.layers import activations
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow's ops compute a layer")

X = tf.constant([-10.0, -1.0, 0.0, 2.0])


def test_lrelu_leaks_a_fifth():
  np.testing.assert_allclose(activations.lrelu(X), [-2.0, -0.2, 0.0, 2.0])


def test_lrelu_leaks_as_much_as_it_is_told():
  np.testing.assert_allclose(activations.lrelu(X, 0.5), [-5.0, -0.5, 0.0, 2.0])


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16])
def test_lrelu_keeps_the_type_of_its_input(dtype):
  assert activations.lrelu(tf.cast(X, dtype)).dtype == dtype


class _OnCpu(replica.Replicas):
  device_kind = "cpu"


def _lrelu_with_derivatives(x):
  with tf.GradientTape() as second:
    second.watch(x)
    with tf.GradientTape() as first:
      first.watch(x)
      y = activations.lrelu(x, 0.25)
    slope = first.gradient(y, x)
    square = tf.reduce_sum(slope * x**2)
  return [y, slope, second.gradient(square, x)]


@pytest.mark.parametrize("dtype", [tf.float32, tf.bfloat16, tf.float16])
def test_lrelu_of_a_step_has_the_same_slopes_even_at_0(dtype):
  least = 2.0**-126
  x = tf.cast([-3.0, -least, -0.0, 0.0, least, 1e-30, 2.0], dtype)
  expected = _lrelu_with_derivatives(x)
  with replica.running(_OnCpu()):
    for actual, plain in zip(_lrelu_with_derivatives(x), expected):
      np.testing.assert_array_equal(
        tf.cast(actual, tf.float32), tf.cast(plain, tf.float32)
      )


def test_lrelu_is_one_operation_in_a_step():
  def call() -> tf.Tensor:
    with replica.running(_OnCpu()):
      return activations.lrelu(X)

  graph = tf.function(call).get_concrete_function().graph
  kinds = {op.type for op in graph.get_operations()}
  assert "LeakyRelu" in kinds and "Maximum" not in kinds
