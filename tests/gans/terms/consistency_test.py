"""Consistency: which images are compared, and how."""

from compare_gan.gans.terms import consistency
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("tf.gather moves pixels")

_ROW = tf.reshape(tf.constant([1.0, 2.0, 3.0, 4.0]), [1, 1, 4, 1])


@pytest.mark.parametrize(
  "flip,dx,row",
  [
    (0, 1, [2, 3, 4, 3]),
    (0, -1, [2, 1, 2, 3]),
    (1, 0, [4, 3, 2, 1]),
    (1, 1, [3, 2, 1, 2]),
  ],
)
def test_a_row_is_flipped_shifted_and_reflected(flip, dx, row):
  found = consistency.transformed(
    _ROW, tf.constant([[flip]]), tf.constant([[0]]), tf.constant([[dx]])
  )
  np.testing.assert_array_equal(tf.reshape(found, [-1]), row)


def test_cr_is_a_mean_square():
  a, b = tf.constant([[1.0], [2.0]]), tf.constant([[2.0], [5.0]])
  assert float(consistency.CR()(a, [b])) == 5.0  # (1 + 9) / 2


def test_bcr_weighs_both_sides():
  a, b = tf.constant([[1.0]]), tf.constant([[3.0]])
  term = consistency.BCR(real=10.0, fake=1.0)
  assert float(term(a, a, [b, b])) == 44.0


def test_zcr_shows_d_the_fakes_of_near_codes():
  [view] = consistency.ZCR(sigma=0.5).views(
    lambda z, y: z, tf.zeros([2, 3]), None, lambda shape: tf.ones(shape)
  )
  np.testing.assert_array_equal(view.images, tf.fill([2, 3], 0.5))


def test_diversity_is_of_the_papers_pixels():
  """A difference of 0.5 is one of 1 in [-1, 1]."""
  images = tf.zeros([1, 1, 1, 1])
  assert float(consistency.diversity(images, images + 0.5)) == -1.0
