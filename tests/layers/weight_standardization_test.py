"""Weight standardisation: output channels of mean 0 and variance 1."""

from compare_gan.context import scope
from compare_gan.layers import kernel
from compare_gan.layers import weight_standardization
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow's ops compute a layer")


def _column(cls, **options):
  layer = cls([3, 1], **options)
  layer.kernel.assign([[1.0], [2.0], [3.0]])
  return layer


@pytest.mark.parametrize(
  "unbiased,largest", [(True, 0.99999), (False, 1.22474)]
)
def test_by_hand(unbiased, largest):
  layer = _column(
    weight_standardization.WeightStandardization, unbiased=unbiased
  )
  expected = [[-largest], [0.0], [largest]]
  np.testing.assert_allclose(layer(True), expected, atol=1e-5)


def test_scaled_by_hand():
  # The variance 2 / 3 times the fan-in 3: 1 / sqrt(2).
  layer = _column(weight_standardization.ScaledWeightStandardization, gamma=2.0)
  layer.gain.assign([3.0])
  expected = 6.0 * np.array([[-0.7071068], [0.0], [0.7071068]])
  np.testing.assert_allclose(layer(True), expected, rtol=1e-6)
  assert len(layer.trainable_variables) == 2


@pytest.mark.parametrize("unbiased", [True, False])
def test_equal_weights_have_a_gradient(unbiased):
  layer = weight_standardization.WeightStandardization(
    [3, 1], unbiased=unbiased
  )
  layer.kernel.assign(tf.ones([3, 1]))
  with tf.GradientTape() as tape:
    y = layer(True)
  assert np.all(np.isfinite(tape.gradient(y, layer.kernel)))


def test_a_single_weight_is_refused():
  with pytest.raises(ValueError, match=r"single weight.*D\.kernel_fn"):
    weight_standardization.WeightStandardization([1, 1, 1, 8])


def test_spectral_norm_divides_what_was_standardised():
  make = weight_standardization.WeightStandardization
  kernel_fn = kernel.choose(True, False, "D", make)
  with scope.building(seed=1), scope.scope("conv"):
    layer = kernel_fn([6, 4])
  names = [scope.full_name(v) for v in layer.variables]
  assert names == ["conv/kernel", "conv/kernel/u_var"]
  for _ in range(200):
    w = layer(True).numpy()
  np.testing.assert_allclose(np.mean(w, axis=0), 0.0, atol=1e-6)
  np.testing.assert_allclose(np.linalg.norm(w, 2), 1.0, rtol=1e-4)
