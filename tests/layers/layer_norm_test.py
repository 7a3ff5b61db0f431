"""Layer normalisation against numpy."""

from compare_gan.context import scope
from compare_gan.layers import layer_norm
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow's ops compute a layer")


@pytest.fixture
def x():
  rng = np.random.RandomState(0)
  return np.float32(3 * rng.randn(2, 4, 4, 3) + [[[[1]]], [[[5]]]])


def standardised(x):
  mean = x.mean(axis=(1, 2, 3), keepdims=True)
  return (x - mean) / x.std(axis=(1, 2, 3), keepdims=True)


def test_variables_are_beta_then_gamma():
  with scope.scope("B1"):
    layer = layer_norm.LayerNorm(3, "ln1")
  beta, gamma = layer.variables
  assert scope.full_name(beta) == "B1/ln1/beta"
  assert scope.full_name(gamma) == "B1/ln1/gamma"
  np.testing.assert_array_equal(beta, [0, 0, 0])
  np.testing.assert_array_equal(gamma, [1, 1, 1])
  assert layer.trainable_variables == layer.variables


def test_each_image_has_mean_0_and_variance_1_over_all_its_pixels(x):
  y = layer_norm.LayerNorm(3)(tf.constant(x))
  np.testing.assert_allclose(y, standardised(x), rtol=1e-4, atol=1e-5)


def test_an_image_does_not_depend_on_the_others_of_its_batch(x):
  layer = layer_norm.LayerNorm(3)
  alone = layer(tf.constant(x[:1]))
  np.testing.assert_allclose(layer(tf.constant(x))[:1], alone, atol=1e-6)


def test_gamma_and_beta_are_per_channel(x):
  layer = layer_norm.LayerNorm(3)
  layer.gamma.assign([1.0, 2.0, 3.0])
  layer.beta.assign([10.0, 20.0, 30.0])
  expected = standardised(x) * [1, 2, 3] + [10, 20, 30]
  np.testing.assert_allclose(
    layer(tf.constant(x)), expected, rtol=1e-4, atol=1e-5
  )


def test_a_variance_of_0_gives_0():
  y = layer_norm.LayerNorm(3)(tf.fill([1, 4, 4, 3], 7.0))
  np.testing.assert_array_equal(y, np.zeros([1, 4, 4, 3]))


def test_float16_images_have_float32_moments():
  # The squares, 250,000, are beyond float16.
  x = tf.constant([[[[-500.0], [500.0]]]], tf.float16)
  y = layer_norm.LayerNorm(1)(x)
  assert y.dtype == tf.float16
  np.testing.assert_allclose(y, [[[[-1], [1]]]])
