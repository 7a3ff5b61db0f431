"""Convolutions that change the size, against numbers of StyleGAN2's code."""

from compare_gan.layers import fir_conv
import pytest
import tensorflow as tf

from tests.layers import recorded

pytestmark = pytest.mark.versions("TensorFlow's ops compute a layer")


@pytest.mark.parametrize(
  "name,convolve,kernel",
  [
    ("conv3_up", fir_conv.convolve_doubled, "kernel3"),
    ("conv3_down", fir_conv.convolve_halved, "kernel3"),
    ("conv1_down", fir_conv.convolve_halved, "kernel1"),
  ],
)
def test_recorded_numbers(name, convolve, kernel):
  given = recorded.inputs()
  found = convolve(tf.constant(given["images"]), tf.constant(given[kernel]))
  recorded.assert_recorded(found, name)


def test_a_kernel_of_another_size_is_refused():
  x = tf.ones([1, 4, 4, 1])
  with pytest.raises(ValueError, match=r"\[1, 1, 1, 1\] cannot double"):
    fir_conv.convolve_doubled(x, tf.ones([1, 1, 1, 1]))
  with pytest.raises(ValueError, match=r"\[5, 5, 1, 1\] cannot halve"):
    fir_conv.convolve_halved(x, tf.ones([5, 5, 1, 1]))
