"""Slices are those that Python's indices give, with their gradients."""

from compare_gan.layers import slices
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("tf.slice and tf.unstack")

_X = np.random.RandomState(0).uniform(size=[2, 5, 6, 3]).astype(np.float32)


@pytest.mark.parametrize("axis", [1, 2, 3])
def test_part(axis):
  index = [slice(None)] * 4
  index[axis] = slice(1, 3)
  np.testing.assert_array_equal(
    slices.part(tf.constant(_X), axis, 1, 2), _X[tuple(index)]
  )


def test_all_of_an_axis_is_no_operation():
  x = tf.constant(_X)
  assert slices.part(x, 2, 0, 6) is x and slices.every(x, 2, 1) == [x]


@pytest.mark.parametrize("batch", [2, None])
def test_every_second_row_and_column(batch):
  @tf.function(input_signature=[tf.TensorSpec([batch, 5, 6, 3])])
  def both(x):
    return slices.every(x, 1, 2), slices.every(x, 2, 2)

  rows, columns = both(tf.constant(_X))
  np.testing.assert_array_equal(rows[0], _X[:, ::2])
  # The fifth of five rows has no partner but zeros.
  np.testing.assert_array_equal(rows[1][:, :2], _X[:, 1::2])
  np.testing.assert_array_equal(rows[1][:, 2], 0.0 * _X[:, 0])
  np.testing.assert_array_equal(columns[0], _X[:, :, ::2])
  np.testing.assert_array_equal(columns[1], _X[:, :, 1::2])


def test_gradient_goes_to_the_rows_that_were_taken():
  x = tf.constant(_X)
  with tf.GradientTape() as tape:
    tape.watch(x)
    total = tf.reduce_sum(slices.part(slices.every(x, 1, 2)[1], 2, 1, 2))
  wanted = np.zeros_like(_X)
  wanted[:, 1::2, 1:3] = 1.0
  np.testing.assert_array_equal(tape.gradient(total, x), wanted)
