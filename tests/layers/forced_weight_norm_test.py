"""EDM2's forced weight normalisation: what is stored stays at one length."""

from compare_gan.context import state
from compare_gan.layers import forced_weight_norm
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow's ops compute a layer")


def _layer():
  layer = forced_weight_norm.ForcedWeightNorm([2, 1], epsilon=0.0)
  layer.kernel.assign([[3.0], [4.0]])
  return layer


def test_training_stores_weights_of_mean_square_1():
  layer = _layer()
  root = np.sqrt(12.5)  # of the mean of 9 and 16
  w = layer(is_training=True)
  np.testing.assert_allclose(w, [[0.6], [0.8]], rtol=1e-6)
  np.testing.assert_allclose(layer.kernel, [[3 / root], [4 / root]], rtol=1e-6)


def test_evaluation_stores_nothing():
  layer = _layer()
  np.testing.assert_allclose(layer(is_training=False), [[0.6], [0.8]])
  np.testing.assert_allclose(layer.kernel, [[3.0], [4.0]])


def test_the_gradient_is_that_at_the_weights_that_are_stored():
  layer, stored = _layer(), _layer()
  stored(is_training=True)

  def gradient(layer):
    with tf.GradientTape() as tape, state.frozen():
      y = layer(is_training=True)[0, 0]
    return tape.gradient(y, layer.kernel).numpy()

  np.testing.assert_allclose(gradient(layer), gradient(stored), rtol=1e-5)
  # None along the weights.
  assert abs(np.sum(gradient(layer) * layer.kernel.numpy())) < 1e-5
