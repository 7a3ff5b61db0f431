"""The filter bank by hand."""

from compare_gan.gans.augmentation import filter_bank
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("depthwise convolutions filter it")


def test_bands_add_to_the_image():
  impulse = np.zeros(43)
  impulse[21] = 1.0
  np.testing.assert_allclose(filter_bank.BANK.sum(axis=0), impulse, atol=1e-12)
  np.testing.assert_allclose(
    filter_bank.BANK.sum(axis=1), [1, 0, 0, 0], atol=1e-12
  )


def test_a_gain_is_paid_for_by_the_other_bands():
  g = filter_bank.gains(tf.constant([[2.0, 1, 1, 1], [1, 1, 2, 1], [1] * 4]))
  expected = [
    [1.0996828, *[0.5498414] * 3],
    [0.9013878, 0.9013878, 1.8027756, 0.9013878],
    [1.0] * 4,
  ]
  np.testing.assert_allclose(g, expected, rtol=1e-6)


def test_equal_gains_change_nothing():
  x = tf.random.stateless_uniform([2, 22, 24, 3], [1, 2])
  y = filter_bank.apply(x, tf.ones([2, 4]))
  np.testing.assert_allclose(y, x, atol=1e-5)


def test_an_image_without_frequencies_is_of_the_lowest_band():
  x = tf.ones([1, 22, 22, 1])
  y = filter_bank.apply(x, tf.constant([[0.5, 9.0, 9.0, 9.0]]))
  np.testing.assert_allclose(y, np.full_like(y, 0.25), atol=1e-4)  # two axes


def test_small_images_are_refused():
  with pytest.raises(ValueError, match="at least 22 x 22 pixels.*ada.filter"):
    filter_bank.apply(tf.zeros([1, 21, 30, 3]), tf.ones([1, 4]))
