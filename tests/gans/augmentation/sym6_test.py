"""The paper's resampling by hand."""

from compare_gan.gans.augmentation import geometry
from compare_gan.gans.augmentation import sym6
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("depthwise convolutions filter it")


def _waves():
  """Returns a smooth image, [1, 12, 10, 2]."""
  y, x = np.mgrid[:12, :10].astype(np.float32)
  waves = [np.sin(0.6 * x), np.cos(0.4 * y)]
  return tf.constant(np.stack(waves, axis=-1)[None])


def _seen(x, **parameters):
  values = {
    name: tf.constant([v], tf.float32) for name, v in parameters.items()
  }
  return sym6.resample(x, geometry.inverse_matrix(values)).numpy()


def test_smooth_images_stay_as_they_are_without_a_move():
  x = _waves()
  np.testing.assert_allclose(_seen(x, xint=[0.0, 0.0]), x, atol=0.02)


def test_it_moves_by_whole_pixels_to_the_right_and_down():
  x = _waves()
  still, moved = _seen(x, xint=[0.0, 0.0]), _seen(x, xint=[2.0, 1.0])
  np.testing.assert_allclose(moved[:, 1:, 2:], still[:, :-1, :-2], atol=1e-5)
