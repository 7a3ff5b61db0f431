"""Batch moments, moving averages and accumulated moments, by hand."""

from compare_gan.context import replica
from compare_gan.context import scope
from compare_gan.context import state
from compare_gan.layers import batch_norm
import gin
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow's ops compute a layer")


def batch(*values):
  """[N, 1]."""
  return tf.constant(values, tf.float32)[:, None]


def standardize(**arguments):
  """Of one channel and, unless told otherwise, without epsilon."""
  return batch_norm.StandardizeBatch(1, **{"epsilon": 0.0, **arguments})


def values(layer):
  """{last part of the name: value}."""
  return {
    scope.full_name(v).split("/")[-1]: v.numpy().tolist()
    for v in layer.variables
  }


def shapes(layer):
  return [(scope.full_name(v), v.shape.as_list()) for v in layer.variables]


# ---- Training ----------------------------------------------------------------


def test_training_takes_the_moments_of_the_batch():
  y = standardize()(batch(0, 4), is_training=True)
  np.testing.assert_allclose(y, [[-1], [1]])


def test_images_are_standardised_per_channel():
  x = np.random.RandomState(0).randn(2, 4, 4, 3).astype(np.float32) * [1, 2, 3]
  layer = batch_norm.StandardizeBatch(3, epsilon=0.0)
  y = layer(tf.constant(x, tf.float32), is_training=True)
  expected = (x - x.mean((0, 1, 2))) / x.std((0, 1, 2))
  np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-5)


def test_epsilon_is_added_to_the_variance():
  y = standardize(epsilon=12.0)(batch(0, 4), is_training=True)
  np.testing.assert_allclose(y, [[-0.5], [0.5]])  # sqrt(4 + 12) = 4


def test_moving_averages_move_towards_each_batch():
  layer = standardize(decay=0.9)
  assert list(values(layer)) == ["moving_mean", "moving_variance"]
  layer(batch(0, 4), is_training=True)  # Mean 2, variance 4.
  np.testing.assert_allclose(layer.moving_mean, [0.2], rtol=1e-6)
  np.testing.assert_allclose(layer.moving_variance, [0.9 + 0.4], rtol=1e-6)
  layer(batch(0, 4), is_training=True)
  np.testing.assert_allclose(layer.moving_mean, [0.38], rtol=1e-6)
  np.testing.assert_allclose(layer.moving_variance, [1.57], rtol=1e-6)


def test_defaults_are_a_decay_of_0999_and_an_epsilon_of_0001():
  layer = batch_norm.StandardizeBatch(1)
  y = layer(batch(0, 0), is_training=True)
  np.testing.assert_array_equal(y, [[0], [0]])
  y = layer(batch(1, 3), is_training=True)
  np.testing.assert_allclose(
    y, [[-1 / 1.001**0.5], [1 / 1.001**0.5]], rtol=1e-6
  )
  np.testing.assert_allclose(layer.moving_mean, [0.002], rtol=1e-4)


def test_deferred_averages_read_each_others_results():
  layer = standardize(decay=0.9)
  with state.deferred() as updates:
    layer(batch(0, 4), is_training=True)
    layer(batch(0, 4), is_training=True)
  assert values(layer) == {"moving_mean": [0.0], "moving_variance": [1.0]}
  for change in updates:
    change.apply()
  np.testing.assert_allclose(layer.moving_mean, [0.38], rtol=1e-6)
  np.testing.assert_allclose(layer.moving_variance, [1.57], rtol=1e-6)


def test_float16_inputs_have_float32_moments():
  layer = standardize(decay=0.0)
  # The squares, 250,000, are beyond float16.
  y = layer(tf.constant([[-500.0], [500.0]], tf.float16), is_training=True)
  assert y.dtype == tf.float16
  np.testing.assert_allclose(y, [[-1], [1]])
  assert values(layer) == {"moving_mean": [0.0], "moving_variance": [250000.0]}


# ---- Evaluation --------------------------------------------------------------


def test_evaluation_takes_the_moving_averages_and_changes_nothing():
  layer = standardize()
  layer.moving_mean.assign([1.0])
  layer.moving_variance.assign([4.0])
  y = layer(batch(1, 5), is_training=False)
  np.testing.assert_allclose(y, [[0], [2]])
  assert values(layer) == {"moving_mean": [1.0], "moving_variance": [4.0]}


CLOSED = {"accu_mean": [6.0], "accu_variance": [8.0], "accu_counter": 2.0}


