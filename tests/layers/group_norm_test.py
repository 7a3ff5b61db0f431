"""Group and instance normalisation: moments of one image."""

from compare_gan.layers import group_norm
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow's ops compute a layer")


def _call(norm, x):
  return norm(tf.constant(x, tf.float32), None, None, True).numpy()


def test_groups_are_neighbouring_channels():
  # 1 and 2 are a group, 3 and 4 another: each minus its mean is -+0.5.
  y = _call(group_norm.GroupNorm(4, groups=2), [[1.0, 2.0, 3.0, 4.0]])
  np.testing.assert_allclose(y, [[-1, 1, -1, 1]], atol=3e-5)
  np.testing.assert_allclose(np.abs(y), 0.99998, atol=1e-6)


def test_an_instance_is_a_channel_of_an_image():
  x = np.zeros([2, 1, 2, 2])
  x[0, 0, :, 0], x[0, 0, :, 1], x[1, 0, :, 0] = [1, 3], [10, 30], [5, 5]
  y = _call(group_norm.InstanceNorm(2), x)
  np.testing.assert_allclose(y[0, 0], [[-1, -1], [1, 1]], atol=1e-4)
  np.testing.assert_allclose(y[1], 0.0, atol=1e-6)


def test_a_large_mean_loses_no_digits():
  y = _call(group_norm.GroupNorm(2, groups=1), [[10000.0, 10001.0]])
  np.testing.assert_allclose(y, [[-1, 1]], atol=1e-3)


def test_channels_that_no_group_divides_are_refused():
  with pytest.raises(ValueError, match=r"group_norm\.groups = 3.*4 channels"):
    group_norm.GroupNorm(4, groups=3)


def test_a_group_of_one_number_is_refused():
  with pytest.raises(ValueError, match=r"single number.*group_norm\.groups"):
    _call(group_norm.InstanceNorm(3), [[1.0, 2.0, 3.0]])


def test_bfloat16_stays_bfloat16():
  x = tf.cast([[1.0, 2.0]], tf.bfloat16)
  assert group_norm.GroupNorm(2, groups=1)(x, None, None, True).dtype == x.dtype
