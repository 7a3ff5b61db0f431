"""StyleGAN2's mapping: its input is normalised, and its average follows."""

from compare_gan.context import scope
from compare_gan.layers import style_mapping
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow's kernels compute layers")


def _mapping(**options):
  with scope.building(seed=1):
    return style_mapping.Mapping(
      z_dim=2, num_classes=0, width=3, layers=1, **options
    )


def test_the_length_of_z_does_not_count():
  mapping = _mapping()
  z = tf.constant([[3.0, 4.0]])
  np.testing.assert_allclose(
    mapping(z, None, True), mapping(7.0 * z, None, True), rtol=1e-5
  )


def test_the_average_moves_by_what_decay_leaves():
  mapping = _mapping(decay=0.75)
  mapping.move_average(tf.constant([[4.0, 0.0, 0.0], [0.0, 8.0, 0.0]]))
  np.testing.assert_allclose(mapping.w_avg, [0.5, 1.0, 0.0])


def test_the_multiplier_scales_gradients_and_not_w():
  found = {}
  for multiplier in (0.01, 0.1):
    mapping = _mapping(lr_multiplier=multiplier)
    with tf.GradientTape() as tape:
      w = mapping(tf.constant([[3.0, 4.0]]), None, True)
    found[multiplier] = w, tape.gradient(w, mapping.trainable_variables[0])
  np.testing.assert_allclose(found[0.1][0], found[0.01][0], rtol=1e-5)
  np.testing.assert_allclose(found[0.1][1], 10 * found[0.01][1], rtol=1e-5)
