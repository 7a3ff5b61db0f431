"""Modulated convolutions: recorded numbers, demodulation, and float16."""

from compare_gan.context import precision
from compare_gan.context import scope
from compare_gan.layers import modulated_conv
from compare_gan.layers.modulated_conv import ModulatedConv2D
import numpy as np
import pytest
import tensorflow as tf

from tests.layers import recorded

pytestmark = pytest.mark.versions("TensorFlow's ops compute a layer")


def _layer(kernel, **options):
  """Returns a layer with this kernel, whose w is the style itself."""
  size, _, channels, out = kernel.shape
  layer = ModulatedConv2D(channels, out, size, channels, **options)
  layer.kernel.kernel.assign(kernel)
  layer.affine = lambda w, is_training: w
  return layer


@pytest.mark.parametrize(
  "name,factor,options",
  [
    ("modulated_demod", 1.0, {}),
    ("modulated_up_demod", 1.0, {"doubles": True}),
    # The layer divides styles by sqrt(3 channels) if it does not demodulate.
    ("modulated_plain", 3.0**0.5, {"demodulate": False}),
  ],
)
def test_recorded_numbers(name, factor, options):
  given = recorded.inputs()
  layer = _layer(given["kernel3"], **options)
  found = layer(given["images"], tf.constant(factor * given["style"]), True)
  recorded.assert_recorded(found, name)


def test_first_styles_are_near_1():
  with scope.building(seed=1):
    layer = ModulatedConv2D(2, 3, 3, 4)
  w = tf.zeros([1, 4])
  np.testing.assert_array_equal(layer.affine(w, True), [[1.0, 1.0]])


def test_demodulation_forgets_the_length_of_a_style():
  given = recorded.inputs()
  layer = _layer(given["kernel3"])
  one, ten = (
    layer(given["images"], tf.constant(factor * given["style"]), True)
    for factor in (1.0, 10.0)
  )
  np.testing.assert_allclose(one, ten, rtol=1e-4, atol=1e-5)


def test_styles_that_float16_cannot_square():
  """1000^2 is above 65504, the largest float16."""
  given = recorded.inputs()
  layer = _layer(1000.0 * given["kernel3"])
  style = tf.constant(1000.0 * given["style"])
  expected = layer(given["images"], style, True)
  with precision.using("float16"):
    found = layer(given["images"], style, True)
  assert found.dtype == tf.float16
  np.testing.assert_allclose(found, expected, rtol=0.02, atol=0.02)


def test_an_image_has_its_own_style():
  given = recorded.inputs()
  layer = _layer(given["kernel3"])
  both = layer(given["images"], tf.constant(given["style"]), True)
  alone = layer(given["images"][1:], tf.constant(given["style"][1:]), True)
  np.testing.assert_allclose(both[1:], alone, rtol=1e-5, atol=1e-6)


def test_equalised_weights_start_at_the_inverse_of_their_factor():
  with scope.building(seed=1):
    kernel = modulated_conv.equalized(lr_multiplier=0.01)([1000, 1000])
  assert np.std(kernel.kernel) == pytest.approx(100.0, rel=0.01)
  assert np.std(kernel(True)) == pytest.approx(1000**-0.5, rel=0.01)
