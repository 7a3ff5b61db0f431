"""Deviations of groups of a batch, by hand and as recorded."""

from compare_gan.layers.minibatch_stddev import append_stddev
import numpy as np
import pytest
import tensorflow as tf

from tests.layers import recorded

pytestmark = pytest.mark.versions("TensorFlow's ops compute a layer")


def _appended(values, group):
  """Returns the feature of images of 1 pixel and 1 channel."""
  x = tf.reshape(tf.constant(values, tf.float32), [-1, 1, 1, 1])
  return append_stddev(x, group).numpy()[:, 0, 0, 1]


def test_recorded_numbers():
  batch = tf.constant(recorded.inputs()["batch"])
  recorded.assert_recorded(append_stddev(batch, 3), "minibatch_stddev")


def test_image_i_is_in_group_i_modulo_their_number():
  """Groups (0, 4) and (1, 1): deviations 2 and 0, but for the epsilon."""
  found = _appended([0.0, 1.0, 4.0, 1.0], group=2)
  np.testing.assert_allclose(found, [2.0, 1e-4, 2.0, 1e-4], rtol=1e-6)


def test_a_smaller_batch_is_one_group():
  np.testing.assert_allclose(_appended([0.0, 4.0], 8), [2.0, 2.0])


def test_each_run_of_channels_has_its_feature():
  x = tf.reshape(tf.constant([0.0, 1.0, 4.0, 7.0]), [2, 1, 1, 2])
  found = append_stddev(x, 2, channels=2)
  np.testing.assert_allclose(found[:, 0, 0, 2:], [[2.0, 3.0], [2.0, 3.0]])


@pytest.mark.parametrize("n,size", [(6, 3), (5, 1), (4, 4)])
def test_a_batch_of_unknown_size_has_the_same_groups(n, size):
  """Of 4 at most, the largest groups that divide it."""
  x = tf.random.normal([n, 2, 2, 3])
  unknown = tf.function(
    lambda x: append_stddev(x, 4),
    input_signature=[tf.TensorSpec([None, 2, 2, 3])],
  )
  np.testing.assert_allclose(unknown(x), append_stddev(x, size), rtol=1e-5)
  np.testing.assert_allclose(
    append_stddev(x, 4), append_stddev(x, size), rtol=1e-5
  )


def test_equal_images_have_finite_second_slopes():
  """The root has none at 0 without its epsilon."""
  x = tf.ones([4, 1, 1, 2])
  with tf.GradientTape() as outer:
    outer.watch(x)
    with tf.GradientTape() as inner:
      inner.watch(x)
      y = tf.reduce_sum(tf.square(append_stddev(x, 4)))
    slope = inner.gradient(y, x)
    value = tf.reduce_sum(tf.square(slope))
  assert np.isfinite(outer.gradient(value, x)).all()
