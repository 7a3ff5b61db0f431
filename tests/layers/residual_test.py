"""The residual block: names, sizes, and sums by hand."""

from compare_gan.context import scope
from compare_gan.layers import resample
from compare_gan.layers import residual
from compare_gan.layers.batch_norm import BatchNorm
from compare_gan.layers.batch_norm import NoBatchNorm
from compare_gan.layers.spectral_norm import SpectralNorm
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow's ops compute a layer")


def batch_norm(channels, name):
  return BatchNorm(channels, name=name)


def no_norm(channels, name):
  return NoBatchNorm(channels, name=name)


def identity_kernels(name, shape, dtype):
  """A 1 in the middle of each 3x3 kernel of one channel; all biases 0."""
  del dtype
  value = np.zeros(shape)
  if name.endswith("kernel"):
    value[1, 1] = 1
  return value


def image(pixels):
  return tf.constant(pixels, tf.float32)[None, :, :, None]


def names(layer):
  return [scope.full_name(v) for v in layer.variables]


CASES = [
  # is_gen_block, scale, the two convolutions, the shortcut
  (True, "up", "up_conv1", "same_conv2", "up_conv_shortcut"),
  (True, "none", "same_conv1", "same_conv2", "same_conv_shortcut"),
  (False, "down", "same_conv1", "down_conv2", "down_conv_shortcut"),
  (False, "none", "same_conv1", "same_conv2", "same_conv_shortcut"),
]


@pytest.mark.parametrize("is_gen_block, scale, conv1, conv2, shortcut", CASES)
def test_variables_in_order(is_gen_block, scale, conv1, conv2, shortcut):
  with scope.scope("generator"):
    block = residual.ResidualBlock(
      3, 4, scale, is_gen_block, no_norm, name="B1"
    )
  expected = [
    f"generator/B1/{conv}/{kind}"
    for conv in (shortcut, conv1, conv2)
    for kind in ("kernel", "bias")
  ]
  assert names(block) == expected


def test_norms_come_before_their_convolutions():
  block = residual.ResidualPath(
    3, 4, "none", True, batch_norm, layer_norm=True, kernel_fn=SpectralNorm
  )
  shapes = {scope.full_name(v): v.shape for v in block.variables}
  layers = [name.rsplit("/", 1)[0] for name in shapes if "u_var" not in name]
  assert list(dict.fromkeys(layers)) == [
    "bn1",
    "ln1",
    "same_conv1",
    "bn2",
    "ln2",
    "same_conv2",
  ]
  assert shapes["same_conv1/kernel"] == [3, 3, 3, 4]
  assert shapes["same_conv2/kernel"] == [3, 3, 4, 4]
  assert shapes["bn1/gamma"] == shapes["ln1/gamma"] == [3]
  assert shapes["bn2/gamma"] == shapes["ln2/gamma"] == [4]
  assert shapes["same_conv1/kernel/u_var"] == [27, 1]


@pytest.mark.parametrize(
  "make", [residual.ResidualBlock, residual.ResidualPath]
)
@pytest.mark.parametrize("is_gen_block", [True, False])
@pytest.mark.parametrize("scale, size", [("up", 8), ("down", 2), ("none", 4)])
def test_sizes(make, is_gen_block, scale, size):
  block = make(3, 5, scale, is_gen_block, batch_norm, layer_norm=True)
  y = block(tf.ones([2, 4, 4, 3]), None, None, is_training=True)
  assert y.shape == [2, size, size, 5]


def test_a_block_is_path_plus_shortcut_without_a_last_activation():
  with scope.building(values=identity_kernels):
    block = residual.ResidualBlock(1, 1, "none", True, no_norm)
  y = block(image([[-1, 2]]), None, None, is_training=True)
  np.testing.assert_allclose(y, image([[-1, 4]]))  # relu(x) + x


def test_a_path_has_no_shortcut():
  with scope.building(values=identity_kernels):
    path = residual.ResidualPath(1, 1, "none", True, no_norm)
  y = path(image([[-1, 2]]), None, None, is_training=True)
  np.testing.assert_allclose(y, image([[0, 2]]))
  assert len(path.variables) == 4


def test_up_by_hand():
  with scope.building(values=identity_kernels):
    block = residual.ResidualBlock(1, 1, "up", True, no_norm)
  y = block(image([[-1, 2]]), None, None, is_training=True)
  np.testing.assert_allclose(y, image([[-1, 0, 4, 0], [0, 0, 0, 0]]))


def test_up_doubles_path_and_shortcut_as_it_is_told():
  with scope.building(values=identity_kernels):
    block = residual.ResidualBlock(
      1, 1, "up", True, no_norm, upsample=resample.nearest
    )
  y = block(image([[-1, 2]]), None, None, is_training=True)
  np.testing.assert_allclose(y, image([[-1, -1, 4, 4], [-1, -1, 4, 4]]))


def test_down_by_hand():
  with scope.building(values=identity_kernels):
    block = residual.ResidualBlock(1, 1, "down", False, no_norm)
  y = block(image([[-1, 2], [3, 4]]), None, None, is_training=True)
  # The means of 0 2 3 4 and of -1 2 3 4.
  np.testing.assert_allclose(y, image([[9 / 4 + 8 / 4]]))


@pytest.mark.parametrize(
  "pixels, bias, expected",
  [([-1, 2], 3, [3, 5]), ([2, 4], -3, [0, 1])],
  ids=["first", "second"],
)
def test_an_activation_comes_before_each_convolution(pixels, bias, expected):
  with scope.building(values=identity_kernels):
    path = residual.ResidualPath(1, 1, "none", True, no_norm)
  path.conv1.conv.bias.assign([bias])
  y = path(image([pixels]), None, None, is_training=True)
  np.testing.assert_allclose(y, image([expected]))


def test_normalisers_get_z_y_and_whether_they_are_trained():
  calls = []

  def norm(channels, name):
    def call(x, *arguments):
      calls.append((channels, name, *arguments))
      return x

    return call

  block = residual.ResidualBlock(3, 4, "none", True, norm)
  block(tf.ones([1, 4, 4, 3]), "z", "y", False)
  assert calls == [(3, "bn1", "z", "y", False), (4, "bn2", "z", "y", False)]


def test_a_layer_norm_follows_each_normaliser():
  inputs = []

  def norm(channels, name):
    def call(x, z, y, is_training):
      inputs.append(x)
      return tf.zeros_like(x)

    return call

  with scope.building(values=identity_kernels):
    path = residual.ResidualPath(1, 1, "none", True, norm, layer_norm=True)
  path.ln1.beta.assign([4.0])
  path.ln2.beta.assign([5.0])
  y = path(image([[1, 2]]), None, None, is_training=True)
  np.testing.assert_allclose(inputs[1], image([[4, 4]]))
  np.testing.assert_allclose(y, image([[5, 5]]))
