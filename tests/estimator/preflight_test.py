"""What an NPU would not run is named, with the line that it comes from."""

import json
import os
import re

from compare_gan.estimator import preflight
import gin
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("Huawei's adapter is for TensorFlow 2.6.5")


def _graph(step, *specs):
  return tf.function(step, autograph=False).get_concrete_function(*specs).graph


_X = tf.TensorSpec([2, 3])


def _texts(step, *specs):
  return [str(finding) for finding in preflight.findings(_graph(step, *specs))]


def test_a_plain_step_has_no_findings():
  assert _texts(lambda x: tf.reduce_sum(tf.nn.relu(x) * 2.0), _X) == []


def test_what_the_compiler_can_compute_is_no_finding():
  """The second gradient of a broadcast has shapes that TensorFlow lacks."""

  def step(x):
    with tf.GradientTape() as outer:
      outer.watch(x)
      with tf.GradientTape() as inner:
        inner.watch(x)
        y = tf.reduce_sum((x * tf.reduce_sum(x, 0)) ** 3)
      slope = tf.reduce_sum(inner.gradient(y, x) ** 2)
    return outer.gradient(slope, x)

  assert not [t for t in _texts(step, _X) if "unknown shape" in t]


def _loop(x):
  return tf.while_loop(lambda i, _: i < 2, lambda i, x: (i + 1, x * x), (0, x))


@pytest.mark.parametrize(
  "step,spec,message",
  [
    (lambda x: tf.cast(x, tf.float64), _X, "Cast makes float64"),
    (lambda x: tf.cast(x, tf.complex64), _X, "Cast makes complex64"),
    (tf.strings.as_string, _X, "AsString makes string"),
    (lambda x: tf.identity(x), tf.TensorSpec([None]), "unknown shape"),
    (lambda x: tf.where(x > 0), _X, "Where makes an unknown shape"),
    (
      lambda x: tf.zeros(tf.cast(x[0, :2], tf.int32)),
      _X,
      "Fill makes an unknown shape",
    ),
    (_loop, _X, "a loop inside of the step would be the second one"),
    (
      lambda x: x + tf.random.stateless_normal([2, 3], [1, 2]),
      _X,
      "draws on the card",
    ),
    (lambda x: x + tf.random.normal([2, 3]), _X, "RandomStandardNormal draws"),
    (tf.math.digamma, _X, "Digamma is not on the list"),
    (
      lambda x: tf.cond(x[0, 0] > 0, lambda: tf.math.digamma(x), lambda: x),
      _X,
      "Digamma is not on the list, .* of .*cond_true",
    ),
  ],
)
def test_findings(step, spec, message):
  texts = _texts(step, spec)
  assert any(re.search(message, text) for text in texts), texts


def test_a_finding_says_where_it_comes_from():
  def step(x):
    return tf.cast(x, tf.float64)

  [text] = [t for t in _texts(step, _X) if "Cast makes" in t]
  assert "preflight_test.py:" in text


def test_what_no_result_hangs_on_is_no_finding():
  def step(x):
    tf.cast(x, tf.float64)
    return x + 1.0

  assert _texts(step, _X) == []


def test_refused_warned_or_off():
  graph = _graph(lambda x: tf.cast(x, tf.float64), _X)
  with pytest.raises(ValueError, match="Cast makes float64.*preflight.on_find"):
    preflight.check(graph)
  gin.parse_config("preflight.on_findings = 'warn'")
  with pytest.warns(UserWarning, match="Cast makes float64"):
    preflight.check(graph)
  gin.parse_config("preflight.on_findings = 'off'")
  preflight.check(graph)


def test_an_op_that_is_not_on_the_list_is_a_warning_until_it_is_named():
  graph = _graph(tf.math.digamma, _X)
  with pytest.warns(UserWarning, match="Digamma is not on the list"):
    preflight.check(graph)
  gin.parse_config("preflight.also = ['Digamma']")
  assert preflight.findings(graph) == []


def test_a_wrong_choice_says_what_would_do():
  gin.parse_config("preflight.on_findings = 'panic'")
  with pytest.raises(ValueError, match="'refuse', 'warn', 'off'"):
    preflight.settings()


def test_the_installations_own_list_is_used(tmp_path, monkeypatch):
  path = tmp_path / "built-in/framework/tensorflow/npu_supported_ops.json"
  os.makedirs(path.parent)
  path.write_text(json.dumps({"Digamma": {"isGray": False}}))
  monkeypatch.setenv("ASCEND_OPP_PATH", str(tmp_path))
  assert _texts(tf.math.digamma, _X) == []
  [text] = _texts(lambda x: x + x, _X)
  assert "AddV2 is not on the list" in text


@pytest.mark.parametrize("text", ["", "[]", "3"])
def test_a_list_that_is_none_is_a_sentence(text, tmp_path):
  path = tmp_path / "ops.json"
  path.write_text(text)
  gin.parse_config(f"preflight.ops_json = '{path}'")
  with pytest.raises(ValueError, match="preflight.ops_json: .*ops.json"):
    preflight.settings()


def test_a_report_counts_op_types():
  text = preflight.report(_graph(lambda x: tf.math.digamma(x) + x, _X))
  assert "ok      1  AddV2" in text and "??      1  Digamma" in text
  assert "1 findings." in text
