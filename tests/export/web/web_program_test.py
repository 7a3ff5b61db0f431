"""Programs for web pages: what JavaScript computes is what TensorFlow does."""

import json
import shutil
import subprocess

from compare_gan.export import frozen
from compare_gan.export.web import program_writer
from compare_gan.export.web import web_page
from compare_gan.export.web import web_program
import numpy as np
import pytest
import tensorflow as tf

from tests import plain_shell
from tests.export import generators

pytestmark = pytest.mark.versions("exports TensorFlow's graphs")

_NODE = shutil.which("node")
node_required = pytest.mark.skipif(_NODE is None, reason="there is no node")

_MAIN = """
const answers = JSON.parse(require("fs").readFileSync(0, "utf8")).map(
  ([program, weights, inputs]) => {
    const generator = new Generator(JSON.parse(program), weights);
    generator.run(inputs);
    return Array.from(generator.run(inputs)); // the second time as the first
  },
);
console.log(JSON.stringify(answers));
"""


def run_in_node(cases):
  """Returns the flat values of (packed program, weights, inputs) in node."""
  done = subprocess.run(
    [_NODE, "-e", web_page.engine_code("interpreter") + _MAIN],
    input=json.dumps(cases),
    env=plain_shell.environment(),
    capture_output=True,
    text=True,
  )
  assert not done.returncode, done.stderr
  return [np.array(values) for values in json.loads(done.stdout)]


class _Function:
  """A function of z in the place of a GAN."""

  num_classes = 0
  options = generators._Options()

  def __init__(self, function):
    self._function = function

  def generate(self, z, y=None, averaged=True):
    del y, averaged
    return self._function(z)


def _random(*shape):
  return np.random.RandomState(0).randn(*shape).astype(np.float32)


def _conv(image, strides, padding, size=3, **more):
  return tf.nn.conv2d(
    image, _random(size, size, 5, 2), strides, padding, **more
  )


def _deconv(image, shape, padding):
  return tf.nn.conv2d_transpose(image, _random(4, 4, 3, 5), shape, 2, padding)


def _resized(image, height, width, **flags):
  return tf.raw_ops.ResizeNearestNeighbor(
    images=image, size=[height, width], **flags
  )


