"""Noise that falls to nothing, by hand."""

from compare_gan.gans import augmentation
from compare_gan.gans.augmentation.instance_noise import InstanceNoise
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("tensors of it")


class _Ones:
  """Rows whose draws are all 1."""

  def normal(self, shape):
    return tf.ones(shape)


def _seen(step, images):
  augment = augmentation.Augmentation(
    instance_noise=InstanceNoise(0.1, 1000), step=lambda: tf.constant(step)
  )
  return augment.apply(images, augment.draw(images, _Ones())).numpy()


def test_sigma_is_for_pixels_from_minus_1_to_1():
  images = tf.fill([1, 2, 2, 1], 0.25)
  np.testing.assert_allclose(
    _seen(0, images), 0.25 + 0.05 * np.ones_like(images)
  )
  np.testing.assert_allclose(
    _seen(500, images), 0.25 + 0.025 * np.ones_like(images)
  )


@pytest.mark.parametrize("step", [1000, 2000])
def test_no_bit_changes_once_it_has_gone(step):
  images = tf.random.stateless_uniform([1, 2, 2, 1], [1, 2])
  np.testing.assert_array_equal(_seen(step, images), images)


def test_it_may_stay():
  assert InstanceNoise(0.3, None).sigma_at(10**9) == 0.3


def test_a_falling_one_needs_a_step():
  with pytest.raises(ValueError, match="instance_noise falls with the step"):
    augmentation.Augmentation(instance_noise=InstanceNoise(0.1, 10))


def test_senseless_settings_are_refused():
  with pytest.raises(ValueError, match="instance_noise.sigma = -1"):
    InstanceNoise(-1, 10)
  with pytest.raises(ValueError, match="instance_noise.decay_steps = 0"):
    InstanceNoise(0.1, 0)
  with pytest.raises(ValueError, match="augmentation.instance_noise = 0.1"):
    augmentation.Augmentation(instance_noise=0.1)
