"""A side of a GAN moves along its gradients, and says which weights do not."""

import warnings

import numpy as np
import pytest
import tensorflow as tf

from tests.gans import tiny

pytestmark = pytest.mark.versions("tf.function and tf.GradientTape make a step")

_STEP = tf.constant(0, tf.int64)


def test_a_side_descends_and_returns_the_norm():
  w, b = tf.Variable([1.0], name="w"), tf.Variable(1.0, name="b")
  norm = tiny.side(w, b).descend([tf.constant([3.0]), tf.constant(4.0)], _STEP)
  np.testing.assert_array_equal(w, [-0.5])
  assert float(b) == -1.0 and float(norm) == 5.0


def test_of_many_idle_weights_a_few_are_shown_and_once():
  weights = [tf.Variable(0.0, name=f"w{i}") for i in range(8)]
  side = tiny.side(*weights)
  gradients = [None] * 7 + [tf.constant(0.0)]  # 0 is a gradient.
  with pytest.warns(UserWarning, match="7 of the 8.*w0.*w4 and 2 more"):
    side.descend(gradients, _STEP)
  with warnings.catch_warnings():
    warnings.simplefilter("error")
    side.descend(gradients, _STEP)
