"""Tests of gans/gradients.py: sums of gradients, and which step has which."""

from compare_gan.gans import gradients
from compare_gan.gans.term import Term
from compare_gan.gans.term import Terms
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow computes and branches")


def test_sum_is_none_only_where_all_gradients_are():
  one = [tf.constant(1.0), None, None]
  two = [tf.constant(2.0), tf.constant(3.0), None]
  first, second, third = gradients.add(one, two)
  assert (float(first), float(second), third) == (3.0, 3.0, None)


def test_norm_is_that_of_all_gradients_together():
  assert float(
    gradients.global_norm([tf.constant([3.0]), None, tf.constant(4.0)])
  ) == pytest.approx(5.0)


def test_weights_without_gradient_are_left_out():
  w, v = tf.Variable(1.0), tf.Variable(2.0)
  g = tf.constant(3.0)
  [(gradient, weight)] = gradients.pair_with_weights([None, g], [w, v])
  assert gradient is g and weight is v


def _a():
  return tf.zeros([])


def _b():
  return tf.zeros([])


@pytest.mark.parametrize(
  "lazy_steps,joint,apart", [("joint", 7.0, []), ("own", 3.0, [4.0])]
)
def test_lazy_term_has_a_step_of_its_own_if_asked(lazy_steps, joint, apart):
  terms = Terms(
    "penalty",
    "GAN",
    [Term(_a), Term(_b, interval=2)],
    offers=[],
    building={},
    lazy_steps=lazy_steps,
  )
  found = {
    name: [tf.constant(value)]
    for name, value in ((gradients.MAIN, 1.0), ("_a", 2.0), ("_b", 4.0))
  }
  [main], others = gradients.group_by_step(found, terms)
  assert float(main) == joint
  assert [float(other) for [other] in others] == apart


@pytest.mark.parametrize("is_due,expected", [(True, 2.0), (False, 0.0)])
@pytest.mark.parametrize("wrap", [lambda fn: fn, tf.function])
def test_what_is_not_due_is_zero(wrap, is_due, expected):
  @wrap
  def fn(due):
    return gradients.compute_if(
      due, lambda: [tf.constant(2.0)], lambda: [tf.zeros([])]
    )

  np.testing.assert_array_equal(fn(tf.constant(is_due)), [expected])
