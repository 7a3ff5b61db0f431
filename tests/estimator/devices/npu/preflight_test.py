"""What an NPU would not run is named, with the line that it comes from."""

import ast
import json
import os
import re
import warnings

from compare_gan.configuration import gin_files
from compare_gan.datasets import catalogue
from compare_gan.estimator.devices.npu import planned_draws
from compare_gan.estimator.devices.npu import preflight
from compare_gan.memory import memory_check
from compare_gan.storage import model_dir
import gin
import pytest
import tensorflow as tf

from tests import plain_shell

pytestmark = [
  pytest.mark.npu,
  pytest.mark.versions("Huawei's adapter is for TensorFlow 2.6.5"),
]


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
    (lambda x: tf.cast(x, tf.float64), _X, "Cast returns float64"),
    (lambda x: tf.cast(x, tf.complex64), _X, "Cast returns complex64"),
    (tf.strings.as_string, _X, "AsString returns string"),
    (lambda x: tf.identity(x), tf.TensorSpec([None]), "unknown shape"),
    (lambda x: tf.where(x > 0), _X, "Where returns a tensor of unknown shape"),
    (
      lambda x: tf.zeros(tf.cast(x[0, :2], tf.int32)),
      _X,
      "Fill returns a tensor of unknown shape",
    ),
    (_loop, _X, "a loop inside the step would be nested"),
    (
      lambda x: x + tf.random.stateless_normal([2, 3], [1, 2]),
      _X,
      "draws random numbers on the card",
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

  [text] = [t for t in _texts(step, _X) if "Cast returns" in t]
  assert "preflight_test.py:" in text


def test_what_no_result_hangs_on_is_no_finding():
  def step(x):
    tf.cast(x, tf.float64)
    return x + 1.0

  assert _texts(step, _X) == []


def test_refused_warned_or_off():
  graph = _graph(lambda x: tf.cast(x, tf.float64), _X)
  with pytest.raises(
    ValueError, match="Cast returns float64.*preflight.on_find"
  ):
    preflight.check(graph)
  gin.parse_config("preflight.on_findings = 'warn'")
  with pytest.warns(UserWarning, match="Cast returns float64"):
    preflight.check(graph)
  gin.parse_config("preflight.on_findings = 'off'")
  preflight.check(graph)


def test_an_op_that_is_not_on_the_list_is_a_warning_until_it_is_named():
  graph = _graph(tf.math.digamma, _X)
  with pytest.warns(UserWarning, match="Digamma is not on the list"):
    preflight.check(graph)
  gin.parse_config("preflight.also = ['Digamma']")
  assert preflight.findings(graph) == []


def test_what_hangs_on_constants_alone_is_listed_and_not_warned_of():
  def step(x):
    sizes = tf.raw_ops.DynamicStitch(
      indices=[tf.constant([0]), tf.constant([1])],
      data=[tf.constant([3]), tf.constant([2])],
    )
    return tf.reshape(x, sizes)

  graph = _graph(step, _X)
  [finding] = preflight.findings(graph)
  assert finding.is_constant
  assert "DynamicStitch is not on the list, but depends on c" in str(finding)
  assert str(finding) in preflight.report(graph)
  with warnings.catch_warnings():
    warnings.simplefilter("error")
    preflight.check(graph)


def test_what_hangs_on_the_data_is_warned_of():
  def step(x):
    return tf.raw_ops.DynamicStitch(indices=[tf.constant([0, 1])], data=[x])

  [finding] = preflight.findings(_graph(step, _X))
  assert not finding.is_constant


# ---- Cards -------------------------------------------------------------------

_CARDS = sorted((plain_shell.ROOT / "configs").glob("*.gin"))

# Of the same ops as the card's own sizes, but traced in seconds.
_SMALL = """
  options.batch_size = 4
  options.disc_iters = 1
  weights.initializer = "normal"
"""


def _channels(text):
  """Returns bindings of few channels, where a card's networks have a choice."""
  [name] = re.findall(r'^options.architecture = "(\w+?)_arch"', text, re.M)
  if name in ("biggan", "dcgan", "resnet_biggan", "resnet_biggan_deep"):
    yield from (
      f"{name}.{net}.ch = 8" for net in ("Generator", "Discriminator")
    )
  if name == "r3gan":
    [widths] = re.findall(r"^r3gan.Generator.widths = (\[.*\])", text, re.M)
    count = len(ast.literal_eval(widths))
    for net in ("Generator", "Discriminator"):
      yield f"r3gan.{net}.widths = {[8] * count}"
      yield f"r3gan.{net}.cardinalities = {[2] * count}"
  if name == "stylegan2":
    yield "stylegan2.Discriminator.mbstd_group = 2"
    yield from (
      f"{name}.{net}.channel_max = 8" for net in ("Generator", "Discriminator")
    )


def _marked(path):
  """The large ones take half a minute each."""
  is_large = "imagenet" in path.stem or "ffhq" in path.stem
  is_large |= path.stem in ("bigbigan_64", "r3gan_cifar10")
  is_large |= path.stem.startswith("stylegan2_folder")
  marks = [pytest.mark.slow] * is_large
  return pytest.param(path, id=path.stem, marks=marks)


# What cosines of schedules, half-lives and ADA's pipeline need, by the cards'
# names; a warning names them.
_WARNED = {
  "demo": {"Cos"},
  "stylegan2_shapes32": {"Cos"},
  "r3gan": {
    "Cos",
    "DepthwiseConv2dNative",
    "DepthwiseConv2dNativeBackpropInput",
    "Expm1",
    "MirrorPad",
    "MirrorPadGrad",
    "Sin",
  },
}


@pytest.mark.long
@pytest.mark.parametrize("path", map(_marked, _CARDS))
def test_no_card_has_an_op_that_is_not_known(path):
  text = path.read_text()
  bindings = [*_SMALL.splitlines(), *_channels(text)]
  if 'dataset.name = "folder"' in text:  # For images that the user has.
    same = "imagenet_256" if "image_size = 256" in text else "celeb_a"
    bindings.append(f"dataset.name = {same!r}")
  gin_files.parse([str(path)], bindings)
  gan = model_dir.make_gan(catalogue.dataset(fake=True))
  graph = planned_draws.step_graph(gan, memory_check.specs(gan))
  found = [f for f in preflight.findings(graph) if not f.is_constant]
  for name, types in _WARNED.items():
    if path.stem.startswith(name):
      assert not any(f.refused for f in found), preflight.report(graph)
      found = [f for f in found if f.problem.split()[0] not in types]
  assert not found, preflight.report(graph)


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
