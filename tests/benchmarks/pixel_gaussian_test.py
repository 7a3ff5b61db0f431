"""The baseline that knows each pixel of each class and nothing else."""

import numpy as np
import tensorflow as tf

from benchmarks import pixel_gaussian


class _Dataset:
  """Two classes; the second has one image."""

  num_classes = 2
  image_shape = (1, 1, 2)

  def in_order(self, split, batch_size):
    del batch_size
    assert split == "train"
    images = tf.constant([[0.2, 0.5], [0.9, 0.1], [0.4, 0.5]])
    yield {
      "images": tf.reshape(images, [3, 1, 1, 2]),
      "labels": tf.constant([0, 1, 0]),
    }


def test_each_pixel_of_each_class_has_its_mean_and_deviation():
  mean, deviation = pixel_gaussian.fit(_Dataset())
  np.testing.assert_allclose(mean[:, 0, 0], [[0.3, 0.5], [0.9, 0.1]], 1e-6)
  np.testing.assert_allclose(
    deviation[:, 0, 0], [[0.1, 0.0], [0.0, 0.0]], atol=1e-6
  )


def test_draws_are_those_of_their_class():
  fitted = np.array([[0.3], [0.8]]), np.array([[0.1], [0.0]])
  images, labels = pixel_gaussian.draw(
    [x.reshape(2, 1, 1, 1) for x in fitted], 4000, seed=1
  )
  np.testing.assert_allclose(images[labels == 1], 0.8, rtol=1e-6)
  first = images[labels == 0]
  np.testing.assert_allclose(first.mean(), 0.3, atol=0.01)
  np.testing.assert_allclose(first.std(), 0.1, atol=0.01)
  assert 1800 < len(first) < 2200


def test_draws_stay_in_range():
  fitted = np.full([1, 1, 1, 1], 0.9), np.full([1, 1, 1, 1], 0.5)
  images, _ = pixel_gaussian.draw(fitted, 100, seed=2)
  assert images.max() == 1.0
  assert images.min() >= 0.0
