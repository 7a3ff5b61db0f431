"""Colour transformations of pure red by hand."""

import math

from compare_gan.gans.augmentation import colors
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("tensors of it")


def _of_red(channels=3, **parameters):
  values = {
    name: tf.constant([v], tf.float32) for name, v in parameters.items()
  }
  x = tf.constant([1.0, 0.0, 0.0][:channels])[None, None, None]
  return colors.apply(x, colors.matrix(values)).numpy()[0, 0, 0]


@pytest.mark.parametrize(
  "parameters,expected",
  [
    ({"brightness": 0.5}, [1.5, 0.5, 0.5]),
    ({"contrast": 2.0}, [2.0, 0.0, 0.0]),
    ({"lumaflip": 0.0}, [1.0, 0.0, 0.0]),
    ({"lumaflip": 1.0}, [1 / 3, -2 / 3, -2 / 3]),
    ({"saturation": 0.0}, [1 / 3, 1 / 3, 1 / 3]),
    ({"hue": 2 * math.pi / 3}, [0.0, 1.0, 0.0]),
    ({"contrast": 2.0, "brightness": 0.5}, [3.0, 1.0, 1.0]),  # brightness first
  ],
)
def test_red_becomes(parameters, expected):
  np.testing.assert_allclose(_of_red(**parameters), expected, atol=1e-6)


def test_grey_images_have_one_channel():
  x = _of_red(1, brightness=0.5, contrast=2.0)
  np.testing.assert_allclose(x, [3.0])


def test_no_transformation_has_no_matrix():
  assert colors.matrix({"xflip": tf.zeros([1])}) is None
