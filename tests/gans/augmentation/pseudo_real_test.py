"""Fakes that pass for real, by hand."""

from compare_gan.gans.augmentation import probability
from compare_gan.gans.augmentation.pseudo_real import Apa
from compare_gan.gans.augmentation.pseudo_real import flags
import gin
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("tf.GradientTape looks at it")

_REAL, _FAKES = tf.zeros([2, 1, 1, 1]), tf.ones([2, 1, 1, 1])
_Y, _FAKE_Y = tf.constant([[1.0, 0.0]] * 2), tf.constant([[0.0, 1.0]] * 2)
_SECOND = tf.constant([False, True])


def test_a_fake_brings_its_label_along():
  x, y = Apa(0.5).mix(_REAL, _Y, _FAKES, _FAKE_Y, _SECOND)
  np.testing.assert_array_equal(x.numpy().ravel(), [0, 1])
  np.testing.assert_array_equal(y, [[1, 0], [0, 1]])


def test_or_it_gets_the_label_of_the_real_image():
  x, y = Apa(0.5, swap_labels=False).mix(_REAL, _Y, _FAKES, None, _SECOND)
  np.testing.assert_array_equal(x.numpy().ravel(), [0, 1])
  assert y is _Y


def test_labels_that_are_missing_are_asked_for():
  with pytest.raises(ValueError, match="apa.swap_labels = True needs labels"):
    Apa(0.5).mix(_REAL, _Y, _FAKES, None, _SECOND)


def test_no_gradient_reaches_g():
  with tf.GradientTape() as tape:
    tape.watch(_FAKES)
    x, _ = Apa(0.5).mix(_REAL, None, _FAKES, None, _SECOND)
  assert tape.gradient(x, _FAKES) is None


def test_p_0_is_never_and_p_1_is_always():
  u = tf.constant([0.0, 0.999])
  assert not flags(u, 0.0).numpy().any() and flags(u, 1.0).numpy().all()


def test_p_is_adaptive_by_default_with_the_controllers_settings():
  gin.bind_parameter("ada_controller.target", 0.7)
  assert Apa().p == probability.AdaController(target=0.7)
