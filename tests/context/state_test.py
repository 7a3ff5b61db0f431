"""State changes at once, later, or not at all."""

import threading

from compare_gan.context import state
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow's ops compute a layer")


@pytest.fixture
def v():
  return tf.Variable(0.0)


def add_one(v):
  state.update(v, lambda: v + 1.0)


def double(v):
  state.update(v, lambda: v * 2.0)


def test_an_update_is_made_at_once(v):
  add_one(v)
  assert v.numpy() == 1.0


def test_a_deferred_update_waits_for_its_caller(v):
  with state.deferred() as updates:
    add_one(v)
    assert v.numpy() == 0.0
  assert v.numpy() == 0.0
  [change] = updates
  assert change.variable is v
  change.apply()
  assert v.numpy() == 1.0


def test_deferred_updates_are_noted_in_order_and_read_each_others_results(v):
  with state.deferred() as updates:
    add_one(v)
    add_one(v)
    double(v)
    add_one(v)
  for change in updates:
    change.apply()
  assert v.numpy() == 5.0  # (0 + 1 + 1) 2 + 1


def test_the_caller_chooses_the_order_of_deferred_updates(v):
  with state.deferred() as updates:
    add_one(v)
    double(v)
  for change in reversed(updates):
    change.apply()
  assert v.numpy() == 1.0  # 0 2 + 1


def test_frozen_drops_updates(v):
  def refuse():
    raise AssertionError("nobody needs this value")

  with state.frozen():
    add_one(v)
    state.update(v, refuse)
  assert v.numpy() == 0.0


def test_updates_are_made_at_once_again_after_a_block(v):
  with state.frozen():
    pass
  with state.deferred() as updates:
    pass
  add_one(v)
  assert v.numpy() == 1.0
  assert not updates


def test_a_block_ends_with_an_error(v):
  with pytest.raises(KeyError):
    with state.frozen():
      raise KeyError
  add_one(v)
  assert v.numpy() == 1.0


def test_the_innermost_block_decides(v):
  with state.deferred() as outer:
    with state.frozen():
      add_one(v)
    with state.deferred() as inner:
      double(v)
    add_one(v)
  with state.frozen():
    with state.deferred() as in_frozen:
      add_one(v)
  assert [len(updates) for updates in (outer, inner, in_frozen)] == [1, 1, 1]
  assert v.numpy() == 0.0


def test_threads_do_not_share_blocks(v):
  with state.deferred() as updates:
    thread = threading.Thread(target=add_one, args=[v])
    thread.start()
    thread.join()
  assert not updates
  assert v.numpy() == 1.0


def test_a_function_updates_each_time_it_runs(v):
  @tf.function
  def step():
    with state.deferred() as updates:
      add_one(v)
      double(v)
    for change in updates:
      change.apply()

  step()
  assert v.numpy() == 2.0
  step()
  assert v.numpy() == 6.0


def test_a_pass_that_is_made_again_sees_what_the_first_one_saw(v):
  def layer():
    seen = state.kept(lambda: tf.identity(v))
    add_one(v)
    return float(seen)

  with state.recorded() as results:
    first = [layer(), layer()]
  with state.replayed(results), state.frozen():
    again = [layer(), layer()]
  assert first == again == [0.0, 1.0]
  assert layer() == 2.0
