"""Virtual batch normalisation: moments of an image and of a reference."""

from compare_gan.layers import virtual_batch_norm
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow's ops compute a layer")


def _norm():
  norm = virtual_batch_norm.VirtualBatchNorm(1, reference_size=1)
  norm.has_reference = True
  return norm


def test_by_hand():
  # R = {0, 2}, x = {4, 4}: mean (1 + 4) / 2, squares (2 + 16) / 2, so 2.75.
  x = tf.reshape([0.0, 2.0, 4.0, 4.0], [2, 1, 2, 1])
  y = _norm()(x, None, None, True).numpy()
  np.testing.assert_allclose(y[1].ravel(), [0.9043696] * 2, rtol=1e-6)
  # The reference: mean 1, variance 1, by itself alone.
  root = np.sqrt(1.001)
  np.testing.assert_allclose(y[0].ravel(), [-1 / root, 1 / root], rtol=1e-6)


def test_images_do_not_depend_on_each_other():
  x = tf.reshape([0.0, 2.0, 4.0, 4.0, 7.0, 9.0], [3, 1, 2, 1])
  both = _norm()(x, None, None, True).numpy()
  np.testing.assert_allclose(both[:2], _norm()(x[:2], None, None, True))


def test_without_a_reference_it_is_refused():
  norm = virtual_batch_norm.VirtualBatchNorm(1)
  with pytest.raises(ValueError, match="reference batch"):
    norm(tf.zeros([2, 1]), None, None, True)


def test_a_reference_of_nothing_is_refused():
  with pytest.raises(ValueError, match="reference_size = 0"):
    virtual_batch_norm.VirtualBatchNorm(1, reference_size=0)
