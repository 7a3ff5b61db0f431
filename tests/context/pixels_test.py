"""Pixels between the units of papers and ours, by hand."""

from compare_gan.context import pixels
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow computes them")


def test_bytes_become_numbers_up_to_1():
  found = pixels.to_unit(tf.constant([0, 51, 255], tf.uint8))
  np.testing.assert_allclose(found, [0.0, 0.2, 1.0])


@pytest.mark.parametrize(
  "is_training,expected", [(True, [-0.5, 0.5, 2.0]), (False, [0.0, 0.5, 1.0])]
)
def test_papers_pixels_are_clipped_in_evaluation_alone(is_training, expected):
  found = pixels.from_papers(tf.constant([-2.0, 0.0, 3.0]), is_training)
  np.testing.assert_allclose(found, expected)


def test_to_papers_undoes_it():
  x = tf.constant([0.0, 0.25, 1.0])
  np.testing.assert_allclose(pixels.to_papers(x), [-1.0, -0.5, 1.0])
  np.testing.assert_allclose(pixels.from_papers(pixels.to_papers(x), True), x)
