"""Convolutions in groups, by hand and against plain ones."""

import textwrap

from compare_gan.context import scope
from compare_gan.export import frozen
from compare_gan.layers import grouped_conv
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests import plain_shell

pytestmark = pytest.mark.versions("the kernels of TensorFlow differ")

_GROUPS = 3


def _layer(**options):
  with scope.building(seed=1):
    return grouped_conv.GroupedConv2D(6, 9, 3, _GROUPS, **options)


def _images():
  rng = np.random.RandomState(0)
  return tf.constant(rng.randn(2, 5, 4, 6).astype(np.float32))


def _dense(layer):
  """Returns the kernel of a plain convolution: zeros between the groups."""
  kernel = layer.kernel.kernel.numpy()
  dense = np.zeros([3, 3, 6, 9], np.float32)
  for j in range(_GROUPS):
    dense[:, :, 2 * j : 2 * j + 2, 3 * j : 3 * j + 3] = kernel[
      ..., 3 * j : 3 * j + 3
    ]
  return tf.constant(dense)


def test_each_output_sees_its_group_by_hand():
  kernel = tf.reshape(tf.constant([1.0, 2.0]), [1, 1, 1, 2])
  x = tf.reshape(tf.constant([10.0, 100.0]), [1, 1, 1, 2])
  found = grouped_conv.convolve_split(x, kernel, 2)
  np.testing.assert_array_equal(found[0, 0, 0], [10.0, 200.0])


def test_is_a_plain_convolution_with_zeros_between_groups():
  layer = _layer()
  layer.bias.assign(tf.range(9.0))
  expected = tf.nn.conv2d(_images(), _dense(layer), 1, "SAME") + tf.range(9.0)
  np.testing.assert_allclose(layer(_images(), True), expected, atol=1e-6)


def _gradients(convolve, x, kernel):
  """Returns y, its gradient and that of the gradient's size."""
  with tf.GradientTape() as outer:
    outer.watch(kernel)
    with tf.GradientTape() as inner:
      inner.watch([x, kernel])
      y = convolve(x, kernel)
      y = tf.maximum(y, 0.2 * y)
      total = tf.reduce_sum(y**3)
    dx, dk = inner.gradient(total, [x, kernel])
    size = tf.reduce_sum(dx**2)
  return [y, dx, dk, outer.gradient(size, kernel)]


def check_native_groups():
  """In a graph, where TensorFlow rewrites, at the sizes of R3GAN's stages."""
  rng = np.random.RandomState(0)
  for size, groups, width in ((4, 12, 16), (16, 2, 16), (1, 3, 4)):
    channels = groups * width
    x = tf.constant(rng.randn(3, size, size, channels).astype(np.float32))
    k = 0.1 * rng.randn(3, 3, width, channels).astype(np.float32)
    found, expected = (
      tf.function(_gradients, autograph=False)(convolve, x, tf.constant(k))
      for convolve in (
        grouped_conv._convolve,
        lambda x, k, groups=groups: grouped_conv.convolve_split(x, k, groups),
      )
    )
    for one, other in zip(found, expected):
      scale = np.abs(other).max()
      np.testing.assert_allclose(one / scale, other / scale, atol=1e-6)


def test_gradients_are_those_of_a_plain_convolution():
  layer, found = _layer(), []
  dense = _dense(layer)
  for convolve, kernel in (
    (lambda x, k: layer(x, True), layer.kernel.kernel),
    (lambda x, k: tf.nn.conv2d(x, k, 1, "SAME"), dense),
  ):
    y, dx, dk, ddk = _gradients(convolve, _images(), kernel)
    if kernel is dense:
      dk, ddk = (
        tf.concat(
          [g[:, :, 2 * j : 2 * j + 2, 3 * j : 3 * j + 3] for j in range(3)], 3
        )
        for g in (dk, ddk)
      )
    found.append([y, dx, dk, ddk])
  for one, other in zip(*found):
    np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_gin_chooses_the_form():
  types = {}
  for native in (True, False):
    gin.bind_parameter("grouped_conv.native", native)
    layer = _layer()
    graph = tf.function(layer).get_concrete_function(_images(), True).graph
    types[native] = [op.type for op in graph.get_operations()]
  assert types[True].count("Conv2D") == 1
  assert types[False].count("Conv2D") == _GROUPS


def test_one_group_is_a_plain_convolution():
  layer = grouped_conv.GroupedConv2D(4, 2, 1, use_bias=False)
  assert layer.kernel.kernel.shape == [1, 1, 4, 2]
  assert layer(tf.ones([1, 2, 2, 4]), True).shape == [1, 2, 2, 2]


def test_frozen_graphs_hold_no_groups():
  """Native ones, if TensorFlow has them: a reader may not."""
  gin.bind_parameter("grouped_conv.native", True)
  layer = _layer()
  made = frozen.freeze_function(
    lambda x: layer(x, False), [tf.TensorSpec([1, 5, 4, 6], name="x")]
  )
  kernels = [
    op.inputs[1].shape for op in made.operations if op.type == "Conv2D"
  ]
  assert kernels == [[3, 3, 2, 3]] * _GROUPS


def test_channels_that_groups_do_not_divide_are_refused():
  with pytest.raises(ValueError, match="6 and 8 channels for 3 groups"):
    grouped_conv.GroupedConv2D(6, 8, 3, 3)


def test_a_network_that_is_only_counted_tries_nothing(monkeypatch):
  monkeypatch.setattr(
    grouped_conv, "_second_gradient", lambda *_: pytest.fail("was tried")
  )
  grouped_conv.works_on.cache_clear()
  with scope.building(allocate=False):
    _layer()


_WITH_ONEDNN = """
  from compare_gan.layers import grouped_conv
  from tests.layers import grouped_conv_test

  grouped_conv_test.test_gradients_are_those_of_a_plain_convolution()
  if grouped_conv.works_on("CPU"):
    grouped_conv_test.check_native_groups()
  print("the same")
"""


@pytest.mark.long
def test_onednn_computes_the_same():
  """The tests run without it, as TensorFlow does on some processors."""
  if tf.__version__.startswith("2.6."):
    pytest.skip("there it is an experiment, and ends processes")
  ran = plain_shell.run(
    ["-c", textwrap.dedent(_WITH_ONEDNN)],
    plain_shell.ROOT,
    TF_ENABLE_ONEDNN_OPTS=1,
  )
  assert "the same" in ran.stdout, ran.stderr
