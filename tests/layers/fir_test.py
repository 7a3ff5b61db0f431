"""Filters on images by hand, and against numbers recorded from StyleGAN2's."""

import json
import pathlib

from compare_gan.layers import fir
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow's ops compute a layer")

_RECORDED = json.loads(
  (
    pathlib.Path(__file__).parents[1] / "golden/modern/ops_resampling.json"
  ).read_text()
)


def _column(pixels):
  """Returns pixels as the middle of an image that is constant along rows."""
  return tf.constant(
    np.tile(np.float32(pixels)[None, :, None, None], [1, 1, 8, 1])
  )


def _inside(x):
  return x.numpy()[0, :, x.shape[2] // 2, 0]


def _images():
  rng = np.random.RandomState(_RECORDED["seed"])
  return tf.constant(rng.randn(*_RECORDED["shape"]).astype(np.float32))


def _recorded(name):
  found = _RECORDED["values"][name]
  return np.reshape(found["values"], found["shape"])


def test_upsample_along_an_axis():
  found = fir.upsample(_column([4.0, 8.0]))
  np.testing.assert_allclose(_inside(found), [3.0, 5.0, 7.0, 6.0])


def test_downsample_along_an_axis():
  found = fir.downsample(_column([8.0, 16.0, 0.0, 8.0]))
  np.testing.assert_allclose(_inside(found), [9.0, 5.0])


def test_a_constant_loses_a_quarter_at_each_border():
  found = fir.upsample(tf.ones([1, 3, 3, 1])).numpy()[0, :, :, 0]
  assert (found[1:-1, 1:-1] == 1.0).all()
  assert (found[0, 1:-1] == 0.75).all() and (found[1:-1, -1] == 0.75).all()
  assert found[0, 0] == found[-1, -1] == 0.5625


def test_smooth_pads_before_and_after():
  found = fir.smooth(_column([8.0, 16.0]), 3, 1, gain=2.0)
  assert found.shape == (1, 3, 9, 1)
  np.testing.assert_allclose(_inside(found)[0], 2.0 * 2.0)  # 1 x 8 / 8


def test_filters_that_are_not_symmetric_are_convolved():
  impulse = tf.reshape(tf.constant([0.0, 0.0, 1.0, 0.0, 0.0]), [1, 5, 1, 1])
  found = fir._smooth(impulse, 1, 1, 1, 6.0, (1.0, 2.0, 3.0), 1)
  np.testing.assert_allclose(found[0, :, 0, 0], [0, 1, 2, 3, 0])


def test_taps_of_a_low_pass_filter():
  assert fir.taps_of([1, 2, 1]) == fir.TAPS


@pytest.mark.parametrize("name", ["upsample", "downsample"])
def test_recorded(name):
  found = getattr(fir, name)(_images())
  np.testing.assert_allclose(found, _recorded(name), atol=1e-6)


@pytest.mark.parametrize("name", ["upsample", "downsample"])
@pytest.mark.parametrize("taps", [(1, 1), (1, 2, 4), (1, 2, 3, 4, 5, 6)])
def test_any_filter(name, taps):
  """Against zeros inserted, padding and a full convolution, by numpy."""
  doubles = name == "upsample"
  front = (len(taps) + 1) // 2 if doubles else (len(taps) - 1) // 2
  expected = _images().numpy()
  for axis in (1, 2):

    def along(row):
      spread = np.kron(row, [1.0, 0.0]) if doubles else row
      weights = np.array(taps) * (2.0 if doubles else 1.0) / np.sum(taps)
      # A convolution starts with len(taps) - 1 zeros in front.
      first = len(taps) - 1 - front
      kept = np.convolve(spread, weights)[first : first + len(spread)]
      return kept if doubles else kept[::2]

    expected = np.apply_along_axis(along, axis, expected)
  np.testing.assert_allclose(
    getattr(fir, name)(_images(), taps), expected, atol=1e-5
  )


@pytest.mark.parametrize("name", ["upsample", "downsample"])
def test_second_gradients(name):
  """d |d s / dx|^2 / dw of s = sum(w^2 op(x)^2) at one pixel, by hand."""
  op, x, w = getattr(fir, name), _images(), tf.Variable(0.5)
  with tf.GradientTape() as outer:
    with tf.GradientTape() as tape:
      tape.watch(x)
      s = tf.reduce_sum(tf.square(w * op(x)))
    slope = tf.reduce_sum(tf.square(tape.gradient(s, x)))
  # s is w^2 times a function of x, so |ds/dx|^2 is w^4 times one.
  np.testing.assert_allclose(outer.gradient(slope, w), 4 * slope / w, rtol=1e-5)


@pytest.mark.parametrize("name,size", [("upsample", 2), ("downsample", 0.5)])
def test_shapes_are_known_for_any_batch(name, size):
  function = tf.function(getattr(fir, name)).get_concrete_function(
    tf.TensorSpec([None, 8, 4, 3], tf.float32)
  )
  assert function.outputs[0].shape.as_list() == [None, 8 * size, 4 * size, 3]


def test_low_precision_stays_low():
  assert fir.upsample(tf.ones([1, 2, 2, 1], tf.bfloat16)).dtype == tf.bfloat16
