"""Quarter turns against numpy's, which turns counterclockwise."""

from compare_gan.layers import rotation
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow's ops compute a layer")

IMAGES = np.arange(2 * 3 * 3 * 2, dtype=np.float32).reshape(2, 3, 3, 2)


def turned(quarters):
  return np.rot90(IMAGES, quarters, axes=(1, 2))


def test_a_quarter_turn_by_hand():
  x = tf.reshape(tf.constant([1, 2, 3, 4]), [1, 2, 2, 1])
  y = rotation.rotate_images(x, [90])
  np.testing.assert_array_equal(tf.reshape(y, [2, 2]), [[2, 4], [1, 3]])


@pytest.mark.parametrize("angle", [0, 90, 180, 270])
def test_each_angle_is_numpys(angle):
  y = rotation.rotate_images(tf.constant(IMAGES), [angle])
  np.testing.assert_array_equal(y, turned(angle // 90))


def test_all_images_of_an_angle_come_before_the_next():
  y = rotation.rotate_images(tf.constant(IMAGES))
  np.testing.assert_array_equal(
    y, np.concatenate([turned(quarters) for quarters in range(4)])
  )


def test_angles_come_in_the_order_given():
  y = rotation.rotate_images(tf.constant(IMAGES), (270, 0))
  np.testing.assert_array_equal(y, np.concatenate([turned(3), IMAGES]))
