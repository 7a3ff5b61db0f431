"""Corruptions by hand."""

from compare_gan.gans.augmentation import noise_and_cutout
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("tensors of it")


def test_noise_is_as_strong_as_sigma_of_each_image():
  x = noise_and_cutout.add_noise(
    tf.ones([2, 1, 1, 1]), tf.constant([0.0, 0.5]), 3.0 * tf.ones([2, 1, 1, 1])
  )
  np.testing.assert_allclose(x.numpy().ravel(), [1.0, 2.5])


def test_hole_is_half_an_image_around_its_centre():
  x = noise_and_cutout.cut_out(
    tf.ones([2, 4, 8, 1]),
    tf.constant([0.5, 0.0]),
    tf.constant([[0.25, 1.0], [0.5, 0.5]]),  # x, y
  )
  expected = np.ones([4, 8])
  expected[3:, :4] = 0.0
  np.testing.assert_array_equal(x[0, :, :, 0], expected)
  np.testing.assert_array_equal(x[1], np.ones([4, 8, 1]))
