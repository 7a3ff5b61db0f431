"""First values: their distributions, and how gin chooses one."""

from compare_gan.layers import initializers
import gin
import numpy as np
import pytest

pytestmark = pytest.mark.versions("TensorFlow's ops compute a layer")

SHAPE = [50, 200]  # 10,000 draws: a deviation is known to 0.7 %.
CUT = 0.8796  # The deviation of a standard normal cut at 2 deviations.


def draw(init, shape=SHAPE, seed=0):
  return init(np.random.RandomState(seed), tuple(shape))


@pytest.mark.parametrize(
  "init",
  [
    initializers.zeros,
    initializers.normal(0.02),
    initializers.truncated_normal(0.02),
    initializers.orthogonal,
    initializers.glorot_normal,
    initializers.fan_in_normal(2.0),
  ],
)
def test_values_are_float32_of_the_shape_and_follow_from_the_rng(init):
  values = draw(init, [3, 3, 2, 4])
  assert values.dtype == np.float32
  assert values.shape == (3, 3, 2, 4)
  np.testing.assert_array_equal(values, draw(init, [3, 3, 2, 4]))


def test_constants():
  assert draw(initializers.constant(2.5), []) == 2.5
  np.testing.assert_array_equal(draw(initializers.zeros, [2]), [0.0, 0.0])
  np.testing.assert_array_equal(draw(initializers.ones, [2]), [1.0, 1.0])


def test_normal_has_its_deviation():
  values = draw(initializers.normal(3.0))
  assert abs(values.mean()) < 5 * 3.0 / 100
  np.testing.assert_allclose(values.std(), 3.0, rtol=0.04)
  assert np.abs(values).max() > 2 * 3.0


def test_truncated_normal_ends_at_two_deviations():
  values = draw(initializers.truncated_normal(3.0))
  assert 1.9 * 3.0 < np.abs(values).max() <= 2 * 3.0
  assert abs(values.mean()) < 5 * 3.0 / 100
  np.testing.assert_allclose(values.std(), CUT * 3.0, rtol=0.03)


@pytest.mark.parametrize("shape", [[6, 4], [4, 4], [3, 3, 2, 4]])
def test_orthogonal_columns_are_orthonormal(shape):
  w = draw(initializers.orthogonal, shape).reshape(-1, shape[-1])
  np.testing.assert_allclose(w.T @ w, np.eye(shape[-1]), atol=1e-6)


@pytest.mark.parametrize("shape", [[4, 6], [1, 1, 3, 5]])
def test_orthogonal_rows_are_orthonormal_where_there_are_fewer(shape):
  w = draw(initializers.orthogonal, shape).reshape(-1, shape[-1])
  np.testing.assert_allclose(w @ w.T, np.eye(len(w)), atol=1e-6)


def test_orthogonal_is_the_q_whose_r_has_a_positive_diagonal():
  for seed in range(5):
    gaussian = np.random.RandomState(seed).standard_normal((4, 3))
    r = draw(initializers.orthogonal, [4, 3], seed).T @ gaussian
    np.testing.assert_allclose(np.tril(r, -1), np.zeros([3, 3]), atol=1e-6)
    assert (np.diag(r) > 0).all()


@pytest.mark.parametrize(
  "shape, variance",
  [
    ([50, 150], 2 / (50 + 150)),
    ([3, 3, 20, 30], 2 / (9 * (20 + 30))),
  ],
)
def test_glorot_normal_has_the_variance_of_its_fans(shape, variance):
  values = draw(initializers.glorot_normal, shape)
  deviation = np.sqrt(variance)
  np.testing.assert_allclose(values.std(), deviation, rtol=0.04)
  # It is cut at two deviations of the normal that is cut.
  assert np.abs(values).max() <= 2 * deviation / CUT * 1.0001
  assert np.abs(values).max() > 2 * deviation


@pytest.mark.parametrize(
  "binding, expected",
  [
    (None, initializers.normal(0.02)),
    ("normal", initializers.normal(0.02)),
    ("truncated", initializers.truncated_normal(0.02)),
    ("orthogonal", initializers.orthogonal),
  ],
)
def test_gin_chooses_the_initialiser_of_kernels(binding, expected):
  if binding:
    gin.bind_parameter("weights.initializer", binding)
  chosen = initializers.weights()
  np.testing.assert_array_equal(draw(chosen), draw(expected))


def test_an_unknown_initialiser_is_refused_with_what_would_do():
  gin.bind_parameter("weights.initializer", "xavier")
  with pytest.raises(ValueError) as error:
    initializers.weights()
  message = str(error.value)
  for part in ("weights.initializer", "xavier", "normal", "truncated"):
    assert part in message
  assert "orthogonal" in message


def test_a_deviation_has_no_effect_and_says_so():
  gin.bind_parameter("weights.stddev", 0.5)
  with pytest.warns(UserWarning, match="weights.stddev = 0.5 has no effect"):
    chosen = initializers.weights()
  np.testing.assert_array_equal(draw(chosen), draw(initializers.normal(0.02)))


def test_fan_in_normal_divides_by_the_root_of_the_inputs():
  values = draw(initializers.fan_in_normal(2.0), [5, 5, 4, 100])
  np.testing.assert_allclose(values.std(), 2.0 / 10.0, rtol=0.03)
