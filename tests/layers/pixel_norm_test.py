"""Pixel normalisation: feature vectors of length sqrt(C)."""

from compare_gan.layers import pixel_norm
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow's ops compute a layer")


def _call(x, **options):
  norm = pixel_norm.PixelNorm(4, **options)
  return norm(tf.constant(x), None, None, True).numpy()


def test_by_hand():
  # The mean of 1, 4, 9 and 16 is 7.5.
  y = _call([[1.0, 2.0, 3.0, 4.0]])
  expected = [[0.3651484, 0.7302967, 1.0954451, 1.4605935]]
  np.testing.assert_allclose(y, expected, rtol=1e-6)


def test_epsilon_outside_of_the_root():
  y = _call([[3.0] * 4], epsilon=1.0, epsilon_outside_root=True)
  np.testing.assert_allclose(y, 3.0 / (1.0 + 3.0))


@pytest.mark.parametrize("outside", [False, True])
def test_zeros_have_a_gradient(outside):
  x = tf.zeros([1, 4])
  norm = pixel_norm.PixelNorm(4, epsilon_outside_root=outside)
  with tf.GradientTape() as tape:
    tape.watch(x)
    y = norm(x, None, None, True)
  assert np.all(np.isfinite(tape.gradient(y, x)))


def test_one_channel_is_refused():
  with pytest.raises(ValueError, match="only the sign of 1 channel"):
    pixel_norm.PixelNorm(1)
