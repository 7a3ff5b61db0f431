"""The model card's networks, row by row."""

from compare_gan.architectures import abstract_arch
from compare_gan.architectures import bigbigan_small
from compare_gan.context import draws
from compare_gan.context import scope
from compare_gan.context import state
from compare_gan.layers import resample
from compare_gan.layers.spectral_norm import SpectralNorm
import gin
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow's kernels compute networks")

_NAME = "bigbigan_small_arch"
_NARROW = """
  bigbigan_small.Generator.ch = 8
  bigbigan_small.JointDiscriminator.ch = 8
  bigbigan_small.JointDiscriminator.units = 6
  bigbigan_small.Encoder.ch = 4
  bigbigan_small.Encoder.units = 6
"""


def _generator(size=32, colors=1, classes=10, z_dim=100):
  return abstract_arch.make_generator(
    _NAME, z_dim, (size, size, colors), classes
  )


def _discriminator(size=32, colors=1, classes=10, z_dim=100):
  return abstract_arch.make_joint_discriminator(
    _NAME, (size, size, colors), z_dim, classes
  )


def _encoder(size=32, colors=1, z_dim=100):
  return abstract_arch.make_encoder(_NAME, (size, size, colors), z_dim)


def _count(module):
  return sum(int(np.prod(v.shape)) for v in module.trainable_variables)


def _shapes(module):
  return {v.name: tuple(v.shape) for v in module.trainable_variables}


def test_parameters_of_the_card():
  """For MNIST with 10 classes: BB1, BB5, BB6, BB7 and BB8."""
  with scope.building(allocate=False):
    g, d, e = _generator(), _discriminator(), _encoder()
  assert _count(g) == 2081201
  assert _count(d.f) == 2368986
  assert _count(d.h) == 42113
  assert _count(d.j) == 70273
  assert _count(e) == 550948


def test_parts_of_z_and_the_label():
  """4 x 25; an embedding of 32 beside all but the first."""
  with scope.building(allocate=False):
    shapes = _shapes(_generator())
  assert shapes["generator/fc_noise/kernel"] == (25, 4 * 4 * 256)
  assert shapes["generator/embed_y/kernel"] == (10, 32)
  for i, channels in (1, 256), (2, 256), (3, 128):
    gamma = f"generator/B{i}/bn1/condition/gamma"
    assert shapes[f"{gamma}/kernel"] == (57, channels)
    assert shapes[f"{gamma}/bias"] == (channels,)
  assert shapes["generator/attention/g/kernel"] == (1, 1, 128, 16)
  with scope.building(allocate=False):
    shapes = _shapes(_generator(classes=0))
  assert shapes["generator/B1/bn1/condition/gamma/kernel"] == (25, 256)
  assert not any("embed" in name for name in shapes)


def test_first_part_of_z_does_not_meet_the_label():
  gin.parse_config(_NARROW)
  g = _generator(classes=2, z_dim=8)
  seen = []
  for stage, (block, _) in enumerate(g.stages):

    def spy(x, z, y, is_training, block=block):
      seen.append(y.numpy())
      return block(x, z, y, is_training)

    g.stages[stage] = (spy, None)
  g(tf.constant([np.arange(8.0)], tf.float32), tf.one_hot([1], 2), True)
  e = g.embed_y(tf.one_hot([1], 2), True).numpy()
  for i, cond in enumerate(seen):
    np.testing.assert_array_equal(cond[:, :2], [[2 * i + 2, 2 * i + 3]])
    np.testing.assert_array_equal(cond[:, 2:], e)


def _state_free(module, *inputs):
  with state.frozen():
    return module(*inputs, True).numpy()


