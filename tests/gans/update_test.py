"""An update descends the mean of the parts of its batch."""

from compare_gan.gans import fakes
from compare_gan.gans import term
from compare_gan.gans import update
import pytest
import tensorflow as tf

from tests.gans import tiny

pytestmark = pytest.mark.versions("tf.function and tf.GradientTape make a step")

_STEP = tf.constant(0, tf.int64)


def test_a_penalty_joins_the_mean_of_the_parts():
  """4 rows of w x in 2 parts, and 0.1 w^2 once: dw = mean(x) + 0.2 w."""
  w = tf.Variable(1.0, name="w")

  class Penalty:
    weight = 0.1

    def __call__(self):
      return tf.square(w)

  d, g = tiny.side(w), tiny.side()
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
