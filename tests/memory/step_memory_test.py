"""Memory of a step, by hand: float32 vectors of 1000 numbers are 4000 bytes."""

from compare_gan.memory import step_memory
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("how TensorFlow's allocator counts")

_VECTOR = tf.TensorSpec([1000])


def test_what_is_not_needed_any_more_is_let_go():
  def chain(x):
    for _ in range(10):
      x = tf.sin(x)
    return x

  # One is read while the next is written.
  assert step_memory.step_bytes(chain, _VECTOR) == 8000


def test_what_a_gradient_needs_is_kept():
  def gradient(x):
    with tf.GradientTape() as tape:
      tape.watch(x)
      y = x
      for _ in range(10):
        y = tf.sin(y)
    return tape.gradient(y, x)

  assert 11 * 4000 <= step_memory.step_bytes(gradient, _VECTOR) <= 14 * 4000


def test_views_keep_their_buffer_and_add_none():
  def view(x):
    y = tf.sin(x)
    flat = tf.reshape(y, [10, 100])
    z = tf.cos(x)
    return tf.reshape(flat, [1000]) + z

  # y, z and x or the sum, and a few numbers of shapes.
  assert 12000 <= step_memory.step_bytes(view, _VECTOR) <= 12100


def test_what_a_kernel_reserves_does_not_count():
  def step(x):
    with tf.GradientTape() as tape:
      tape.watch(x)
      y, *_ = tf.raw_ops.FusedBatchNormV3(
        x=x,
        scale=tf.ones([5]),
        offset=tf.zeros([5]),
        mean=tf.zeros([0]),
        variance=tf.zeros([0]),
        is_training=True,
      )
      loss = tf.reduce_sum(tf.square(y))
    return tape.gradient(loss, x)

  image = 4 * 2 * 4 * 4 * 5
  needed = step_memory.step_bytes(step, tf.TensorSpec([2, 4, 4, 5]))
  assert 2 * image <= needed < 10 * image


def test_the_inside_of_a_loop_counts():
  def loop(x):
    def body(i, x):
      x = tf.reduce_sum(tf.sin(x)[None] * tf.ones([50, 1]), axis=0)
      return i + 1, x

    return tf.while_loop(lambda i, x: i < 3, body, (tf.constant(0), x))

  assert step_memory.step_bytes(loop, _VECTOR) >= 50 * 4000


def test_variables():
  assert step_memory.variable_bytes([tf.Variable(tf.zeros([3, 5]))]) == 60


def test_what_nobody_needs_is_not_counted():
  def step(x):
    tf.sin(tf.ones([100, 1]) * x)
    return tf.cos(x)

  assert step_memory.step_bytes(step, _VECTOR) <= 8100


def test_operations_take_memory_with_those_of_functions_inside():
  @tf.function
  def inner(x):
    return tf.cos(tf.sin(x))

  def estimate(step):
    graph = step_memory.trace(step, tf.TensorSpec([]))
    return step_memory.traced_training_bytes(graph, [])

  with_call = estimate(lambda x: inner(x) + 0.0)
  plain = estimate(lambda x: tf.cos(tf.sin(x)) + 0.0)
  # At least the call and an argument more.
  assert with_call - plain >= 2 * 27 * 1024 - 10
  assert plain > 80 * 2**20


def test_replicas():
  """On one host they have copies of the variables; GPUs share the graph."""
  step = tf.function(lambda x: tf.sin(tf.sin(x)))
  graph = step.get_concrete_function(_VECTOR).graph
  weights = [tf.Variable(tf.zeros([10**6]))]

  def estimate(**how):
    return step_memory.traced_training_bytes(graph, weights, **how)

  assert estimate(copies=4) - estimate() == pytest.approx(1.3 * 3 * 4e6, abs=2)
  assert estimate() - estimate(shares=4) == pytest.approx(1.3 * 6000, abs=2)
