"""Crops whose places can be read off."""

from compare_gan.datasets import tfds_crops
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.datasets import pictures

pytestmark = pytest.mark.versions("images are resized by TensorFlow")


def test_middle_crop():
  image = tf.constant(pictures.pixels(0, 4, 8))
  found = tfds_crops.middle_crop(image, (4, 4, 3))
  expected = pictures.pixels(0, 4, 8)[:, 2:6] / np.float32(255)
  np.testing.assert_allclose(found, expected, atol=1e-6)


def test_distorted_crops_are_squares_of_half_the_area_or_more():
  # Values are places: where a crop begins and ends can be read off.
  y, x = np.mgrid[:100, :100]
  image = tf.constant(np.stack([y, x, 0 * x], axis=-1).astype(np.uint8))
  sides = []
  for u in np.random.RandomState(0).uniform(size=[50, 3]).astype(np.float32):
    found = 255 * tfds_crops.distorted_crop(image, (50, 50, 3), u).numpy()
    heights = found[-1, 0, 0] - found[0, 0, 0]
    widths = found[0, -1, 1] - found[0, 0, 1]
    np.testing.assert_allclose(heights, widths, atol=1e-3)
    sides.append(heights * 50 / 49)
  assert 69.9 < min(sides) < 75 and 95 < max(sides) < 102


def test_distorted_crop_of_a_very_long_image():
  image = tf.constant(pictures.pixels(0, 4, 40))
  for u in ([0.0, 0.0, 0.0], [0.999, 0.999, 0.999]):
    found = tfds_crops.distorted_crop(image, (4, 4, 3), tf.constant(u))
    first = int(36.99 * u[2])
    expected = pictures.pixels(0, 4, 40)[:, first : first + 4] / 255.0
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize(
  "method,first", [("middle", 18), ("random", 36), ("none", None)]
)
def test_crops_of_imagenet_by_name(method, first):
  gin.parse_config(f"train_imagenet_transform.crop_method = '{method}'")
  image = tf.constant(pictures.pixels(0, 4, 40))
  found = tfds_crops.imagenet(image, (4, 4, 3), tf.constant([0.0, 0.0, 0.999]))
  expected = pictures.pixels(0, 4, 40) / np.float32(255)
  # All of it, squeezed, has every tenth column.
  columns = slice(None, None, 10) if first is None else slice(first, first + 4)
  np.testing.assert_allclose(found, expected[:, columns], atol=1e-6)
