"""A side of a GAN moves along its gradients, and says which weights do not."""

import warnings

from compare_gan.context import scope
from compare_gan.gans import fakes
from compare_gan.gans import optimizers
from compare_gan.gans import term
from compare_gan.gans import update
import numpy as np
import pytest
import tensorflow as tf

from tests.gans import tiny

pytestmark = pytest.mark.versions("tf.function and tf.GradientTape make a step")

_STEP = tf.constant(0, tf.int64)


class _Network(scope.Module):
  def __init__(self, weights):
    super().__init__()
    self.weights = weights


def _side(weights):
  optimizer_fn = optimizers.GradientDescentOptimizer
  return update.Side("d", [_Network(weights)], optimizer_fn, 0.5)


def test_a_side_descends_and_returns_the_norm():
  w, b = tf.Variable([1.0], name="w"), tf.Variable(1.0, name="b")
  norm = _side([w, b]).descend([tf.constant([3.0]), tf.constant(4.0)], _STEP)
  np.testing.assert_array_equal(w, [-0.5])
  assert float(b) == -1.0 and float(norm) == 5.0


def test_of_many_idle_weights_a_few_are_shown_and_once():
  weights = [tf.Variable(0.0, name=f"w{i}") for i in range(8)]
  side = _side(weights)
  gradients = [None] * 7 + [tf.constant(0.0)]  # 0 is a gradient.
  with pytest.warns(UserWarning, match="7 of the 8.*w0.*w4 and 2 more"):
    side.descend(gradients, _STEP)
  with warnings.catch_warnings():
    warnings.simplefilter("error")
    side.descend(gradients, _STEP)


def test_a_penalty_joins_the_mean_of_the_parts():
  """4 rows of w x in 2 parts, and 0.1 w^2 once: dw = mean(x) + 0.2 w."""
  w = tf.Variable(1.0, name="w")

  class Penalty:
    weight = 0.1

    def __call__(self):
      return tf.square(w)

  d, g = _side([w]), _side([])
  step = update.Step(tiny.chosen_options(micro_batches=2), d, g, _STEP, False)
  x = tf.constant([[1.0], [2.0], [3.0], [6.0]])
  made = fakes.Fakes(fakes.Made(x), None, [], None)

  def loss(batch, made, rows):
    value = tf.reduce_mean(w * made.images)
    return update.Objective(value, {"loss/d": value})

  none = term.Terms("penalty", "GAN", [], [], {})
  with step.update_of(d):
    scalars = step.descend(d, x, made, loss, none, None, Penalty())
  assert float(w) == pytest.approx(1.0 - 0.5 * (3.0 + 0.2))
  assert float(scalars["loss/d"]) == pytest.approx(3.1)
  assert float(scalars["loss/d_penalty"]) == 1.0
  assert float(scalars["learning_rate/d"]) == 0.5
  assert float(scalars["grad_norm/d"]) == pytest.approx(3.2)
