"""The non-local block: by hand, and in chunks against all at once."""

import functools
import itertools

from compare_gan.context import scope
from compare_gan.layers import attention
from compare_gan.layers import initializers
from compare_gan.layers.kernel import Kernel
from compare_gan.layers.spectral_norm import SpectralNorm
import gin
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow's ops compute a layer")

CHANNELS = 8
X = np.random.RandomState(0).randn(2, 4, 4, CHANNELS).astype(np.float32)
CHUNKS = [3, 5, 16, 100]  # Of 16 pixels.


def make(query_chunk=0, sigma=0.5, channels=CHANNELS):
  """A block whose weights are far from uniform."""

  def kernel_fn(shape):
    return Kernel(shape, initializers.normal(0.5))

  with scope.building(seed=1):
    block = attention.NonLocalBlock(
      channels, kernel_fn=kernel_fn, query_chunk=query_chunk
    )
  block.sigma.assign(sigma)
  return block


def by_numpy(block, x):
  """The block in the words of its docstring."""
  theta, phi, g, attn_g = (
    layer.kernel.kernel.numpy()[0, 0]
    for layer in (block.theta, block.phi, block.g, block.attn_g)
  )

  def pooled(image):  # [H, W, C] -> [HW / 4, C]
    height, width = image.shape[0] // 2, image.shape[1] // 2
    image = image[: 2 * height, : 2 * width]
    cells = image.reshape(height, 2, width, 2, -1)
    return cells.max(axis=(1, 3)).reshape(height * width, -1)

  result = []
  for image in x:
    queries = (image @ theta).reshape(-1, theta.shape[1])
    scores = np.exp(queries @ pooled(image @ phi).T)
    weights = scores / scores.sum(axis=1, keepdims=True)
    update = weights @ pooled(image @ g) @ attn_g
    result.append(image + block.sigma.numpy() * update.reshape(image.shape))
  return np.stack(result)


# ---- The block ---------------------------------------------------------------


def test_variables_in_order():
  with scope.scope("generator"):
    block = attention.NonLocalBlock(16)
  named = {scope.full_name(v): v.shape.as_list() for v in block.variables}
  assert list(named.items()) == [
    ("generator/non_local_block/conv2d_theta/kernel", [1, 1, 16, 2]),
    ("generator/non_local_block/conv2d_phi/kernel", [1, 1, 16, 2]),
    ("generator/non_local_block/conv2d_g/kernel", [1, 1, 16, 8]),
    ("generator/non_local_block/sigma", []),
    ("generator/non_local_block/conv2d_attn_g/kernel", [1, 1, 8, 16]),
  ]


def test_a_norm_reaches_all_four_convolutions():
  block = attention.NonLocalBlock(8, kernel_fn=SpectralNorm)
  vectors = [v for v in block.variables if not v.trainable]
  assert len(vectors) == 4


def test_a_block_starts_as_the_identity():
  block = attention.NonLocalBlock(CHANNELS)
  np.testing.assert_array_equal(block(tf.constant(X), is_training=True), X)


@pytest.mark.parametrize("shape", [(4, 4), (5, 5), (2, 6)])
def test_a_block_is_its_formula(shape):
  block = make()
  x = np.random.RandomState(1).randn(2, *shape, CHANNELS).astype(np.float32)
  np.testing.assert_allclose(
    block(tf.constant(x), is_training=True), by_numpy(block, x), atol=1e-5
  )


def test_channels_are_divided_and_rounded_down():
  block = make(channels=12)
  x = np.random.RandomState(1).randn(1, 4, 4, 12).astype(np.float32)
  assert block.theta.kernel.kernel.shape == [1, 1, 12, 1]
  np.testing.assert_allclose(
    block(tf.constant(x), is_training=True), by_numpy(block, x), atol=1e-5
  )


def test_too_few_channels_are_refused_with_what_to_change():
  with pytest.raises(ValueError) as error:
    attention.NonLocalBlock(7)
  for part in ("8 channels", "7", "blocks_with_attention"):
    assert part in str(error.value)


def test_a_negative_chunk_is_refused():
  gin.bind_parameter("non_local_block.query_chunk", -1)
  with pytest.raises(ValueError, match="non_local_block.query_chunk = -1"):
    attention.NonLocalBlock(8)


@pytest.mark.parametrize("query_chunk", [0, 5])
def test_a_block_keeps_the_type_of_its_input(query_chunk):
  y = make(query_chunk)(tf.constant(X, tf.float16), is_training=True)
  assert y.dtype == tf.float16
  np.testing.assert_allclose(y, by_numpy(make(), X), atol=0.05)


# ---- In chunks ---------------------------------------------------------------


