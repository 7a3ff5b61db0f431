"""Path length of a generator that is linear in its codes."""

from compare_gan.gans.terms import path_length
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("tf.GradientTape differentiates twice")


def _term(scale, **options):
  """Returns the term of images scale * z at each of 4 pixels, noise of 1."""
  term = path_length.PathLength(**options)
  value, statistics = term(
    lambda z, y: z,
    lambda w, y: scale * tf.tile(w[:, None, None, :], [1, 2, 2, 1]),
    tf.zeros([4, 3]),
    None,
    lambda shape: tf.ones(shape),
  )
  return term, float(value), float(statistics["length"])


def test_a_length_by_hand():
  """d sum(2 image n / 2) / dw = 4 pixels, each 1: |(4, 4, 4)| = 4 sqrt 3."""
  term, value, length = _term(1.0, decay=0.0)
  assert length == pytest.approx(4 * 3**0.5, rel=1e-6)
  assert value == pytest.approx(length**2, rel=1e-5)  # The average is 0.
  del term


def test_the_average_has_moved_before_it_is_used():
  _, value, length = _term(1.0, decay=0.5)
  assert value == pytest.approx((length / 2) ** 2, rel=1e-5)


def test_layers_share_a_length():
  """Two layers of (3, 4): the root of the mean of 25 and 25."""
  gradients = tf.constant([[[3.0, 4.0], [3.0, 4.0]]])
  np.testing.assert_allclose(path_length.lengths(gradients), [5.0])


def test_a_fraction_beyond_1_is_refused():
  with pytest.raises(ValueError, match="path_length.fraction = 2"):
    path_length.PathLength(fraction=2)