def accumulated(is_open=False, start=None, **arguments):
  layer = standardize(use_moving_averages=False, **arguments)
  for name, value in (start or {}).items():
    getattr(layer, name).assign(value)
  layer.update_accus.assign(int(is_open))
  return layer


def test_accumulators_start_empty_and_closed():
  layer = standardize(use_moving_averages=False)
  assert shapes(layer) == [
    ("accu/accu_mean", [1]),
    ("accu/accu_variance", [1]),
    ("accu/accu_counter", []),
    ("accu/update_accus", []),
  ]
  assert layer.update_accus.dtype == tf.int32
  assert not layer.trainable_variables
  start = values(layer)
  np.testing.assert_allclose(start.pop("accu_counter"), 1e-12)
  assert start == {
    "accu_mean": [0.0],
    "accu_variance": [0.0],
    "update_accus": 0,
  }


@pytest.mark.parametrize("is_open", [False, True])
def test_training_leaves_accumulators_alone(is_open):
  layer = accumulated(is_open, CLOSED)
  y = layer(batch(0, 4), is_training=True)
  np.testing.assert_allclose(y, [[-1], [1]])
  assert values(layer) == {**CLOSED, "update_accus": int(is_open)}


def test_closed_accumulators_are_divided_by_their_number():
  layer = accumulated(start=CLOSED)
  y = layer(batch(3, 7), is_training=False)
  np.testing.assert_allclose(y, [[0], [2]])  # Mean 6 / 2, variance 8 / 2.
  assert values(layer) == {**CLOSED, "update_accus": 0}


def test_open_accumulators_take_in_a_batch_before_they_are_used():
  layer = accumulated(is_open=True)
  y = layer(batch(0, 4), is_training=False)  # Mean 2, variance 4.
  np.testing.assert_allclose(y, [[-1], [1]])
  y = layer(batch(0, 8), is_training=False)  # Mean 4, variance 16.
  np.testing.assert_allclose(y, np.float32([[-3], [5]]) / 10**0.5, rtol=1e-6)
  assert values(layer) == {
    "accu_mean": [6.0],
    "accu_variance": [20.0],
    "accu_counter": 2.0,
    "update_accus": 1,
  }


def test_a_frozen_layer_counts_its_batch_without_taking_it_in():
  layer = accumulated(is_open=True)
  for _ in range(2):
    with state.frozen():
      y = layer(batch(0, 4), is_training=False)
    np.testing.assert_allclose(y, [[-1], [1]])
  assert values(layer)["accu_mean"] == [0.0]


def test_unfilled_accumulators_are_a_mean_and_a_variance_of_0():
  layer = accumulated(epsilon=0.25)
  np.testing.assert_allclose(layer(batch(1, 3), is_training=False), [[2], [6]])


def test_a_nan_batch_does_not_reach_closed_accumulators():
  layer = accumulated(start=CLOSED)
  layer(batch(np.nan, np.inf), is_training=False)
  assert values(layer) == {**CLOSED, "update_accus": 0}


def test_a_function_sees_accumulators_open_and_close():
  layer = accumulated()
  run = tf.function(lambda x: layer(x, is_training=False))
  for is_open in (1, 0):
    layer.update_accus.assign(is_open)
    run(batch(0, 4))
  assert values(layer)["accu_counter"] == 1.0


# ---- Several replicas --------------------------------------------------------


class Two(replica.Replicas):
  """The other replica has the batch (2, 6): a mean of 4, squares of 20."""

  def __init__(self):
    self._others = [4.0, 20.0]

  def num_replicas(self):
    return 2

  def all_sum(self, x, group_size=None):
    return x + self._others.pop(0)


@pytest.mark.parametrize("use_cross_replica_mean", [None, True])
def test_several_replicas_share_their_moments(use_cross_replica_mean):
  layer = standardize(use_cross_replica_mean=use_cross_replica_mean, decay=0.0)
  with replica.running(Two()):
    y = layer(batch(0, 4), is_training=True)
  # Of 0 4 2 6: mean 3, variance 5.
  np.testing.assert_allclose(y, np.float32([[-3], [1]]) / 5**0.5, rtol=1e-6)
  assert values(layer) == {"moving_mean": [3.0], "moving_variance": [5.0]}


def test_several_replicas_keep_their_own_moments_on_request():
  gin.bind_parameter("standardize_batch.use_cross_replica_mean", False)
  with replica.running(Two()):
    y = standardize()(batch(0, 4), is_training=True)
  np.testing.assert_allclose(y, [[-1], [1]])
