"""Moments of a batch, and of a batch that is spread over replicas."""

from concurrent import futures
import functools
import threading

from compare_gan.context import replica
from compare_gan.layers import moments
import gin
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow's ops compute a layer")

AXES = [0]
# Four replicas' batches of one channel; the means are 1, 3, 10 and 30.
PARTS = [
  np.float32(part)[:, None] for part in ([0, 2], [3, 3], [5, 15], [30, 30])
]


class Threads(replica.Replicas):
  """A thread for each replica; they meet at a barrier."""

  def __init__(self, number):
    self._number = number
    self._own = threading.local()
    self._barrier = threading.Barrier(number, timeout=10)
    self._parts = [None] * number

  def num_replicas(self):
    return self._number

  def replica_id(self):
    return self._own.id

  def all_sum(self, x, group_size=None):
    self._parts[self.replica_id()] = x
    self._barrier.wait()
    size = group_size or self._number
    first = self.replica_id() // size * size
    total = tf.add_n(self._parts[first : first + size])
    self._barrier.wait()
    return total

  def run(self, fn, parts):
    """Returns [fn(part)], each on its own replica."""

    def run_one(i):
      self._own.id = i
      with replica.running(self):
        return fn(tf.constant(parts[i]))

    with futures.ThreadPoolExecutor(self._number) as pool:
      return list(pool.map(run_one, range(self._number)))


def across(parts, **arguments):
  """Returns (mean, variance) as each replica sees them."""
  fn = functools.partial(moments.cross_replica_moments, axes=AXES, **arguments)
  results = Threads(len(parts)).run(fn, parts)
  return [(mean.numpy().item(), var.numpy().item()) for mean, var in results]


# ---- One batch ---------------------------------------------------------------


def test_batch_moments_by_hand():
  x = tf.constant([[0.0, 1.0], [4.0, 1.0]])
  mean, variance = moments.batch_moments(x, AXES)
  np.testing.assert_allclose(mean, [2, 1])
  np.testing.assert_allclose(variance, [4, 0])  # Divided by N, not by N - 1.


def test_batch_moments_over_pixels():
  x = np.random.RandomState(0).randn(2, 4, 4, 3).astype(np.float32)
  mean, variance = moments.batch_moments(tf.constant(x), [0, 1, 2])
  np.testing.assert_allclose(mean, x.mean((0, 1, 2)), atol=1e-6)
  np.testing.assert_allclose(variance, x.var((0, 1, 2)), rtol=1e-5)


# ---- Several replicas --------------------------------------------------------


@pytest.mark.parametrize("parallel", [True, False])
def test_one_replica_has_the_moments_of_its_batch(parallel):
  x = tf.constant([[0.0], [4.0]])
  mean, variance = moments.cross_replica_moments(x, AXES, parallel)
  np.testing.assert_allclose([mean, variance], [[2], [4]])


@pytest.mark.parametrize("parallel", [True, False])
def test_all_replicas_have_the_moments_of_the_global_batch(parallel):
  # 0 2 3 3: the mean is 2, the squares from it 4 0 1 1.
  seen = across(PARTS[:2], parallel=parallel)
  np.testing.assert_allclose(seen, [(2.0, 1.5)] * 2)


@pytest.mark.parametrize("parallel", [True, False])
def test_groups_of_neighbours_have_their_own_moments(parallel):
  seen = across(PARTS, parallel=parallel, group_size=2)
  # 5 15 30 30: the mean is 20, the squares from it 225 25 100 100.
  np.testing.assert_allclose(seen, [(2.0, 1.5)] * 2 + [(20.0, 112.5)] * 2)


def test_in_sequence_the_variance_is_exact_far_from_0():
  far = [part + 10000 for part in PARTS[:2]]
  np.testing.assert_allclose(across(far, parallel=False), [(10002.0, 1.5)] * 2)
  # E[x^2] is 10^8, of which float32 keeps steps of 8.
  in_parallel = [variance for _, variance in across(far, parallel=True)]
  assert all(abs(variance - 1.5) > 0.4 for variance in in_parallel)


def test_gin_chooses_sequence_and_groups():
  gin.bind_parameter("cross_replica_moments.parallel", False)
  gin.bind_parameter("cross_replica_moments.group_size", 2)
  far = [part + 10000 for part in PARTS]
  seen = across(far)
  np.testing.assert_allclose(
    seen, [(10002.0, 1.5)] * 2 + [(10020.0, 112.5)] * 2
  )


@pytest.mark.parametrize("group_size", [3, 8])
def test_a_group_size_that_does_not_divide_the_replicas_is_refused(group_size):
  with pytest.raises(ValueError) as error:
    across(PARTS, group_size=group_size)
  message = str(error.value)
  assert f"cross_replica_moments.group_size = {group_size}" in message
  assert "4 replicas" in message
