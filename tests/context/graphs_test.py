"""Walks over graphs."""

from compare_gan.context import graphs
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("walks over TensorFlow's graphs")


def _traced(function, *specs):
  made = tf.function(function, autograph=False).get_concrete_function(*specs)
  return made.graph


def test_what_no_result_needs_is_not_reached():
  def function(x):
    tf.exp(x)
    return tf.sin(x)

  graph = _traced(function, tf.TensorSpec([2]))
  kinds = [op.type for op in graphs.reachable(graph)]
  assert "Exp" in [op.type for op in graph.get_operations()]
  assert "Exp" not in kinds
  assert kinds.index("Placeholder") < kinds.index("Sin")


def test_what_changes_a_variable_is_reached():
  v = tf.Variable(1.0)

  def function(x):
    v.assign(tf.exp(x))

  graph = _traced(function, tf.TensorSpec([]))
  assert "Exp" in [op.type for op in graphs.reachable(graph)]


def test_the_body_of_a_loop_is_found_by_its_name():
  def function(x):
    return tf.while_loop(lambda y: y < 9.0, lambda y: (tf.exp(y),), [x])

  graph = _traced(function, tf.TensorSpec([]))
  [loop] = [op for op in graph.get_operations() if "While" in op.type]
  called = graphs.called(loop)
  body = graphs.body(graph, called["body"])
  assert "Exp" in [op.type for op in body.get_operations()]
  assert "Less" in [
    op.type for op in graphs.body(graph, called["cond"]).get_operations()
  ]


def test_a_name_of_no_function_has_no_body():
  graph = _traced(tf.sin, tf.TensorSpec([]))
  assert graphs.body(graph, "nobody") is None