def test_attention_is_the_identity_at_first_and_its_formula_then():
  attend = bigbigan_small.Attention(8)
  for i, v in enumerate(attend.trainable_variables):
    if "kernel" in v.name:
      v.assign(tf.random.stateless_normal(v.shape, [1, i]))
  x = tf.random.stateless_normal([2, 3, 3, 8], [0, 1])
  np.testing.assert_array_equal(_state_free(attend, x), x)
  attend.gamma.assign(2.0)

  def conv(layer, x):
    kernel = layer.kernel(False).numpy()[0, 0]
    return x @ kernel + layer.bias.numpy()

  flat = x.numpy().reshape(2, 9, 8)
  f, g, h = (conv(layer, flat) for layer in (attend.f, attend.g, attend.h))
  s = np.exp(g @ f.transpose(0, 2, 1))
  weights = s / s.sum(axis=-1, keepdims=True)
  expected = flat + 2.0 * conv(attend.v, weights @ h)
  np.testing.assert_allclose(
    _state_free(attend, x).reshape(2, 9, 8), expected, rtol=1e-4, atol=1e-5
  )


def test_up_block_whose_gamma_and_beta_are_0_is_its_shortcut():
  block = bigbigan_small.UpBlock(4, 3, 2, "B1")
  x = tf.random.stateless_normal([2, 4, 4, 4], [0, 1])
  y = tf.ones([2, 2])
  for bn in (block.bn1, block.bn2):  # ReLU(0) is all the convolutions see.
    for linear in (bn.gamma, bn.beta):
      linear.kernel.kernel.assign(tf.zeros_like(linear.kernel.kernel))
  kernel = block.shortcut.kernel(False)
  expected = tf.nn.conv2d(resample.nearest(x), kernel, 1, "SAME")
  np.testing.assert_allclose(
    _state_free(block, x, None, y), expected, rtol=1e-5, atol=1e-6
  )


def test_gamma_has_a_bias_and_no_1_added():
  block = bigbigan_small.UpBlock(4, 3, 2, "B1")
  assert isinstance(block.conv1.kernel, SpectralNorm)
  assert not isinstance(block.bn1.gamma.kernel, SpectralNorm)
  for linear in (block.bn1.gamma, block.bn1.beta):
    linear.kernel.kernel.assign(tf.zeros_like(linear.kernel.kernel))
  block.bn1.gamma.bias.assign([3.0] * 4)
  x = tf.random.stateless_normal([8, 4, 4, 4], [0, 1])
  with state.frozen():
    y = block.bn1(x, None, tf.ones([8, 2]), True).numpy()
  np.testing.assert_allclose(y.std(axis=(0, 1, 2)), 3.0, rtol=1e-2)


def test_down_block_by_hand():
  block = bigbigan_small.DownBlock(1, 1, "B1")
  with state.frozen():
    zeros = block(-tf.ones([1, 2, 2, 1]), None, None, True)
  # ReLU(-1) = 0 in the path; a 1x1 kernel over its norm is +-1 in the shortcut.
  sign = np.sign(block.shortcut.kernel.kernel.numpy().item())
  np.testing.assert_allclose(zeros.numpy().ravel(), [-sign], rtol=1e-5)


def test_last_block_has_no_relu_at_its_entrance():
  block = bigbigan_small.LastBlock(1, "B4")
  x = -tf.ones([1, 3, 3, 1])
  kernels = []
  for conv in (block.conv1, block.conv2):
    conv.kernel.kernel.assign(-tf.ones([3, 3, 1, 1]))
    kernels.append(conv.kernel(False))
  h = tf.nn.relu(tf.nn.conv2d(x, kernels[0], 1, "SAME"))
  expected = x + tf.nn.conv2d(h, kernels[1], 1, "SAME")
  assert float(tf.reduce_max(h)) > 0
  np.testing.assert_allclose(
    _state_free(block, x, None, None), expected, rtol=1e-5
  )


def test_features_are_sums_and_the_score_knows_the_class():
  gin.parse_config(_NARROW)
  d = _discriminator(classes=2, z_dim=8)
  assert not isinstance(d.f.scores.linear.kernel, SpectralNorm)
  assert not isinstance(d.f.scores.embedding.kernel, SpectralNorm)
  x = tf.random.stateless_uniform([2, 32, 32, 1], [0, 1])
  with state.frozen():
    f, s_x = d.f(x, tf.one_hot([0, 1], 2), True)
    _, other = d.f(x, tf.one_hot([0, 0], 2), True)
  assert f.shape == (2, 32)
  linear, table = d.f.scores.linear, d.f.scores.embedding.kernel.kernel.numpy()
  expected = f @ linear.kernel.kernel + linear.bias
  expected += np.sum(table * f.numpy(), axis=1, keepdims=True)
  np.testing.assert_allclose(s_x, expected, rtol=1e-4, atol=1e-5)
  np.testing.assert_allclose(other[0], s_x[0], rtol=1e-5)
  assert not np.allclose(other[1], s_x[1])


