"""Which replica runs: one, unless somebody says otherwise."""

import threading

from compare_gan.context import replica
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("tf.distribute says which replica runs")


class Alike(replica.Replicas):
  """The third of several replicas that all have the same."""

  def __init__(self, number):
    self._number = number

  def num_replicas(self):
    return self._number

  def replica_id(self):
    return 2

  def all_sum(self, x, group_size=None):
    return x * float(group_size or self._number)


X = tf.constant([1.0, 2.0])


def test_alone_there_is_one_replica():
  assert (replica.num_replicas(), replica.replica_id()) == (1, 0)


@pytest.mark.parametrize("group_size", [None, 1])
@pytest.mark.parametrize("function", [replica.all_sum, replica.all_mean])
def test_alone_sum_and_mean_are_the_identity(function, group_size):
  np.testing.assert_array_equal(function(X, group_size), X)


def test_running_says_which_replica_runs():
  with replica.running(Alike(4)):
    assert (replica.num_replicas(), replica.replica_id()) == (4, 2)
    np.testing.assert_allclose(replica.all_sum(X), [4, 8])
  assert (replica.num_replicas(), replica.replica_id()) == (1, 0)


def test_a_mean_is_the_sum_divided_by_all_replicas():
  with replica.running(Alike(4)):
    np.testing.assert_allclose(replica.all_mean(X), X)


def test_a_mean_over_a_group_is_the_sum_divided_by_its_size():
  with replica.running(Alike(4)):
    np.testing.assert_allclose(replica.all_sum(X, 2), [2, 4])
    np.testing.assert_allclose(replica.all_mean(X, 2), X)


def test_means_of_several_are_those_of_each():
  assert replica.all_means([X, 3.0]) == [X, 3.0]
  with replica.running(Alike(4)):
    for group_size in (None, 2):
      vector, scalar = replica.all_means([X, 3.0], group_size)
      np.testing.assert_allclose(vector, X)
      assert scalar == 3.0


def test_the_innermost_counts():
  with replica.running(Alike(4)):
    with replica.running(Alike(8)):
      assert replica.num_replicas() == 8
    assert replica.num_replicas() == 4


def test_running_ends_with_an_error():
  with pytest.raises(KeyError):
    with replica.running(Alike(4)):
      raise KeyError
  assert replica.num_replicas() == 1


def test_threads_are_replicas_of_their_own():
  seen = []
  with replica.running(Alike(4)):
    thread = threading.Thread(
      target=lambda: seen.append(replica.num_replicas())
    )
    thread.start()
    thread.join()
  assert seen == [1]
