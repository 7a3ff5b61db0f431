"""Activations by hand."""

from compare_gan.layers import activations
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow's ops compute a layer")

X = tf.constant([-10.0, -1.0, 0.0, 2.0])


def test_lrelu_leaks_a_fifth():
  np.testing.assert_allclose(activations.lrelu(X), [-2.0, -0.2, 0.0, 2.0])


def test_lrelu_leaks_as_much_as_it_is_told():
  np.testing.assert_allclose(activations.lrelu(X, 0.5), [-5.0, -0.5, 0.0, 2.0])


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16])
def test_lrelu_keeps_the_type_of_its_input(dtype):
  assert activations.lrelu(tf.cast(X, dtype)).dtype == dtype
