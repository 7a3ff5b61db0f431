"""Geometric transformations by hand: right, down and counter-clockwise."""

from compare_gan.gans.augmentation import geometry
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("tf.gather looks at pixels")

_ROW = tf.reshape(tf.range(4.0), [1, 1, 4, 1])
_SQUARE = tf.reshape(tf.range(16.0), [1, 4, 4, 1])


def _seen(x, **parameters):
  values = {
    name: tf.constant([v], tf.float32) for name, v in parameters.items()
  }
  y = geometry.bilinear(x, geometry.inverse_matrix(values))
  return y.numpy()[0, :, :, 0]


def test_half_a_pixel_to_the_right():
  x = _seen(_ROW, xfrac=[0.5, 0.0])
  np.testing.assert_allclose(x, [[0.5, 0.5, 1.5, 2.5]])


def test_whole_pixels_to_the_right_and_down_are_exact():
  x = _seen(_SQUARE, xint=[1.0, 2.0])
  padded = np.pad(_SQUARE.numpy()[0, :, :, 0], [(2, 0), (1, 0)], "reflect")
  np.testing.assert_array_equal(x, padded[:4, :4])


@pytest.mark.parametrize("turns", range(4))
def test_quarter_turns_are_exact(turns):
  x = _seen(_SQUARE, rotate90=turns)
  np.testing.assert_array_equal(x, np.rot90(_SQUARE[0, :, :, 0], turns))


def test_flip_is_exact():
  np.testing.assert_array_equal(_seen(_ROW, xflip=1), [[3.0, 2.0, 1.0, 0.0]])


def test_zoom_of_2_shows_the_middle():
  x = _seen(_ROW, scale=2.0)
  np.testing.assert_allclose(x, [[0.75, 1.25, 1.75, 2.25]])


def test_the_image_is_reflected_on_and_on():
  index, _ = geometry.reflected(tf.range(-7, 8), 4)
  expected = [1, 0, 1, 2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0, 1]
  np.testing.assert_array_equal(index, expected)
  only, _ = geometry.reflected(tf.range(-2, 3), 1)
  np.testing.assert_array_equal(only, np.zeros(5))


def test_transformations_act_in_the_order_of_the_paper():
  """Flipped, 3 2 1 0, and only then moved to the right."""
  x = _seen(_ROW, xflip=1, xint=[1.0, 0.0])
  np.testing.assert_array_equal(x, [[2.0, 3.0, 2.0, 1.0]])


def test_no_transformation_has_no_matrix():
  assert geometry.inverse_matrix({"brightness": tf.zeros([1])}) is None
