"""Frozen graphs hold what old readers read, and nothing else."""

from compare_gan.evaluation import moments
from compare_gan.evaluation import sampling
from compare_gan.export import frozen_graph
from compare_gan.export import signatures
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.export import trained

pytestmark = pytest.mark.versions("exports TensorFlow's graphs")


class _Options:
  z_dim = 4


class _Function:
  """A function of z in the place of a GAN."""

  num_classes = 0
  options = _Options()

  def __init__(self, function):
    self.generate = lambda z, y, averaged: function(z)


def _frozen(function, batch=1):
  signature = signatures.get("compare_gan")
  return frozen_graph.graph_def(_Function(function), signature, batch)


def _run(made, *arrays):
  return frozen_graph.FrozenGraph(made, "it")(*arrays)


def _attributes(made):
  return {name for node in made.node for name in node.attr}


_Z = np.float32([[0.5, -1.0, 2.0, 0.25]])


def test_nothing_that_old_readers_stumble_over():
  gan = trained.make("biggan")
  made = frozen_graph.graph_def(gan, signatures.get("biggan"), 1)
  assert not made.library.function
  assert not any(name.startswith("_") for name in _attributes(made))
  assert not _attributes(made) & {"grad_a", "grad_b", "explicit_paddings"}
  operations = frozen_graph.operations(made)
  assert not set(operations) & {"ReadVariableOp", "If", "While", "NoOp"}
  # The norms of its weights are numbers, and one Identity is the output.
  assert operations["Identity"] == 1
  assert not set(operations) & {"Rsqrt", "Sum", "L2Loss", "Assert", "Shape"}
  used = {name.split(":")[0] for node in made.node for name in node.input}
  assert not {n.name for n in made.node if n.op == "Const"} - used


def test_same_weights_give_the_same_bytes(tmp_path):
  gan, signature = trained.make("dcgan"), signatures.get("dcgan")
  for name in "ab":
    frozen_graph.write(gan, signature, 1, str(tmp_path / "new" / name))
  a, b = ((tmp_path / "new" / name).read_bytes() for name in "ab")
  assert a == b


def test_filled_moments_are_constants():
  trained.configure("dcgan")
  gin.parse_config("standardize_batch.use_moving_averages = False")
  gan, signature = trained.make_new("dcgan"), signatures.get("dcgan")
  moments.fill_accumulators(gan, [trained.latents(gan, 8)])
  made = frozen_graph.graph_def(gan, signature, 1)
  assert not set(frozen_graph.operations(made)) & {"Mean", "Select", "SelectV2"}
  z, _ = trained.latents(gan, 1)
  np.testing.assert_allclose(
    signature.to_pixels(_run(made, z)), sampling.generate(gan, z), atol=1e-5
  )


def test_unused_input_stays():
  """An interface is one: a generator without labels may be asked for them."""
  gan = _Function(None)
  gan.num_classes = 3
  gan.generate = lambda z, y, averaged: 2.0 * z
  made = frozen_graph.graph_def(gan, signatures.get("biggan"), 1)
  model = frozen_graph.FrozenGraph(made, "it")
  assert [port.name for port in model.inputs] == ["z", "y"]
  np.testing.assert_allclose(model(_Z, np.int32([[0]])), 4.0 * _Z - 1.0)


def test_outputs_of_one_operation_keep_apart():
  made = _frozen(lambda z: z * tf.unstack(tf.constant([2.0, 3.0, 5.0]))[2])
  np.testing.assert_allclose(_run(made, _Z), 5.0 * _Z)
  made = _frozen(lambda z: tf.split(z, 2, 1)[1])
  np.testing.assert_allclose(_run(made, _Z), _Z[:, 2:])


def test_casts_between_floats_stay():
  """float16 has no 2049: without its cast the number would pass."""
  made = _frozen(lambda z: tf.cast(tf.cast(z + 2047.0, tf.float16), tf.float32))
  np.testing.assert_array_equal(_run(made, 0 * _Z + 2.0), 0 * _Z + 2048.0)


@pytest.mark.parametrize(
  "size,padding", [(3, (1, 0)), (4, (1, 1)), (3, (0, 1))]
)
def test_explicit_padding_becomes_same(size, padding):
  """Converters know no other padding of transposed convolutions."""
  kernel = np.random.RandomState(0).randn(size, size, 2, 1).astype(np.float32)

  def doubled(z):
    return tf.raw_ops.Conv2DBackpropInput(
      input_sizes=[1, 4, 4, 2],
      filter=kernel,
      out_backprop=tf.reshape(z, [1, 2, 2, 1]),
      strides=[1, 2, 2, 1],
      padding="EXPLICIT",
      explicit_paddings=[0, 0, *padding, *padding, 0, 0],
    )

  made = _frozen(doubled)
  assert b"EXPLICIT" not in made.SerializeToString()
  np.testing.assert_allclose(_run(made, _Z), doubled(_Z), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
  "padding,stride,becomes_same",
  [
    ((0, 2, 1, 0), 1, True),
    ((2, 0, 0, 1), 1, True),
    ((1, 1, 1, 1), 2, True),  # of which the last row is not reached
    ((1, 3, 0, 1), 1, False),  # makes an image of another size
  ],
)
def test_explicit_padding_of_a_convolution(padding, stride, becomes_same):
  kernel = np.random.RandomState(0).randn(3, 2, 1, 1).astype(np.float32)
  top, bottom, left, right = padding
  pads = [[0, 0], [top, bottom], [left, right], [0, 0]]

  def padded(z):
    return tf.nn.conv2d(tf.reshape(z, [1, 2, 2, 1]), kernel, stride, pads)

  if stride == 2:
    pads[2] = [0, 0]
  made = _frozen(padded)
  assert (b"EXPLICIT" in made.SerializeToString()) != becomes_same
  np.testing.assert_allclose(_run(made, _Z), padded(_Z), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
  "function,message",
  [
    (lambda z: tf.cast(tf.cast(z, tf.float64), tf.float32), "float64"),
    (
      lambda z: tf.while_loop(lambda x: x[0, 0] < 9, lambda x: [x + 1], [z])[0],
      "Enter",
    ),
    (
      lambda z: tf.cond(z[0, 0] > 0, lambda: z, lambda: 2.0 * z),
      "Switch",
    ),
  ],
)
def test_what_old_readers_cannot_read_is_refused(function, message):
  with pytest.raises(ValueError, match=message):
    _frozen(function)


def test_attributes_of_later_versions_are_refused():
  made = _frozen(lambda z: z + z)
  made.node[-1].attr["grad_a"].b = True
  with pytest.raises(ValueError, match="the attribute grad_a"):
    frozen_graph.require_plain(made)


def test_what_is_no_frozen_graph(tmp_path):
  (tmp_path / "text.pb").write_text("This is text.")
  with pytest.raises(ValueError, match="is not a frozen g"):
    frozen_graph.read(str(tmp_path / "text.pb"))
  with pytest.raises(FileNotFoundError, match="There is no frozen graph"):
    frozen_graph.read(str(tmp_path / "none.pb"))
  (tmp_path / "empty.pb").write_bytes(b"")
  with pytest.raises(ValueError, match="0 inputs and 0 outputs"):
    frozen_graph.read(str(tmp_path / "empty.pb"))


def test_pooling_is_not_taken_for_a_convolution():
  def pool(z):
    return tf.nn.max_pool2d(tf.reshape(z, [1, 2, 2, 1]), 2, 2, "VALID")

  np.testing.assert_array_equal(_run(_frozen(pool), _Z), [[[[2.0]]]])
