"""Draws: what they depend on, what they do not, and their distributions."""

from compare_gan.context import draws
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

pytestmark = pytest.mark.versions("stateless random ops draw it")

SEED = [3, 4]

DRAWS = {
  "uniform": lambda n: draws.uniform([n, 2, 3]),
  "uniform_int": lambda n: draws.uniform([n], maxval=10**6, dtype=tf.int32),
  "normal": lambda n: draws.normal([n, 5]),
  "truncated_normal": lambda n: draws.truncated_normal([n, 5]),
  "gamma": lambda n: draws.gamma([n, 3], [0.5, 2.0]),
  "poisson": lambda n: draws.poisson([50.0, 500.0], [n, 3]),
  "multinomial": lambda n: draws.multinomial(tf.zeros([n, 99]), 5),
}
EVERY_DRAW = pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)


def drawn(draw, n, seed=SEED, first=0):
  with draws.seeded(seed, first):
    return draw(n).numpy()


@EVERY_DRAW
def test_a_row_depends_on_its_place_in_the_global_batch_alone(draw):
  whole = drawn(draw, 80)
  parts = [drawn(draw, 37), drawn(draw, 43, first=37)]
  np.testing.assert_array_equal(np.concatenate(parts), whole)


@EVERY_DRAW
def test_rows_calls_and_seeds_differ(draw):
  with draws.seeded(SEED):
    first, second = draw(4).numpy(), draw(4).numpy()
  others = [second, drawn(draw, 4, [4, 3]), drawn(draw, 4, [3, 5]), first[::-1]]
  for other in others:
    assert np.all(np.any((first != other).reshape(4, -1), axis=1))


@EVERY_DRAW
def test_a_traced_draw_of_any_batch_size_is_the_same_draw(draw):
  @tf.function(
    input_signature=[tf.TensorSpec([], tf.int32), tf.TensorSpec([], tf.int64)]
  )
  def traced(n, first):
    with draws.seeded(SEED, first):
      return draw(n)

  whole = traced(80, tf.constant(0, tf.int64))
  np.testing.assert_allclose(whole, drawn(draw, 80), rtol=1e-5)
  part = traced(43, tf.constant(37, tf.int64))
  np.testing.assert_array_equal(part, whole[37:])


def test_a_static_shape_stays_static():
  traced = tf.function(lambda: draws.normal([4, 6])).get_concrete_function()
  assert traced.output_shapes == [4, 6]


def test_the_bits_are_the_same_on_every_version():
  with draws.seeded(SEED):
    u = draws.uniform([2, 2]).numpy()
    labels = draws.uniform([3], maxval=1000, dtype=tf.int32).numpy()
  np.testing.assert_allclose(
    u, [[0.56688148, 0.84371775], [0.91104919, 0.45906442]], rtol=1e-7
  )
  np.testing.assert_array_equal(labels, [279, 146, 82])


def test_a_compiled_draw_is_the_same_draw():
  def draw():
    with draws.seeded(SEED):
      return draws.uniform([2, 3])

  compiled = tf.function(draw, jit_compile=True)
  np.testing.assert_array_equal(compiled(), draw())


def test_a_seed_argument_makes_another_call_of_it():
  with draws.seeded(SEED):
    plain = draws.normal([4]).numpy()
  with draws.seeded(SEED):
    other = draws.normal([4], seed=1).numpy()
  assert np.all(plain != other)


def test_a_value_without_rows_is_the_same_on_every_replica():
  assert drawn(lambda n: draws.uniform([]), 0) == drawn(
    lambda n: draws.uniform([]), 0, first=7
  )


def test_an_inner_seed_leaves_the_outer_calls_alone():
  with draws.seeded(SEED):
    draws.normal([2])
    expected = draws.normal([2]).numpy()
  with draws.seeded(SEED):
    draws.normal([2])
    with draws.seeded([0, 0]):
      draws.normal([2])
    np.testing.assert_array_equal(draws.normal([2]), expected)


@pytest.mark.parametrize("index", [0, 1, 2])
def test_part_of_a_batch_draws_its_rows(index):
  with draws.seeded([1, 2]):
    whole = [draws.normal([6, 5]), draws.uniform([6])]
    scalar = draws.uniform([])
  with draws.seeded([1, 2]), draws.of_part(tf.constant(index), 3):
    part = [draws.normal([2, 5]), draws.uniform([tf.constant(2)])]
    same = draws.uniform([])
  for one, other in zip(whole, part):
    np.testing.assert_array_equal(other, one[index::3])
  assert other.shape == (2,)
  assert scalar == same


def test_without_a_seed_every_draw_is_fresh():
  traced = tf.function(lambda: draws.normal([4]))
  rows = [draws.normal([4]), draws.normal([4]), traced(), traced()]
  assert len(np.unique(rows)) == 16


@pytest.mark.parametrize(
  "draw, distribution",
  [
    (lambda n: draws.uniform([n, 10], -1, 3), scipy.stats.uniform(-1, 4)),
    (lambda n: draws.normal([n, 10], 1.0, 2.0), scipy.stats.norm(1, 2)),
    (
      lambda n: draws.truncated_normal([n, 10], 1.0, 2.0),
      scipy.stats.truncnorm(-2, 2, 1, 2),
    ),
    (lambda n: draws.gamma([n, 10], 0.5), scipy.stats.gamma(0.5)),
    (
      lambda n: draws.gamma([n, 10], 3.0, 2.0),
      scipy.stats.gamma(3.0, scale=0.5),
    ),
  ],
)
def test_distributions(draw, distribution):
  x = drawn(draw, 2000).ravel()  # 20,000 numbers
  assert scipy.stats.kstest(x, distribution.cdf).pvalue > 0.01


def test_uniform_integers_are_even():
  x = drawn(lambda n: draws.uniform([n], 2, 6, tf.int64), 20000)
  assert x.dtype == np.int64
  np.testing.assert_allclose(
    np.bincount(x) / 5000, [0, 0, 1, 1, 1, 1], atol=0.06
  )


@pytest.mark.parametrize("lam", [0.0, 0.5, 400.0])
def test_poisson_moments(lam):
  x = drawn(lambda n: draws.poisson(lam, [n, 10]), 2000)
  np.testing.assert_allclose([x.mean(), x.var()], [lam, lam], rtol=0.03)


def test_multinomial_frequencies():
  p = np.float32([[0.1, 0.2, 0.7], [0.5, 0.5, 1e-30]])
  x = drawn(lambda n: draws.multinomial(np.log(p), 20000), 2)
  frequencies = [np.bincount(row, minlength=3) / 20000 for row in x]
  np.testing.assert_allclose(frequencies, p, atol=0.01)


def test_truncated_normal_stays_within_two_deviations():
  x = drawn(lambda n: draws.truncated_normal([n, 10], 5.0, 3.0), 2000)
  assert np.all(np.abs(x - 5.0) <= 6.0)


def test_integers_need_an_end():
  with pytest.raises(ValueError, match="int32 without maxval"):
    draws.uniform([2], dtype=tf.int32)