def test_dropout_is_drawn_in_training_only():
  gin.parse_config(_NARROW)
  d, e = _discriminator(classes=0, z_dim=8), _encoder(z_dim=8)
  x, z = tf.ones([2, 32, 32, 1]), tf.ones([2, 8])
  with state.frozen():
    with draws.seeded([1, 1]):
      scores = d(x, z, None, True)
      code = e(x, True).sample
    # Both rows are the same but for what they lose.
    np.testing.assert_allclose(scores.s_x[0], scores.s_x[1], rtol=1e-5)
    for score in (scores.s_z, scores.s_xz):
      assert not np.allclose(score[0], score[1], rtol=1e-5)
    assert not np.allclose(code[0], code[1])
    scores, code = d(x, z, None, False), e(x, False).sample
  for score in scores:
    np.testing.assert_allclose(score[0], score[1], rtol=1e-5)
  np.testing.assert_allclose(code[0], code[1], rtol=1e-5)


def test_encoder_sees_64_pixels():
  """15 pixels after the pool, 8 and 4 after the halvings."""
  gin.parse_config(_NARROW)
  for size in (32, 64):
    e = _encoder(size, z_dim=8)
    seen = []
    for i, stack in enumerate(list(e.stacks)):

      def spy(x, is_training, stack=stack, seen=seen):
        seen.append(tuple(x.shape))
        return stack(x, is_training)

      e.stacks[i] = spy
    out = e(tf.ones([2, size, size, 1]), True)
    assert seen == [(2, 15, 15, 4), (2, 8, 8, 8), (2, 4, 4, 16)]
    assert out.sample.shape == (2, 8) and out.stddev is None


@pytest.mark.parametrize("size,blocks", [(64, 4), (128, 5)])
def test_larger_images_have_more_blocks(size, blocks):
  gin.parse_config(_NARROW)
  z_dim = 2 * (blocks + 1)
  g, d = _generator(size, 3, 2, z_dim), _discriminator(size, 3, 2, z_dim)
  assert len(g.stages) == blocks and len(d.f.stages) == blocks + 1
  z, y = tf.ones([1, z_dim]), tf.one_hot([0], 2)
  images = g(z, y, True)
  assert images.shape == (1, size, size, 3)
  assert d(images, z, y, True).s_xz.shape == (1, 1)
  assert sum(attend is not None for _, attend in g.stages) == 1
  assert g.stages[1][1] is not None  # behind the block that makes 16 pixels
  assert d.f.stages[-4][1] is not None


def test_weights_start_truncated_or_orthogonal():
  gin.parse_config("weights.initializer = 'truncated'")
  kernel = _encoder().linear.kernel.kernel.numpy()
  assert np.abs(kernel).max() <= 0.04
  assert kernel.std() == pytest.approx(0.0176, rel=0.02)
  gin.parse_config("weights.initializer = 'orthogonal'")
  kernel = _encoder().linear.kernel.kernel.numpy()
  np.testing.assert_allclose(kernel.T @ kernel, np.eye(100), atol=1e-5)


@pytest.mark.parametrize(
  "binding,make,message",
  [
    ("", lambda: _generator(z_dim=10), "z_dim = 10.*multiple of 4"),
    ("", lambda: _generator(size=28), "28x28.*32, 64, 128"),
    ("G.spectral_norm = True", _generator, "G.spectral_norm = True.*fixes"),
    ("E.batch_norm_fn = @batch_norm", _encoder, "E.batch_norm_fn.*are fixed"),
    ("bigbigan_small.Encoder.ch = 3", _encoder, "ch = 3.*even"),
  ],
)
def test_what_cannot_be_is_refused(binding, make, message):
  gin.parse_config(binding)
  with scope.building(allocate=False), pytest.raises(ValueError, match=message):
    make()
