"""Spectral normalisation against numpy's singular values and by hand."""

from compare_gan.context import scope
from compare_gan.context import state
from compare_gan.layers import initializers
from compare_gan.layers import spectral_norm
import gin
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow's ops compute a layer")

WIDE, TALL, CONV = (3, 5), (5, 3), (3, 3, 2, 4)


def make(shape, singular_value="left", **arguments):
  """A layer whose kernel has entries of about 1."""
  with scope.building(seed=3):
    return spectral_norm.SpectralNorm(
      shape,
      initializers.normal(1.0),
      singular_value=singular_value,
      **arguments,
    )


def diagonal(**arguments):
  """W = diag(2, 1), u = (1, 1)."""
  layer = make((2, 2), **arguments)
  layer.kernel.assign([[2.0, 0.0], [0.0, 1.0]])
  layer.u_var.assign(tf.ones_like(layer.u_var))
  return layer


@pytest.mark.parametrize(
  "shape, singular_value, u_shape",
  [
    (WIDE, "left", [3, 1]),
    (WIDE, "right", [1, 5]),
    (WIDE, "auto", [3, 1]),
    (TALL, "left", [5, 1]),
    (TALL, "right", [1, 3]),
    (TALL, "auto", [1, 3]),
    ((4, 4), "auto", [4, 1]),
    (CONV, "left", [18, 1]),
    (CONV, "right", [1, 4]),
    (CONV, "auto", [1, 4]),
  ],
)
def test_the_vector_that_is_kept(shape, singular_value, u_shape):
  layer = make(shape, singular_value)
  assert [scope.full_name(v) for v in layer.variables] == [
    "kernel",
    "kernel/u_var",
  ]
  assert layer.u_var.shape == u_shape
  assert layer.trainable_variables == (layer.kernel,)


def test_one_iteration_by_hand_on_the_left():
  layer = diagonal()
  normed = layer(is_training=True)
  # v = (2, 1) / sqrt(5), W v = (4, 1) / sqrt(5), sigma = |W v|.
  np.testing.assert_allclose(
    normed, np.diag([2.0, 1.0]) / np.sqrt(17 / 5), rtol=1e-6
  )
  np.testing.assert_allclose(
    layer.u_var, np.float32([[4], [1]]) / np.sqrt(17), rtol=1e-6
  )


def test_one_iteration_by_hand_on_the_right():
  layer = diagonal(singular_value="right")
  layer.kernel.assign([[0.0, 2.0], [1.0, 0.0]])
  normed = layer(is_training=True)
  # v = n(u W^T) = (2, 1) / sqrt(5), v W = (1, 4) / sqrt(5).
  np.testing.assert_allclose(
    normed, np.float32([[0, 2], [1, 0]]) / np.sqrt(17 / 5), rtol=1e-6
  )
  np.testing.assert_allclose(
    layer.u_var, np.float32([[1, 4]]) / np.sqrt(17), rtol=1e-6
  )


@pytest.mark.parametrize("singular_value", ["left", "right", "auto"])
@pytest.mark.parametrize("shape", [WIDE, TALL, CONV])
def test_sigma_converges_to_the_largest_singular_value(shape, singular_value):
  layer = make(shape, singular_value)
  for _ in range(60):
    normed = layer(is_training=True)
  w = layer.kernel.numpy()
  largest = np.linalg.svd(w.reshape(-1, shape[-1]), compute_uv=False)[0]
  np.testing.assert_allclose(normed, w / largest, rtol=1e-4, atol=1e-6)


def test_epsilon_bounds_the_norm_of_a_vector_from_below():
  gin.bind_parameter("spectral_norm.epsilon", 1.0)
  layer = make((1, 1))
  layer.kernel.assign([[0.1]])
  layer.u_var.assign([[1.0]])
  normed = layer(is_training=True)
  # v = 0.1, u = W v = 0.01; neither becomes 1.
  np.testing.assert_allclose(normed, [[0.1 / (0.01 * 0.1 * 0.1)]], rtol=1e-5)
  np.testing.assert_allclose(layer.u_var, [[0.01]], rtol=1e-6)


def test_evaluation_changes_nothing():
  layer = diagonal()
  first = layer(is_training=False)
  np.testing.assert_array_equal(layer.u_var, [[1.0], [1.0]])
  np.testing.assert_array_equal(first, layer(is_training=False))


