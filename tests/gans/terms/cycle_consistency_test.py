"""The image that G makes again of a code."""

from compare_gan.gans.terms.cycle_consistency import cycle_consistency
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("gradients through G and E")


def test_it_is_the_mean_difference_of_the_papers_pixels():
  x = tf.constant([[0.5, 1.0], [0.0, 0.0]])
  code = tf.constant([[0.25], [0.0]])
  y = tf.constant([[1.0], [0.0]])
  seen = []

  def generator(z, y):
    seen.append(y)
    return tf.concat([z, z], axis=1)

  with tf.GradientTape() as tape:
    tape.watch(code)
    value = cycle_consistency(x, code, y, generator)
  # |0.5 - 0.25| and |1 - 0.25|, twice that in [-1, 1], over four pixels.
  assert float(value) == 0.5
  assert seen == [y]
  # Both pixels of the first image are too dark by one unit of its code.
  np.testing.assert_allclose(tape.gradient(value, code)[0], [-1.0])
