"""The profile finds all work of a step and says which layer does it."""

import json

from compare_gan.context import scope
from compare_gan.layers import conv
import pytest
import tensorflow as tf

from benchmarks import profile
from benchmarks import train_step

pytestmark = pytest.mark.versions("traces and optimised graphs differ")


class _Network(scope.Module):
  """A convolution and what TensorFlow merges into it."""

  def __init__(self):
    super().__init__()
    with scope.scope("net"):
      self.conv = conv.Conv2D(2, 3, name="conv1")

  def __call__(self, x):
    return tf.nn.relu(self.conv(x, is_training=False))


@pytest.fixture(name="traced")
def fixture_traced():
  """(operations that ran, the concrete function) of a network's gradient."""
  network = _Network()
  images = tf.ones([4, 8, 8, 2])

  @tf.function
  def step(images):
    with tf.GradientTape() as tape:
      loss = tf.reduce_sum(network(images) ** 2)
    return {"d": tf.reduce_sum(tape.gradient(loss, network.conv.kernel.kernel))}

  with profile.layers_name_operations(_Holder(network)) as layers:
    work = profile.Step(step, images)
  found, _ = profile.traced(lambda: step(images), 2)
  made = [
    profile.Operation(
      name,
      profile.kind_of(op_type),
      profile.layer_of(name, op_type, layers),
      ms,
      work.gflop(name),
      work.mb(name),
    )
    for name, (op_type, ms) in found.items()
  ]
  return made, step.get_concrete_function(images)


class _Holder(tf.Module):
  def __init__(self, network):
    super().__init__()
    self.network = network


@pytest.mark.parametrize(
  "op_type,kind",
  [
    ("Conv2D", "Conv2D"),
    ("_FusedConv2D", "Conv2D"),
    ("_MklNativeFusedConv2D", "Conv2D"),
    ("_MklNativeConv2DBackpropFilterWithBias", "Conv2DBackpropFilter"),
    ("FusedBatchNormV3", "FusedBatchNormV3"),
    ("_MklFusedMatMul", "MatMul"),
  ],
)
def test_merged_operations_are_of_the_kind_of_the_largest(op_type, kind):
  assert profile.kind_of(op_type) == kind


@pytest.mark.parametrize(
  "name,kind,layer",
  [
    ("generator/B1/conv/Conv2D", "Conv2D", "generator/B1/conv"),
    ("gradient_tape/generator/B1/conv/x", "Mul", "generator/B1/conv"),
    ("generator/B1/add", "AddV2", "generator"),
    ("generator/B1/x", "ResourceApplyAdam", "optimizer"),
    ("hinge/Relu", "Relu", "losses, penalties, norms of gradients"),
  ],
)
def test_operations_belong_to_the_innermost_layer(name, kind, layer):
  layers = ["generator/B1/conv", "generator"]
  assert profile.layer_of(name, kind, layers) == layer


def test_all_work_is_found_once_and_in_its_layer(traced):
  operations, concrete = traced
  work = sum(each.gflop for each in operations)
  assert work == pytest.approx(train_step.gflop(concrete))
  assert work == pytest.approx(2 * 2 * (4 * 8 * 8) * (3 * 3 * 2 * 3) / 1e9)
  assert {each.layer for each in operations if each.gflop} == {"net/conv1"}
  assert all(each.ms > 0 for each in operations if each.gflop)


def test_bytes_are_those_of_inputs_and_outputs(traced):
  operations, _ = traced
  [gradient] = [
    each for each in operations if each.kind == "Conv2DBackpropFilter"
  ]
  images, gradients, kernel = 4 * 8 * 8 * 2, 4 * 8 * 8 * 3, 3 * 3 * 2 * 3
  assert gradient.mb * 1e6 == pytest.approx(4 * (images + gradients + kernel))


def test_names_of_operations_are_as_before_afterwards():
  network = _Network()
  with profile.layers_name_operations(_Holder(network)):
    pass
  graph = (
    tf.function(network).get_concrete_function(tf.ones([1, 8, 8, 2])).graph
  )
  assert not [op for op in graph.get_operations() if op.name.startswith("net/")]


def test_small_sums_are_one_line():
  sums = [profile.Sum("large", 99.5, 1.0, 1.0)]
  sums += [profile.Sum(f"small{n}", 0.25, 0.0, 1.0) for n in range(2)]
  lines = profile.table("kind", sums, 100.0, 10.0).splitlines()
  assert [line.split()[0] for line in lines] == ["kind", "large", "2"]
  assert "99.5%" in lines[1]
  assert "2 others" in lines[2]


@pytest.mark.slow  # A graph of a whole step.
def test_a_step_is_shown_by_kind_and_layer(capsys, monkeypatch, tmp_path):
  monkeypatch.setitem(train_step._PEAK, "batch", 1)
  monkeypatch.setattr(profile, "copy_gb_s", lambda: 5.0)
  path = tmp_path / "profile.png"
  profile.main(
    [
      "--gin_config=sndcgan_shapes16.gin",
      "--batch=2",
      "--steps=2",
      f"--out={path}",
    ]
  )
  lines = capsys.readouterr().out.splitlines()
  result = json.loads(lines[-1])
  assert result["batch"] == 2
  assert result["gflop"] > 0
  shown = {line.split()[0] for line in lines if line}
  assert {"Conv2D", "optimizer"} <= shown
  assert any(name.startswith("discriminator/d_conv") for name in shown)
  assert path.read_bytes().startswith(b"\x89PNG")
