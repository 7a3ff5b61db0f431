"""Convolutions: sizes, padding, and sums done by hand."""

from compare_gan.context import scope
from compare_gan.layers import conv
from compare_gan.layers import initializers
from compare_gan.layers import resample
from compare_gan.layers.kernel import Kernel
from compare_gan.layers.spectral_norm import SpectralNorm
import gin
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow's ops compute a layer")


def ones_kernel(shape):
  return Kernel(shape, initializers.ones)


def normal_kernel(shape):
  return Kernel(shape, initializers.normal(1.0))


def image(pixels):
  return tf.constant(pixels, tf.float32)[None, :, :, None]


def named_shapes(layer):
  return [(scope.full_name(v), list(v.shape)) for v in layer.variables]


# ---- Conv2D ------------------------------------------------------------------


def test_conv_variables():
  assert named_shapes(conv.Conv2D(3, 4, 5, name="c")) == [
    ("c/kernel", [5, 5, 3, 4]),
    ("c/bias", [4]),
  ]
  without_bias = conv.Conv2D(3, 4, 1, use_bias=False)
  assert named_shapes(without_bias) == [("conv2d/kernel", [1, 1, 3, 4])]


def test_a_norm_comes_between_kernel_and_bias():
  assert named_shapes(conv.Conv2D(3, 4, kernel_fn=SpectralNorm, name="c")) == [
    ("c/kernel", [3, 3, 3, 4]),
    ("c/kernel/u_var", [27, 1]),
    ("c/bias", [4]),
  ]


def test_a_conv_of_ones_sums_the_neighbours_and_adds_the_bias():
  layer = conv.Conv2D(1, 1, 3, kernel_fn=ones_kernel)
  layer.bias.assign([100.0])
  y = layer(image([[1, 2, 3], [4, 5, 6], [7, 8, 9]]), is_training=True)
  expected = [[112, 121, 116], [127, 145, 133], [124, 139, 128]]
  np.testing.assert_allclose(y, image(expected))


def test_a_stride_pads_at_the_bottom_and_right():
  layer = conv.Conv2D(1, 1, 3, stride=2, kernel_fn=ones_kernel)
  y = layer(image(np.arange(16).reshape(4, 4)), is_training=True)
  # From 0 + 1 + 2 + 4 + 5 + 6 + 8 + 9 + 10 to 10 + 11 + 14 + 15.
  np.testing.assert_allclose(y, image([[45, 39], [66, 50]]))


