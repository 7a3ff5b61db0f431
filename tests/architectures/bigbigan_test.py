"""The paper's networks: BigGAN's trunk, and an encoder that samples."""

from compare_gan.architectures import abstract_arch
from compare_gan.context import draws
from compare_gan.context import scope
from compare_gan.context import state
import gin
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow's kernels compute networks")

_NAME = "bigbigan_arch"
_NARROW = """
  bigbigan.Generator.ch = 4
  bigbigan.JointDiscriminator.ch = 8
  bigbigan.JointDiscriminator.units = 6
  bigbigan.JointDiscriminator.blocks = 2
  bigbigan.Encoder.ch = 4
  bigbigan.Encoder.units = 1
  bigbigan.Encoder.mlp_units = 6
"""


def _encoder(size=32, z_dim=8, *bindings):
  gin.parse_config([_NARROW, *bindings])
  return abstract_arch.make_encoder(_NAME, (size, size, 3), z_dim)


def test_sample_is_mean_plus_deviation_times_noise():
  e = _encoder()
  x = tf.random.stateless_uniform([3, 32, 32, 3], [0, 1])
  with draws.seeded([1, 2]):
    out = e(x, False)
  with draws.seeded([1, 2]):
    noise = draws.normal([3, 8])
  assert out.stddev.numpy().min() > 0
  np.testing.assert_allclose(
    out.sample, out.mean + out.stddev * noise, rtol=1e-6
  )
  with draws.seeded([1, 2], first=2):
    np.testing.assert_allclose(e(x[2:], False).sample, out.sample[2:], 1e-4)


def test_deterministic_encoder():
  e = _encoder(32, 8, "bigbigan.Encoder.stochastic = False")
  out = e(tf.ones([2, 32, 32, 3]), True)
  assert out.stddev is None
  np.testing.assert_array_equal(out.sample, out.mean)
  assert not any("stddev" in v.name for v in e.variables)


@pytest.mark.parametrize("size", [32, 64, 128])
def test_last_map_has_4_pixels(size):
  e = _encoder(size)
  last, seen = e.stacks[-1], []

  def spy(x, is_training):
    seen.append(tuple(x.shape))
    return last(x, is_training)

  e.stacks[-1] = spy
  e(tf.ones([1, size, size, 3]), False)
  assert seen == [(1, 4, 4, 32)]


def test_encoder_has_the_options_of_e():
  e = _encoder(32, 8, "E.batch_norm_fn = @batch_norm", "E.spectral_norm = True")
  names = [scope.full_name(v) for v in e.variables]
  assert "encoder/B1/unit1/bn1/gamma" in names
  assert "encoder/B1/unit1/conv1/kernel/u_var" in names
  assert "encoder/final_norm/gamma" in names


def test_parts_of_the_discriminator():
  gin.parse_config([_NARROW, "D.spectral_norm = True"])
  d = abstract_arch.make_joint_discriminator(_NAME, (32, 32, 3), 5, 2)
  names = {scope.full_name(v): tuple(v.shape) for v in d.variables}
  assert names["discriminator/F/final_fc/kernel"] == (16, 1)
  assert names["discriminator/F/embedding_fc/kernel"] == (2, 16)
  assert names["discriminator/H/block1/linear1/kernel"] == (5, 6)
  assert names["discriminator/J/block1/linear1/kernel"] == (16 + 6, 6)
  assert "discriminator/J/fc/kernel/u_var" in names
  x = tf.random.stateless_uniform([2, 32, 32, 3], [0, 1])
  z, y = tf.ones([2, 5]), tf.one_hot([0, 1], 2)
  with state.frozen():
    out, of_f = d(x, z, y, True), d.f(x, y, True)
  np.testing.assert_allclose(out.s_x, of_f.logits, rtol=1e-6)


def test_without_labels_there_is_no_projection():
  gin.parse_config(_NARROW)
  d = abstract_arch.make_joint_discriminator(_NAME, (32, 32, 3), 5, 0)
  assert d.f.scores.embedding is None
  assert d(tf.ones([1, 32, 32, 3]), tf.ones([1, 5]), None, True).s_x.shape == (
    1,
    1,
  )


def test_generator_is_biggans():
  gin.parse_config([_NARROW, "resnet_biggan.Generator.embed_y_dim = 7"])
  with scope.building(allocate=False):
    g = abstract_arch.make_generator(_NAME, 20, (32, 32, 3), 3)
  shapes = {v.name: v.shape for v in g.variables}
  assert shapes["generator/embed_y/kernel"] == (3, 7)
  assert shapes["generator/fc_noise/kernel"] == (5, 4 * 4 * 16)


def test_odd_width_is_refused():
  with pytest.raises(ValueError, match="ch = 3.*even.*bigbigan.Encoder.ch"):
    _encoder(32, 8, "bigbigan.Encoder.ch = 3")