# Functions of an image x [1, 4, 6, 5] and of the row z [1, 120] that it is.
_CASES = {
  "abs": lambda x, z: tf.abs(x),
  "elu": lambda x, z: tf.nn.elu(x),
  "exp": lambda x, z: tf.exp(x),
  "leaky_relu": lambda x, z: tf.nn.leaky_relu(x, 0.3),
  "log": lambda x, z: tf.math.log(x + 2.0),
  "neg": lambda x, z: -x,
  "relu": lambda x, z: tf.nn.relu(x),
  "relu6": lambda x, z: tf.nn.relu6(10.0 * x),
  "rsqrt": lambda x, z: tf.math.rsqrt(x + 2.0),
  "selu": lambda x, z: tf.nn.selu(x),
  "sigmoid": lambda x, z: tf.sigmoid(x),
  "softplus": lambda x, z: tf.nn.softplus(x),
  "sqrt": lambda x, z: tf.sqrt(x + 2.0),
  "square": lambda x, z: tf.square(x),
  "tanh": lambda x, z: tf.tanh(x),
  "softmax": lambda x, z: tf.nn.softmax(50.0 * x),
  # Pairs, one of which is repeated.
  "scalar": lambda x, z: 2.0 - x,
  "bias": lambda x, z: tf.nn.bias_add(x, _random(5)),
  "left": lambda x, z: _random(6, 5) / (x + 2.0),
  "middle": lambda x, z: x * _random(6, 1),
  "both": lambda x, z: x[:, :1] * x[:, :, :1],
  "one_image": lambda x, z: x - _random(1, 4, 6, 5),
  "old_add": lambda x, z: tf.raw_ops.Add(x=x, y=x),
  "add_n": lambda x, z: tf.add_n([x, 2.0 * x, x * x]),
  "maximum": lambda x, z: tf.maximum(x, 0.2 * x),
  "minimum": lambda x, z: tf.minimum(x, _random(5)),
  "squared_difference": lambda x, z: tf.math.squared_difference(x, 0.5),
  # Numbers on the move.
  "transpose": lambda x, z: tf.transpose(x, [0, 3, 1, 2]),
  "reverse": lambda x, z: tf.reverse(x, [1, 3]),
  "broadcast": lambda x, z: tf.broadcast_to(x[:, :, :1], [2, 4, 3, 5]),
  "tile": lambda x, z: tf.tile(x, [1, 2, 1, 3]),
  "slice": lambda x, z: tf.slice(x, [0, 1, 2, 0], [1, 2, 3, -1]),
  "strides": lambda x, z: x[:, 3:0:-2, ..., ::2],
  "new_axis": lambda x, z: x[:, 1, None, 2:],
  "number": lambda x, z: z[:, 7],
  "depth_to_space": lambda x, z: tf.nn.depth_to_space(
    tf.reshape(x, [1, 3, 2, 20]), 2
  ),
  "space_to_depth": lambda x, z: tf.nn.space_to_depth(x, 2),
  "nearest": lambda x, z: _resized(x, 8, 18),
  "nearest_centers": lambda x, z: _resized(x, 8, 18, half_pixel_centers=True),
  "split": lambda x, z: tf.concat(tf.split(x, 3, axis=2)[::-1], -1),
  "split_sizes": lambda x, z: tf.concat(tf.split(x, [1, 4], -1)[::-1], -1),
  "unstack": lambda x, z: tf.stack(tf.unstack(x, axis=2)[1:3], axis=1),
  "stack": lambda x, z: tf.stack([x, -x, _random(1, 4, 6, 5)], axis=-1),
  "concat": lambda x, z: tf.concat([x, x[:, :2], _random(1, 1, 6, 5)], 1),
  "pad": lambda x, z: tf.pad(x, [[0, 0], [1, 0], [2, 1], [0, 3]]),
  "pad_with": lambda x, z: tf.pad(
    x, [[0, 0], [0, 1], [1, 0], [0, 0]], constant_values=-7.0
  ),
  "expand_and_squeeze": lambda x, z: (
    tf.squeeze(tf.expand_dims(x, 3), [0]) + 1.0
  ),
  "aliases": lambda x, z: (
    tf.identity(tf.stop_gradient(x))
    + tf.cast(tf.cast(x, tf.float64), tf.float32)
  ),
  # Many numbers for one.
  "mean": lambda x, z: tf.reduce_mean(x, [1, 2], keepdims=True) + x,
  "sum": lambda x, z: tf.reduce_sum(x, -2),
  "max": lambda x, z: tf.reduce_max(x, [0, 3]),
  "min": lambda x, z: tf.reduce_min(x, 1),
  "max_pool": lambda x, z: tf.nn.max_pool2d(x, 3, 2, "SAME"),
  "max_pool_valid": lambda x, z: tf.nn.max_pool2d(x, [2, 3], [1, 2], "VALID"),
  # At the edge, the mean of what there is.
  "avg_pool": lambda x, z: tf.nn.avg_pool2d(x, 3, 2, "SAME"),
  # Products.
  "matmul": lambda x, z: tf.matmul(z, _random(120, 3)),
  "matmul_transposed": lambda x, z: tf.matmul(
    tf.reshape(x, [20, 6]), tf.reshape(z, [20, 6]), transpose_a=True
  ),
  "matmul_by_transposed": lambda x, z: tf.matmul(
    z, _random(3, 120), transpose_b=True
  ),
  "batches": lambda x, z: tf.matmul(
    tf.reshape(x, [2, 10, 6]), tf.reshape(x, [2, 10, 6]), transpose_b=True
  ),
  "old_batches": lambda x, z: tf.raw_ops.BatchMatMul(
    x=tf.reshape(x, [2, 10, 6]), y=_random(2, 6, 3)
  ),
  "mixed_batches": lambda x, z: tf.raw_ops.BatchMatMulV3(
    x=tf.reshape(x, [2, 10, 6]), y=_random(2, 6, 3), Tout=tf.float32
  ),
  "conv": lambda x, z: _conv(x, 1, "SAME"),
  "conv_halves": lambda x, z: _conv(x, 2, "SAME"),
  "conv_even_kernel": lambda x, z: _conv(x, [2, 1], "SAME", size=4),
  "conv_valid": lambda x, z: _conv(x, 1, "VALID"),
  "conv_padded": lambda x, z: _conv(x, 1, [[0, 0], [2, 0], [1, 3], [0, 0]]),
  "conv_by_z": lambda x, z: tf.nn.conv2d(
    x, tf.reshape(z[:, :20], [2, 2, 5, 1]), 1, "SAME"
  ),
  "deconv": lambda x, z: _deconv(x, [1, 8, 12, 3], "SAME"),
  "deconv_odd": lambda x, z: _deconv(x, [1, 7, 11, 3], "SAME"),
  "deconv_valid": lambda x, z: _deconv(x, [1, 10, 14, 3], "VALID"),
  "deconv_by_z": lambda x, z: tf.nn.conv2d_transpose(
    x, tf.reshape(z[:, :40], [2, 2, 2, 5]), [1, 8, 12, 2], 2, "SAME"
  ),
  # A choice that is made already: nothing is left of the other branch.
  "where": lambda x, z: (
    tf.where(tf.equal(tf.constant([1.0]), 1.0), x, tf.math.erf(x)) + 0.0
  ),
  "constants": lambda x, z: x * tf.math.erf(tf.math.cumsum(_random(5))),
}