@pytest.mark.parametrize("size", [1, 2, 7, 8, 13])
@pytest.mark.parametrize("kernel_size", [1, 3, 4, 5])
@pytest.mark.parametrize("stride", [1, 2])
def test_the_size_is_divided_by_the_stride_and_rounded_up(
  size, kernel_size, stride
):
  y = conv.Conv2D(3, 4, kernel_size, stride)(tf.ones([2, size, size, 3]), True)
  pixels = -(-size // stride)
  assert y.shape == [2, pixels, pixels, 4]


NO_BFLOAT16 = pytest.mark.skipif(
  tf.__version__.startswith("2.6."), reason="its CPU kernels give nothing"
)


@pytest.mark.parametrize(
  "dtype",
  [tf.float16, tf.float64, pytest.param(tf.bfloat16, marks=NO_BFLOAT16)],
)
def test_conv_keeps_the_type_of_its_input(dtype):
  layer = conv.Conv2D(1, 1, 3, kernel_fn=ones_kernel)
  y = layer(tf.ones([1, 3, 3, 1], dtype), is_training=True)
  assert y.dtype == dtype
  assert y[0, 1, 1, 0] == 9


@pytest.mark.parametrize(
  "layer, arguments",
  [(conv.Conv2D(1, 1, 3), []), (conv.Deconv2D(1, 1, 3, 1), [(2, 2)])],
)
def test_a_normalised_kernel_learns_whether_it_is_trained(layer, arguments):
  told = []
  layer.kernel = lambda is_training: (
    told.append(is_training) or tf.ones([3, 3, 1, 1])
  )
  for is_training in (True, False):
    layer(tf.ones([1, 2, 2, 1]), *arguments, is_training)
  assert told == [True, False]


# ---- Deconv2D ----------------------------------------------------------------


def test_deconv_variables_have_the_outputs_before_the_inputs():
  assert named_shapes(conv.Deconv2D(3, 4, 5, name="d")) == [
    ("d/kernel", [5, 5, 4, 3]),
    ("d/bias", [4]),
  ]


def test_deconv_by_hand():
  layer = conv.Deconv2D(1, 1, 2, stride=2)
  layer.kernel.kernel.assign(tf.reshape([1.0, 2.0, 3.0, 4.0], [2, 2, 1, 1]))
  layer.bias.assign([0.5])
  y = layer(image([[1, 10]]), (2, 4), is_training=True)
  np.testing.assert_allclose(
    y, image([[1.5, 2.5, 10.5, 20.5], [3.5, 4.5, 30.5, 40.5]])
  )


@pytest.mark.parametrize("size, stride", [(13, 2), (14, 2), (7, 1)])
@pytest.mark.parametrize("kernel_size", [3, 4, 5])
def test_deconv_is_the_adjoint_of_conv_at_each_size(size, stride, kernel_size):
  down = conv.Conv2D(2, 3, kernel_size, stride, kernel_fn=normal_kernel)
  up = conv.Deconv2D(3, 2, kernel_size, stride)
  up.kernel.kernel.assign(down.kernel.kernel)
  rng = np.random.RandomState(0)
  x = tf.constant(rng.randn(1, size, size, 2), tf.float32)
  y = tf.constant(rng.randn(1, 7, 7, 3), tf.float32)
  raised = up(y, (size, size), is_training=True)
  assert raised.shape == x.shape
  np.testing.assert_allclose(
    tf.reduce_sum(raised * x),
    tf.reduce_sum(y * down(x, is_training=True)),
    rtol=1e-3,
    atol=1e-3,
  )


def test_deconv_knows_its_size_for_any_batch():
  layer = conv.Deconv2D(3, 4)
  function = tf.function(lambda x: layer(x, (13, 14), True))
  concrete = function.get_concrete_function(
    tf.TensorSpec([None, 7, 7, 3], tf.float32)
  )
  assert concrete.outputs[0].shape.as_list() == [None, 13, 14, 4]


def test_deconv_keeps_the_type_of_its_input():
  layer = conv.Deconv2D(1, 1, 2, kernel_fn=ones_kernel)
  y = layer(tf.ones([1, 1, 1, 1], tf.float16), (2, 2), is_training=True)
  assert y.dtype == tf.float16


# ---- ScaledConv2D ------------------------------------------------------------


@pytest.mark.parametrize(
  "scale, prefix, size",
  [("up", "up_", 8), ("down", "down_", 2), ("none", "same_", 4)],
)
def test_a_scale_names_the_conv_and_changes_the_size(scale, prefix, size):
  layer = conv.ScaledConv2D(3, 4, 3, scale, name="conv1")
  assert named_shapes(layer) == [
    (f"{prefix}conv1/kernel", [3, 3, 3, 4]),
    (f"{prefix}conv1/bias", [4]),
  ]
  y = layer(tf.ones([2, 4, 4, 3]), is_training=True)
  assert y.shape == [2, size, size, 4]


def test_up_doubles_before_the_conv():
  layer = conv.ScaledConv2D(1, 1, 3, "up", kernel_fn=ones_kernel)
  y = layer(image([[1, 2]]), is_training=True)
  # Over 1 0 2 0 and a row of zeros.
  np.testing.assert_allclose(y, image([[1, 3, 2, 2], [1, 3, 2, 2]]))


def test_up_doubles_as_it_is_told():
  layer = conv.ScaledConv2D(
    1, 1, 1, "up", kernel_fn=ones_kernel, upsample=resample.nearest
  )
  y = layer(image([[1, 2]]), is_training=True)
  np.testing.assert_allclose(y, image([[1, 1, 2, 2], [1, 1, 2, 2]]))


def test_down_averages_after_the_conv():
  layer = conv.ScaledConv2D(1, 1, 3, "down", kernel_fn=ones_kernel)
  y = layer(image([[1, 0], [0, 0]]), is_training=True)
  np.testing.assert_allclose(y, image([[1]]))  # Before it: 1 / 4.


def test_an_unknown_scale_is_refused_with_what_would_do():
  with pytest.raises(ValueError) as error:
    conv.ScaledConv2D(3, 4, 3, "double")
  for part in ("'double'", "'up'", "'down'", "'none'"):
    assert part in str(error.value)


# ---- Folding -----------------------------------------------------------------


def _value_and_gradients(function, x, kernel, dy):
  with tf.GradientTape() as tape:
    tape.watch([x, kernel])
    y = function(x, kernel)
  return (y, *tape.gradient(y, [x, kernel], output_gradients=dy))


def _assert_folds(folded, plain, size, kernel_size):
  """The same value and gradients to rounding, from random numbers."""
  rng = np.random.RandomState(size + kernel_size)

  def normal(shape):
    return tf.constant(rng.randn(*shape), tf.float32)

  x = normal([2, size, size + 2, 3])
  kernel = normal([kernel_size, kernel_size, 3, 4])
  dy = normal(plain(x, kernel).shape)
  results = [
    _value_and_gradients(function, x, kernel, dy)
    for function in (folded, plain)
  ]
  for actual, expected in zip(*results):
    assert actual.shape == expected.shape
    scale = np.abs(expected).max()
    np.testing.assert_allclose(actual, expected, rtol=0, atol=2e-6 * scale)


@pytest.mark.parametrize("upsample", [resample.unpool, resample.nearest])
@pytest.mark.parametrize("size", [1, 4, 7])
@pytest.mark.parametrize("kernel_size", [1, 3, 5])
def test_folded_up_is_the_plain_one(upsample, size, kernel_size):
  _assert_folds(
    lambda x, kernel: conv.convolve_doubled(x, kernel, upsample),
    lambda x, kernel: conv.convolve_doubled_plainly(x, kernel, upsample),
    size,
    kernel_size,
  )


@pytest.mark.parametrize("size", [2, 7, 8])
@pytest.mark.parametrize("kernel_size", [1, 3, 5])
def test_folded_down_is_the_plain_one(size, kernel_size):
  _assert_folds(
    conv.convolve_halved, conv.convolve_halved_plainly, size, kernel_size
  )


def _kinds_of_op(scale, upsample=resample.unpool, dtype=tf.float32):
  layer = conv.ScaledConv2D(3, 4, 3, scale, upsample=upsample)
  graph = (
    tf.function(lambda x: layer(x, True))
    .get_concrete_function(tf.TensorSpec([2, 4, 4, 3], dtype))
    .graph
  )
  return {op.type for op in graph.get_operations()}


@pytest.mark.parametrize("upsample", [resample.unpool, resample.nearest])
def test_up_is_one_transposed_convolution_if_folded(upsample):
  for fold, is_folded in ((None, True), (True, True), (False, False)):
    gin.bind_parameter("conv.fold", fold)
    kinds = _kinds_of_op("up", upsample)
    assert ("Conv2DBackpropInput" in kinds) == is_folded
    assert ("Conv2D" in kinds) != is_folded


def test_down_has_no_pool_if_folded():
  for fold, is_folded in ((None, True), (True, True), (False, False)):
    gin.bind_parameter("conv.fold", fold)
    assert ("AvgPool" not in _kinds_of_op("down")) == is_folded


@NO_BFLOAT16
@pytest.mark.parametrize("scale", ["up", "down"])
@pytest.mark.parametrize("upsample", [resample.unpool, resample.nearest])
def test_a_folded_one_is_the_plain_one_to_the_digits_of_bfloat16(
  scale, upsample
):
  layer = conv.ScaledConv2D(16, 8, 3, scale, upsample=upsample)
  kernel = tf.cast(
    tf.random.stateless_normal([3, 3, 16, 8], [1, 1]), "bfloat16"
  )
  x = tf.cast(tf.random.stateless_normal([4, 8, 8, 16], [1, 2]), "bfloat16")
  shape = layer(x, True).shape
  dy = tf.cast(tf.random.stateless_normal(shape, [1, 3]), "bfloat16")

  def found(dtype: str, fold: bool) -> list[tf.Tensor]:
    layer.fold = fold
    given = [tf.cast(tensor, dtype) for tensor in (x, kernel, dy)]
    results = _value_and_gradients(layer._convolve, *given)
    return [tf.cast(result, tf.float32) for result in results]

  # Tests run without oneDNN, whose sums are more exact: 0.003 for both.
  for exact, folded in zip(found("float32", False), found("bfloat16", True)):
    assert np.std(folded - exact) < 0.03 * np.std(exact)


@pytest.mark.parametrize("upsample", [resample.unpool, resample.nearest])
def test_a_folded_convolution_has_a_padding_that_onednn_knows(upsample):
  layer = conv.ScaledConv2D(3, 4, 3, "up", upsample=upsample)
  graph = (
    tf.function(lambda x: layer(x, True))
    .get_concrete_function(tf.TensorSpec([2, 4, 4, 3]))
    .graph
  )
  [transposed] = [
    op for op in graph.get_operations() if op.type == "Conv2DBackpropInput"
  ]
  assert transposed.get_attr("padding") in (b"SAME", b"VALID")


def test_float16_is_not_folded_unless_told_otherwise():
  assert "AvgPool" in _kinds_of_op("down", dtype=tf.float16)
  gin.bind_parameter("conv.fold", True)
  assert "AvgPool" not in _kinds_of_op("down", dtype=tf.float16)


def test_an_upsampling_of_ones_own_is_not_folded():
  x = tf.ones([1, 2, 2, 1])
  kernel = tf.ones([3, 3, 1, 1])
  y = conv.convolve_doubled(x, kernel, lambda x: tf.zeros([1, 4, 4, 1]))
  np.testing.assert_array_equal(y, np.zeros([1, 4, 4, 1]))


def test_folded_sizes_are_known_for_any_batch():
  layer = conv.ScaledConv2D(3, 4, 3, "up")
  concrete = tf.function(lambda x: layer(x, True)).get_concrete_function(
    tf.TensorSpec([None, 5, 6, 3], tf.float32)
  )
  assert concrete.outputs[0].shape.as_list() == [None, 10, 12, 4]
