"""Filters along an axis, by hand."""

from compare_gan.gans.augmentation import wavelets
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("depthwise convolutions filter it")

_X = tf.reshape(tf.constant([1.0, 10.0, 100.0, 1000.0]), [1, 4, 1, 1])


def test_one_filter():
  y = wavelets.correlate(_X, [1.0, 2.0], axis=1)
  np.testing.assert_allclose(y.numpy().ravel(), [21.0, 210.0, 2100.0])


def test_several_filters_along_the_other_axis():
  x = tf.transpose(tf.concat([_X, -_X], axis=3), [0, 2, 1, 3])
  y = wavelets.correlate(x, [[1.0, 0.0], [2.0, 1.0]], axis=2).numpy()
  assert y.shape == (1, 1, 3, 2, 2)
  np.testing.assert_allclose(y[0, 0, :, 0, 0], [21.0, 210.0, 2100.0])
  np.testing.assert_allclose(y[0, 0, :, 1, 1], [-10.0, -100.0, -1000.0])


def test_low_pass_filters_have_their_sums():
  np.testing.assert_allclose(wavelets.SYM6.sum(), 1.0)
  np.testing.assert_allclose(wavelets.SYM2.sum(), 2.0**0.5)