def results(block, x):
  """The result, its gradients, and those of the norm of a gradient."""
  variables = block.trainable_variables
  with tf.GradientTape() as outer:
    outer.watch(x)
    with tf.GradientTape(persistent=True) as inner:
      inner.watch(x)
      y = block(x, is_training=True)
      total = tf.reduce_sum(tf.sin(y))
    d_x = inner.gradient(total, x)
    penalty = tf.reduce_sum(tf.square(d_x))
  return [
    y,
    d_x,
    *inner.gradient(total, variables),
    *outer.gradient(penalty, [x, *variables]),
  ]


@functools.cache
def dense_results():
  return results(make(), tf.constant(X))


def check_against_dense(actual):
  for a, b in zip(actual, dense_results()):
    scale = np.abs(b).max()
    assert scale > 1e-3
    np.testing.assert_allclose(a / scale, b / scale, atol=1e-5)


@pytest.mark.parametrize("query_chunk", CHUNKS)
def test_chunks_change_neither_result_nor_gradients(query_chunk):
  check_against_dense(results(make(query_chunk), tf.constant(X)))


def test_chunks_change_nothing_inside_a_function():
  block = make(10)
  function = tf.function(lambda x: results(block, x), autograph=False)
  check_against_dense(function(tf.constant(X)))


def test_gin_chooses_the_chunk(monkeypatch):
  gin.bind_parameter("non_local_block.query_chunk", 5)
  chunks = []

  def recording(queries, keys, values, chunk):
    chunks.append(chunk)
    return attention.attention(queries, keys, values)

  monkeypatch.setattr(attention, "chunked_attention", recording)
  attention.NonLocalBlock(8)(tf.constant(X), is_training=True)
  assert chunks == [5]


def attention_graph():
  """The operations of attention in chunks of 5 of 16, and of its gradients."""

  def step(*arrays):
    with tf.GradientTape() as tape:
      tape.watch(arrays)
      total = tf.reduce_sum(attention.chunked_attention(*arrays, 5) ** 2)
    return tape.gradient(total, arrays)

  specs = [tf.TensorSpec([2, n, 3], tf.float32) for n in (16, 4, 4)]
  function = tf.function(step, autograph=False)
  return function.get_concrete_function(*specs).graph.get_operations()


def ancestors(op):
  """All operations that must come before this one."""
  found, todo = set(), [op]
  while todo:
    op = todo.pop()
    before = [tensor.op for tensor in op.inputs] + list(op.control_inputs)
    todo += [o for o in before if o not in found]
    found.update(before)
  return found


def test_weights_are_computed_by_the_chunk_and_again_for_the_gradient():
  found = [op for op in attention_graph() if op.type == "Softmax"]
  sizes = [op.outputs[0].shape[1] for op in found]
  assert sorted(sizes) == [1, 1, 5, 5, 5, 5, 5, 5]


@pytest.mark.parametrize("passes", ["forward", "backward"])
def test_chunks_come_one_after_the_other(passes):
  operations = attention_graph()
  [result] = [op for op in operations if op.type == "ConcatV2"][:1]
  before = {op: ancestors(op) for op in operations if op.type == "Softmax"}
  is_forward = passes == "forward"
  chosen = [op for op in before if (op in ancestors(result)) == is_forward]
  assert len(chosen) == 4
  for one, other in itertools.combinations(chosen, 2):
    assert one in before[other] or other in before[one]


def test_cells_show_their_mean_or_their_maximum():
  x = np.random.RandomState(1).randn(2, 4, 4, CHANNELS).astype(np.float32)
  for pooling in ("max", "average"):
    with scope.building(seed=1):
      block = attention.NonLocalBlock(CHANNELS, pooling=pooling, use_bias=True)
    block.sigma.assign(1.0)
    # Keys do not tell cells apart: all see the mean of what the cells show.
    block.phi.kernel.kernel.assign(tf.zeros_like(block.phi.kernel.kernel))
    block.attn_g.bias.assign(tf.fill([CHANNELS], 7.0))
    g = np.einsum("nhwc,cd->nhwd", x, block.g.kernel.kernel.numpy()[0, 0])
    shown = g.reshape([2, 2, 2, 2, 2, CHANNELS // 2])
    shown = shown.max((2, 4)) if pooling == "max" else shown.mean((2, 4))
    seen = shown.mean((1, 2)) @ block.attn_g.kernel.kernel.numpy()[0, 0]
    expected = x + seen[:, None, None, :] + 7.0
    np.testing.assert_allclose(block(x, True), expected, atol=1e-5)


def test_another_pooling_is_refused():
  with pytest.raises(ValueError, match="pooling = 'sum'.*'max' or 'average'"):
    attention.NonLocalBlock(CHANNELS, pooling="sum")