def test_evaluation_takes_one_iteration_from_the_stored_vector():
  layer = diagonal()
  evaluated = layer(is_training=False)
  np.testing.assert_array_equal(evaluated, layer(is_training=True))


def test_evaluation_moves_the_vector_on_request():
  gin.bind_parameter("spectral_norm.update_in_eval", True)
  layer = diagonal()
  layer(is_training=False)
  np.testing.assert_allclose(
    layer.u_var, np.float32([[4], [1]]) / np.sqrt(17), rtol=1e-6
  )


@pytest.mark.parametrize("singular_value", ["left", "right"])
def test_the_gradient_takes_both_vectors_as_constants(singular_value):
  layer = make(CONV, singular_value)
  weights = np.random.RandomState(0).randn(*CONV).astype(np.float32)
  with tf.GradientTape() as tape:
    total = tf.reduce_sum(weights * layer(is_training=True))
  gradient = tape.gradient(total, layer.kernel).numpy().reshape(18, 4)
  w, c = layer.kernel.numpy().reshape(18, 4), weights.reshape(18, 4)
  # The two vectors by numpy; u_var is the new one of them.
  if singular_value == "left":
    left = layer.u_var.numpy()
    right = make(CONV).u_var.numpy().T @ w
  else:
    right = layer.u_var.numpy()
    left = w @ make(CONV, "right").u_var.numpy().T
  left, right = left / np.linalg.norm(left), right / np.linalg.norm(right)
  sigma = (left.T @ w @ right.T).item()
  expected = c / sigma - np.sum(c * w) / sigma**2 * left @ right
  np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-5)


def test_applications_in_a_deferred_block_share_one_iteration():
  layer, once = diagonal(), diagonal()
  expected = once(is_training=True)
  with state.deferred() as updates:
    results = [layer(is_training=True) for _ in range(3)]
  for change in updates:
    change.apply()
  for normed in results:
    np.testing.assert_array_equal(normed, expected)
  np.testing.assert_array_equal(layer.u_var, once.u_var)


def test_a_function_moves_the_vector_once_a_run():
  layer, once = diagonal(), diagonal()
  run = tf.function(lambda: layer(is_training=True))
  for _ in range(2):
    np.testing.assert_allclose(run(), once(is_training=True), rtol=1e-6)
  np.testing.assert_allclose(layer.u_var, once.u_var, rtol=1e-6)


def test_a_vector_is_refused():
  with pytest.raises(ValueError, match="rank 2 or more"):
    spectral_norm.SpectralNorm([4])


def test_an_unknown_singular_value_is_refused_with_what_would_do():
  gin.bind_parameter("spectral_norm.singular_value", "top")
  with pytest.raises(ValueError) as error:
    spectral_norm.SpectralNorm([4, 4])
  for part in ("singular_value", "'top'", "'left'", "'right'", "'auto'"):
    assert part in str(error.value)


@pytest.mark.parametrize("singular_value", ["left", "right"])
def test_several_rounds_are_as_many_calls_of_one(singular_value):
  once, thrice = (
    diagonal(singular_value=singular_value, power_iteration_rounds=rounds)
    for rounds in (1, 3)
  )
  for _ in range(3):
    expected = once(is_training=True)
  np.testing.assert_allclose(thrice(is_training=True), expected, rtol=1e-6)
  np.testing.assert_allclose(thrice.u_var, once.u_var, rtol=1e-6)


def test_no_round_is_refused():
  with pytest.raises(ValueError, match="power_iteration_rounds = 0"):
    diagonal(power_iteration_rounds=0)


@pytest.mark.parametrize("singular_value", ["left", "right"])
def test_without_iterations_evaluation_uses_what_training_left(singular_value):
  """torch.nn.utils.spectral_norm: W = diag(2, 1), u = (1, 1) / sqrt(2)."""
  layer = diagonal(singular_value=singular_value, iterate_in_eval=False)
  layer(is_training=True)
  # v ~ W u = (2, 1), u ~ W v = (4, 1); sigma = (4, 1) W (2, 1) / |..| |..|.
  sigma = 17.0 / np.sqrt(17.0 * 5.0)
  for _ in range(2):
    np.testing.assert_allclose(
      layer(is_training=False), np.diag([2.0, 1.0]) / sigma, rtol=1e-6
    )


def test_both_ways_of_evaluation_at_once_are_refused():
  with pytest.raises(ValueError, match="Set one of them to its default"):
    make(WIDE, update_in_eval=True, iterate_in_eval=False)
