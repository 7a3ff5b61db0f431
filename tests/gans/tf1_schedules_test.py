"""The schedules against tf.compat.v1.train's and against sums done by hand."""

from compare_gan.gans import tf1_schedules as schedules
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("tf.function and tf.GradientTape make a step")

STEPS = (0, 1, 9, 10, 11, 20, 25, 100000)

CASES = [
  ("exponential_decay", dict(decay_steps=10, decay_rate=0.5)),
  ("exponential_decay", dict(decay_steps=10, decay_rate=0.5, staircase=True)),
  ("natural_exp_decay", dict(decay_steps=10, decay_rate=0.5)),
  ("natural_exp_decay", dict(decay_steps=10, decay_rate=0.5, staircase=True)),
  ("inverse_time_decay", dict(decay_steps=10, decay_rate=0.5)),
  ("inverse_time_decay", dict(decay_steps=10, decay_rate=0.5, staircase=True)),
  ("polynomial_decay", dict(decay_steps=10)),
  ("polynomial_decay", dict(decay_steps=10, power=2.0, end_learning_rate=0.01)),
  ("polynomial_decay", dict(decay_steps=10, power=0.5, cycle=True)),
]


@pytest.mark.parametrize("name, arguments", CASES)
def test_rates_are_those_of_tf1(name, arguments):
  rate = getattr(schedules, name)(0.2, **arguments)
  reference = getattr(tf.compat.v1.train, name)
  for step in STEPS:
    expected = reference(0.2, tf.constant(step, tf.int64), **arguments)()
    np.testing.assert_allclose(rate(step), expected, rtol=1e-5, atol=1e-9)


def test_piecewise_constant_is_that_of_tf1():
  arguments = dict(boundaries=[10, 20], values=[0.3, 0.2, 0.1])
  rate = schedules.piecewise_constant(**arguments)
  for step in STEPS:
    step = tf.constant(step, tf.int64)
    expected = tf.compat.v1.train.piecewise_constant(step, **arguments)()
    np.testing.assert_allclose(rate(step), expected)


def test_exponential_decay_by_hand():
  rate = schedules.exponential_decay(0.8, decay_steps=4, decay_rate=0.25)
  rates = [rate(step).numpy() for step in (0, 2, 4)]
  np.testing.assert_allclose(rates, [0.8, 0.4, 0.2], rtol=1e-6)


def test_polynomial_decay_stays_at_its_end():
  rate = schedules.polynomial_decay(1.0, decay_steps=4, end_learning_rate=0.5)
  rates = [rate(step).numpy() for step in (0, 2, 4, 8)]
  np.testing.assert_allclose(rates, [1.0, 0.75, 0.5, 0.5])


def test_one_value_needs_no_boundary():
  assert schedules.piecewise_constant(values=[0.5])(7).numpy() == 0.5


def test_a_known_step_gives_its_rate():
  rate = schedules.inverse_time_decay(1.0, 10, decay_steps=10, decay_rate=1.0)
  assert rate.dtype == tf.float32
  assert rate.numpy() == 0.5


def test_a_schedule_can_be_traced():
  rate = schedules.exponential_decay(1.0, decay_steps=1, decay_rate=0.5)
  assert tf.function(rate)(tf.constant(2, tf.int64)).numpy() == 0.25


@pytest.mark.parametrize(
  "make, message",
  [
    (
      lambda: schedules.exponential_decay(0.1, decay_rate=0.5),
      "exponential_decay.decay_steps = None; it must be a number above 0",
    ),
    (
      lambda: schedules.polynomial_decay(0.1, decay_steps=0),
      "polynomial_decay.decay_steps = 0; it must be a number above 0",
    ),
    (
      lambda: schedules.natural_exp_decay("a", decay_steps=1, decay_rate=1),
      "natural_exp_decay.learning_rate = 'a'; it must be a number",
    ),
    (
      lambda: schedules.piecewise_constant(boundaries=[1], values=[0.1]),
      "one more value than boundaries",
    ),
    (
      lambda: schedules.piecewise_constant(boundaries=[2, 1], values=[1, 2, 3]),
      "increasing boundaries",
    ),
  ],
)
def test_what_cannot_work_is_refused_at_once(make, message):
  with pytest.raises(ValueError, match=message):
    make()