def _of_image(function):
  return _Function(lambda z: function(tf.reshape(z, [1, 4, 6, 5]), z))


@node_required
def test_operations():
  z = np.random.RandomState(1).uniform(-1, 1, [1, 120]).astype(np.float32)
  packed, wanted, met = [], [], set()
  for name, function in _CASES.items():
    gan = _of_image(function)
    graph = frozen.freeze(gan)
    met |= {operation.type for operation in graph.operations}
    program = web_program.translate(graph)
    packed.append([*web_program.pack(program), {"z": z[0].tolist()}])
    wanted.append((name, gan.generate(tf.constant(z)).numpy()))
  for (name, want), got in zip(wanted, run_in_node(packed)):
    assert got.size == want.size, name
    np.testing.assert_allclose(
      got.reshape(want.shape), want, rtol=1e-5, atol=2e-6, err_msg=name
    )
  assert not set(web_program._RULES) - met, "rules without a case"


@pytest.mark.once
@pytest.mark.long
@generators.names
@node_required
def test_generators(name):
  gan = generators.make(name)
  given = generators.inputs(gan)
  program = web_program.translate(frozen.freeze(gan))
  inputs = {key: value[0].tolist() for key, value in given.items()}
  [got] = run_in_node([[*web_program.pack(program), inputs]])
  want = generators.image(gan, given)
  assert list(want.shape) == program.shape
  assert want.std() > 0.01  # There is something to see.
  np.testing.assert_allclose(got.reshape(want.shape), want, atol=1e-4)


@node_required
def test_generator_without_labels():
  gan = generators.make("resnet_cifar_arch", num_classes=0)
  given = generators.inputs(gan)
  program = web_program.translate(frozen.freeze(gan))
  assert set(program.inputs) == {"z"}
  inputs = {"z": given["z"][0].tolist()}
  [got] = run_in_node([[*web_program.pack(program), inputs]])
  want = generators.image(gan, given)
  np.testing.assert_allclose(got.reshape(want.shape), want, atol=1e-4)


@node_required
def test_half_of_the_weights_gives_nearly_the_same():
  gan = generators.make("dcgan_arch")
  given = generators.inputs(gan)
  program = web_program.translate(frozen.freeze(gan))
  inputs = {key: value[0].tolist() for key, value in given.items()}
  full, half = (web_program.pack(program, half) for half in (False, True))
  assert len(half[1]) < 0.52 * len(full[1])
  exact, rounded = run_in_node([[*full, inputs], [*half, inputs]])
  assert 0.0 < np.abs(exact - rounded).max() < 1 / 255


@node_required
def test_half_of_numbers_that_are_special():
  """The smallest ones, the signs, and those that do not fit at all."""
  numbers = np.float32([2.0**-24, -(2.0**-15), 65000.0, 1.5, -0.1, 0.0])
  large = np.float32([1e6, 1.0, 1.0, 1.0, 1.0, 1.0])
  z = np.zeros([1, 120], np.float32)
  cases = []
  for added in (numbers, large):
    gan = _Function(lambda z, added=added: z[:, :6] + added)
    program = web_program.translate(frozen.freeze(gan))
    cases.append([*web_program.pack(program, True), {"z": z[0].tolist()}])
  got = run_in_node(cases)
  np.testing.assert_array_equal(got[0], np.float16(numbers))
  np.testing.assert_array_equal(got[1], large)


@pytest.mark.parametrize(
  "function,message",
  [
    (lambda x, z: tf.math.erf(x), "Erf"),
    (lambda x, z: tf.image.resize(x, [7, 7]), "ResizeBilinear"),
    (lambda x, z: _resized(x, 6, 6), "multiples"),
    (lambda x, z: _conv(x, 1, "SAME", dilations=2), "dilated"),
    (
      lambda x, z: tf.nn.conv2d(x[..., :4], _random(3, 3, 2, 2), 1, "SAME"),
      "groups",
    ),
    (lambda x, z: _conv(tf.concat([x, x], 0), 1, "SAME"), "one image"),
    (
      lambda x, z: tf.matmul(
        tf.reshape(x, [2, 10, 6]), tf.reshape(x, [1, 6, 20])
      ),
      "as many matrices",
    ),
    (
      lambda x, z: tf.pad(x, [[0, 1]] * 4, constant_values=z[0, 0]),
      "as a constant",
    ),
  ],
)
def test_what_a_page_cannot_compute_is_named(function, message):
  graph = frozen.freeze(_of_image(function))
  with pytest.raises(program_writer.UnknownOperationError, match=message):
    web_program.translate(graph)
