"""The 4x4 ends of R3GAN's networks, by hand."""

from compare_gan.context import scope
from compare_gan.layers import basis
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow's kernels compute layers")


def test_g_scales_its_basis_by_z():
  with scope.building(seed=1):
    layer = basis.GenerativeBasis(z_dim=1, channels=2)
  layer.fc.kernel.kernel.assign([[2.0, 3.0]])
  layer.basis.assign(tf.ones([4, 4, 2]))
  images = layer(tf.constant([[1.0], [-1.0]]), is_training=True)
  assert images.shape == (2, 4, 4, 2)
  np.testing.assert_allclose(images[:, 3, 3], [[2.0, 3.0], [-2.0, -3.0]])


def test_d_sums_the_product_with_its_basis():
  with scope.building(seed=1):
    layer = basis.DiscriminativeBasis(channels=2, units=1)
  layer.basis.assign(tf.stack([tf.ones([4, 4]), tf.zeros([4, 4])], axis=-1))
  features = layer.features(0.5 * tf.ones([1, 4, 4, 2]))
  np.testing.assert_allclose(features, [[8.0, 0.0]])  # 16 pixels of 1/2
