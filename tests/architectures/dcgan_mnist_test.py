"""The conditional DCGAN of digits, held to the widths of its model card."""

from compare_gan.architectures import abstract_arch
from compare_gan.context import scope
from compare_gan.layers import batch_norm
import gin
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow's kernels compute networks")


def _networks(classes=10, z_dim=100, size=28, **building):
  gin.bind_parameter("G.batch_norm_fn", batch_norm.BatchNorm)
  gin.bind_parameter("D.batch_norm_fn", batch_norm.BatchNorm)
  with scope.building(**building):
    return (
      abstract_arch.make_generator(
        "dcgan_mnist_arch", z_dim, (size, size, 1), classes
      ),
      abstract_arch.make_discriminator(
        "dcgan_mnist_arch", (size, size, 1), classes
      ),
    )


def _count(network):
  return sum(int(np.prod(v.shape)) for v in network.trainable_variables)


def test_parameters_of_the_card():
  g, d = _networks(allocate=False)
  norms = 2 * (1024 + 7 * 7 * 128 + 128)  # a gamma and a beta each
  assert _count(g) == norms + (
    (100 + 10) * 1024
    + 1024
    + (1024 + 10) * 7 * 7 * 128
    + 7 * 7 * 128
    + 5 * 5 * (128 + 10) * 128
    + 128
    + 5 * 5 * (128 + 10) * 1
    + 1
  )
  assert _count(d) == 2 * (74 + 1024) + (
    5 * 5 * (1 + 10) * 11
    + 11
    + 5 * 5 * (11 + 10) * 74
    + 74
    + (7 * 7 * 74 + 10) * 1024
    + 1024
    + (1024 + 10) * 1
    + 1
  )


def _narrow():
  for kind in ("Generator", "Discriminator"):
    gin.bind_parameter(f"dcgan_mnist.{kind}.ch", 2)
    gin.bind_parameter(f"dcgan_mnist.{kind}.fc", 4)


def test_labels_stand_beside_every_input():
  """A kernel that sees nothing but labels makes images of labels."""
  _narrow()
  g, d = _networks(3, 5, 8, seed=1)
  shapes = {
    v.name.split(":")[0]: tuple(v.shape)
    for v in [*g.variables, *d.variables]
    if "kernel" in v.name
  }
  assert shapes == {
    "generator/g_fc1/kernel": (5 + 3, 4),
    "generator/g_fc2/kernel": (4 + 3, 2 * 2 * 4),
    "generator/g_dc1/kernel": (5, 5, 4, 4 + 3),
    "generator/g_dc2/kernel": (5, 5, 1, 4 + 3),
    "discriminator/d_conv1/kernel": (5, 5, 1 + 3, 1 + 3),
    "discriminator/d_conv2/kernel": (5, 5, 1 + 3 + 3, 2 + 3),
    "discriminator/d_fc3/kernel": (2 * 2 * 5 + 3, 4),
    "discriminator/d_fc4/kernel": (4 + 3, 1),
  }
  z, y = tf.ones([3, 5]), tf.eye(3)
  images = g(z, y, False).numpy()
  assert images.shape == (3, 8, 8, 1)
  assert len({image.tobytes() for image in images}) == 3
  logits = d(tf.zeros([3, 8, 8, 1]), y, False).logits.numpy()
  assert len(set(logits.ravel().tolist())) == 3


def test_images_are_sigmoids():
  _narrow()
  g, _ = _networks(0, 5, 8, seed=1)
  g.dc2.kernel.kernel.assign(tf.zeros_like(g.dc2.kernel.kernel))
  g.dc2.bias.assign([2.0])
  images = g(tf.ones([1, 5]), None, False)
  np.testing.assert_allclose(images, 1 / (1 + np.exp(-2.0)), rtol=1e-6)


def test_features_hold_the_labels():
  _narrow()
  _, d = _networks(3, 5, 8, seed=1)
  out = d(tf.zeros([3, 8, 8, 1]), tf.eye(3), False)
  np.testing.assert_array_equal(out.features[:, -3:], np.eye(3))


@pytest.mark.parametrize("size", [30, 31])
def test_other_sizes_are_refused(size):
  with pytest.raises(ValueError, match="multiples of 4"):
    _networks(size=size, allocate=False)
