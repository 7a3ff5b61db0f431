"""Spectral regularisation of W = [[1, 1], [0, 1]], whose norm is 1.618."""

from compare_gan.gans.terms import spectral
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("variables of a module are moved")

_W = tf.constant([[1.0, 1.0], [0.0, 1.0]])


def test_half_the_squared_norm_after_some_updates():
  term = spectral.SpectralRegularization([_W], iterations=1)
  for _ in range(30):
    term.move()
  assert float(term()) == pytest.approx(1.3090170, rel=1e-5)


def test_its_gradient_is_sigma_u_v():
  u, v = spectral.power_iteration(_W, tf.ones([2, 1]), iterations=30)
  with tf.GradientTape() as tape:
    tape.watch(_W)
    value = spectral.half_square(_W, u, v)
  sigma = (2.0 * value) ** 0.5
  np.testing.assert_allclose(
    tape.gradient(value, _W), sigma * u * tf.transpose(v), rtol=1e-5
  )
