"""The linear layer and the embedding of labels."""

from compare_gan.context import scope
from compare_gan.layers import initializers
from compare_gan.layers import linear
from compare_gan.layers.spectral_norm import SpectralNorm
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow's ops compute a layer")

TABLE = np.float32([[1, 2], [3, 4], [5, 6]])


def embedding():
  layer = linear.Embedding(3, 2)
  layer.variables[0].assign(TABLE)
  return layer


def test_variables_are_kernel_and_bias_in_the_layers_scope():
  with scope.scope("g"):
    layer = linear.Linear(3, 2, name="fc")
  named = {scope.full_name(v): v.shape for v in layer.variables}
  assert list(named.items()) == [("g/fc/kernel", [3, 2]), ("g/fc/bias", [2])]


def test_the_default_scope():
  [kernel, _] = linear.Linear(3, 2).variables
  [table] = linear.Embedding(3, 2).variables
  assert scope.full_name(kernel) == "linear/kernel"
  assert scope.full_name(table) == "embedding/kernel"


def test_x_times_kernel_plus_bias():
  layer = linear.Linear(3, 2)
  kernel, bias = layer.variables
  kernel.assign(TABLE)
  bias.assign([10.0, 20.0])
  x = tf.constant([[1.0, 0.0, -1.0], [0.0, 2.0, 0.0]])
  np.testing.assert_allclose(layer(x, True), [[6, 16], [16, 28]])


def test_a_bias_starts_at_0_or_where_it_is_told():
  x = tf.zeros([1, 3])
  np.testing.assert_array_equal(linear.Linear(3, 2)(x, True), [[0, 0]])
  layer = linear.Linear(3, 2, bias_start=1.0)
  np.testing.assert_array_equal(layer(x, True), [[1, 1]])


def test_without_bias():
  layer = linear.Linear(3, 2, use_bias=False, init=initializers.ones)
  assert len(layer.variables) == 1
  x = tf.constant([[1.0, 2.0, 3.0]])
  np.testing.assert_array_equal(layer(x, True), [[6, 6]])


def test_a_normalised_kernel_learns_whether_it_is_trained():
  layer = linear.Linear(3, 2, kernel_fn=SpectralNorm)
  u_var = layer.variables[1]
  assert scope.full_name(u_var) == "linear/kernel/u_var"
  before = u_var.numpy()
  layer(tf.zeros([1, 3]), is_training=False)
  np.testing.assert_array_equal(u_var, before)
  layer(tf.zeros([1, 3]), is_training=True)
  assert not np.any(u_var.numpy() == before)


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16, tf.float64])
def test_the_result_has_the_type_of_the_input(dtype):
  layer = linear.Linear(3, 2, init=initializers.ones)
  y = layer(tf.ones([1, 3], dtype), is_training=True)
  assert y.dtype == dtype
  np.testing.assert_array_equal(tf.cast(y, tf.float32), [[3, 3]])


@pytest.mark.parametrize("dtype", [tf.int32, tf.int64, tf.uint8])
def test_an_embedding_takes_a_row_for_each_label(dtype):
  rows = embedding()(tf.constant([2, 0], dtype), is_training=True)
  np.testing.assert_array_equal(rows, [[5, 6], [1, 2]])


def test_an_embedding_takes_one_hot_labels_for_the_same():
  y = tf.one_hot([2, 0], 3)
  np.testing.assert_array_equal(embedding()(y, True), [[5, 6], [1, 2]])


def test_an_embedding_mixes_rows_for_soft_labels():
  y = tf.constant([[0.5, 0.5, 0.0], [0.0, 0.25, 0.75]])
  np.testing.assert_allclose(embedding()(y, True), [[2, 3], [4.5, 5.5]])


def test_a_label_that_is_no_class_has_a_row_of_zeros():
  rows = embedding()(tf.constant([-1, 3, 1]), is_training=True)
  np.testing.assert_array_equal(rows, [[0, 0], [0, 0], [3, 4]])


def test_the_gradient_reaches_only_the_rows_of_the_labels():
  layer = embedding()
  with tf.GradientTape() as tape:
    total = tf.reduce_sum(layer(tf.constant([1, 1, -1]), True))
  gradient = tape.gradient(total, layer.variables[0])
  np.testing.assert_array_equal(gradient, [[0, 0], [2, 2], [0, 0]])


def test_calls_are_listed_in_their_order_while_they_are_recorded():
  first, second = linear.Linear(3, 2), linear.Linear(2, 1)
  x = tf.ones([1, 3])
  with linear.recorded_calls() as calls:
    output = second(first(x, True), True)
  first(x, True)  # Nobody listens any more.
  assert [call.layer for call in calls] == [first, second]
  assert calls[0].x is x and calls[1].output is output
  assert calls[1].x is calls[0].output


def test_recorded_calls_of_an_inner_block_are_its_own():
  layer, x = linear.Linear(3, 2), tf.ones([1, 3])
  with linear.recorded_calls() as outer:
    with linear.recorded_calls() as inner:
      layer(x, True)
    layer(x, True)
  assert (len(outer), len(inner)) == (1, 1)
