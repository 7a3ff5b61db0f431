"""The equalised learning rate: stored at scale 1, used at He's."""

from compare_gan.context import scope
from compare_gan.layers import equalized_learning_rate
from compare_gan.layers import kernel
from compare_gan.layers import linear
import gin
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow's ops compute a layer")


def test_weights_are_stored_with_a_deviation_of_1():
  with scope.building(seed=0):
    layer = equalized_learning_rate.EqualizedLearningRate([5, 5, 8, 16])
  assert 0.95 < np.std(layer.kernel.numpy()) < 1.05
  # sqrt(2 / (5 * 5 * 8)) = 0.1
  np.testing.assert_allclose(layer(True), 0.1 * layer.kernel, rtol=1e-6)


@pytest.mark.parametrize("spectral", [False, True])
def test_a_bias_learns_at_the_rate_of_its_kernel(spectral):
  gin.bind_parameter("equalized_learning_rate.lr_multiplier", 0.25)
  kernel_fn = kernel.choose(
    spectral, False, "G", equalized_learning_rate.EqualizedLearningRate
  )
  layer = linear.Linear(2, 1, bias_start=1.0, kernel_fn=kernel_fn)
  assert layer.bias.numpy() == [4.0]  # 1 / 0.25
  zero = tf.zeros([1, 2])
  np.testing.assert_allclose(layer(zero, True), [[1.0]])


def test_no_gain_is_refused():
  with pytest.raises(ValueError, match="gain = 0"):
    equalized_learning_rate.EqualizedLearningRate([2, 2], gain=0)
