"""Doubling and halving by hand on 2x2 pixels."""

from compare_gan.layers import resample
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow's ops compute a layer")


def images(pixels):
  """[H, W] pixels as two images of two channels: the pixels times 1 to 4."""
  pixels = np.asarray(pixels, np.float32)
  scales = np.float32([[1, 2], [3, 4]])[:, None, None, :]
  return tf.constant(pixels[None, :, :, None] * scales)


def check(op, pixels, expected):
  np.testing.assert_allclose(op(images(pixels)), images(expected))


def test_unpool_puts_pixels_top_left():
  check(
    resample.unpool,
    [[1, 2], [3, 4]],
    [[1, 0, 2, 0], [0, 0, 0, 0], [3, 0, 4, 0], [0, 0, 0, 0]],
  )


def test_nearest_repeats_pixels():
  check(
    resample.nearest,
    [[1, 2], [3, 4]],
    [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]],
  )


def test_bilinear_mixes_neighbours_and_repeats_the_edge():
  # Rows 0 and 4 become 0, 1, 3, 4; columns 0 and 8 add 0, 2, 6, 8.
  rows, columns = np.array([0, 1, 3, 4]), np.array([0, 2, 6, 8])
  check(resample.bilinear, [[0, 8], [4, 12]], rows[:, None] + columns[None, :])


def test_images_need_not_be_square():
  check(resample.unpool, [[1, 2]], [[1, 0, 2, 0], [0, 0, 0, 0]])
  check(resample.nearest, [[1], [2]], [[1, 1], [1, 1], [2, 2], [2, 2]])
  check(resample.bilinear, [[0, 4]], [[0, 1, 3, 4], [0, 1, 3, 4]])


def test_average_pool_is_the_mean_of_each_cell():
  check(resample.average_pool, [[1, 3, 0, 0], [5, 7, 0, 8]], [[4, 2]])


def test_average_pool_counts_only_the_pixels_there_are():
  check(
    resample.average_pool,
    [[1, 3, 10], [5, 7, 20], [2, 4, 6]],
    [[4, 15], [3, 6]],
  )
  check(resample.average_pool, [[5]], [[5]])


@pytest.mark.parametrize("name", ["nearest", "unpool"])
def test_average_pool_undoes_an_upsampling_up_to_scale(name):
  up = resample.UPSAMPLING[name]
  scale = {"unpool": 4, "nearest": 1}[name]
  x = images([[1, 2], [3, 4]])
  np.testing.assert_allclose(resample.average_pool(up(x)) * scale, x)


def test_the_options_of_upsampling_by_name():
  assert resample.UPSAMPLING == {
    "unpool": resample.unpool,
    "nearest": resample.nearest,
    "bilinear": resample.bilinear,
  }


@pytest.mark.parametrize("op", resample.UPSAMPLING.values())
def test_upsampling_knows_its_size_for_any_batch(op):
  function = tf.function(op).get_concrete_function(
    tf.TensorSpec([None, 3, 5, 4], tf.float32)
  )
  assert function.outputs[0].shape.as_list() == [None, 6, 10, 4]
