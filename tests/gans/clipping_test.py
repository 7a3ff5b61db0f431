"""Clipping: of what, when, and where it is refused."""

from compare_gan.context import scope
from compare_gan.gans import clipping
from compare_gan.gans import loss_scale
from compare_gan.gans import optimizers
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.gans import tiny

pytestmark = pytest.mark.versions("tf.function and tf.GradientTape make a step")


def _variable(value, name="w"):
  value = np.asarray(value, np.float32)
  return scope.variable(name, value.shape, lambda rng, shape: value)


def _bound(side, *variables):
  with gin.config_scope(side):
    sgd = optimizers.GradientDescentOptimizer(1.0)
    return clipping.clipped_as_bound(sgd, side, variables)


@pytest.mark.parametrize(
  "gradients, expected",
  [
    ([[3.0], [4.0]], [[0.6], [0.8]]),
    ([[0.3], [0.4]], [[0.3], [0.4]]),  # Its norm is below 1.
    ([[0.0], [0.0]], [[0.0], [0.0]]),
  ],
)
def test_the_norm_is_that_of_all_gradients(gradients, expected):
  clipped = clipping.clip_by_norm([tf.constant(g) for g in gradients], 1.0)
  np.testing.assert_allclose(np.array(clipped), expected, rtol=1e-6)


@pytest.mark.parametrize("bad", [np.inf, np.nan])
def test_a_norm_that_is_not_finite_is_not_clipped(bad):
  clipped = clipping.clip_by_norm([tf.constant([bad]), tf.constant([1.0])], 1.0)
  assert np.isnan(np.array(clipped)).all()


def test_a_step_goes_along_the_clipped_gradient():
  gin.bind_parameter("optimizer.clip_norm", 1.0)
  a, b = _variable(0.0, "a"), _variable(0.0, "b")
  optimizer = _bound("g")
  optimizer.build([a, b])
  optimizer.apply_gradients([(tf.constant(3.0), a), (tf.constant(4.0), b)], 0)
  np.testing.assert_allclose([a, b], [-0.6, -0.8], rtol=1e-6)


def test_weights_are_clipped_after_the_step():
  gin.bind_parameter("d/optimizer.clip_weights", 0.5)
  w = _variable([0.2, 0.2, -0.2])
  optimizer = _bound("d")
  optimizer.build([w])
  g = tf.constant([-1.0, 0.1, 1.0])
  optimizer.apply_gradients([(g, w)], 0, when=tf.constant(False))
  np.testing.assert_allclose(w, [0.2, 0.2, -0.2])
  optimizer.apply_gradients([(g, w)], 0)
  np.testing.assert_allclose(w, [0.5, 0.1, -0.5], rtol=1e-6)


def test_each_network_has_its_own_setting_and_none_costs_nothing():
  gin.bind_parameter("d/optimizer.clip_norm", 1.0)
  assert isinstance(_bound("d"), clipping.Clipped)
  assert isinstance(_bound("g"), optimizers.GradientDescentOptimizer)


def test_a_scaled_loss_skips_a_step_that_overflows():
  gin.bind_parameter("optimizer.clip_norm", 1.0)
  w = _variable([1.0])
  with scope.scope("loss_scale"):
    scaled = loss_scale.LossScaled(_bound("d"), "d")
  scaled.build([w])
  scaled.apply_gradients([(tf.constant([np.inf]), w)], 0)
  assert w.numpy() == 1.0 and int(scaled.skipped_steps) == 1
  scaled.apply_gradients([(tf.constant([3.0]), w)], 0)
  assert w.numpy() == 0.0


def test_a_wasserstein_gan_keeps_its_discriminator_in_the_box():
  gin.parse_config("""
    d/optimizer.clip_weights = 0.001
    d/optimizer.clip_norm = 0.5
    ModularGAN.d_lr = 0.1
  """)
  gan = tiny.gan()
  gan.train_step(tiny.batches(1))
  weights = [np.abs(v).max() for v in gan.weights_of("d")]
  assert max(weights) == pytest.approx(0.001)
  assert max(np.abs(v).max() for v in gan.weights_of("g")) > 0.001


def _spectral():
  with scope.scope("conv1"), scope.scope("kernel"):
    return _variable([[1.0]], "u_var")


def _weight_normed():
  with scope.scope("conv1"):
    return _variable([[1.0]], "V")


@pytest.mark.parametrize(
  "side, binding, make, message",
  [
    ("d", "clip_norm", None, "d/optimizer.clip_norm = 0; it must be above 0"),
    ("g", "clip_weights", None, "acts on G too.* d/optimizer.clip_weights"),
    ("d", "clip_weights", _spectral, "has spectral norm.* D.spectral_norm = F"),
    ("d", "clip_weights", _weight_normed, "conv1 has weight norm"),
  ],
)
def test_what_makes_no_sense_is_refused(side, binding, make, message):
  value = 0 if binding == "clip_norm" else 0.01
  gin.bind_parameter(f"optimizer.{binding}", value)
  with pytest.raises(ValueError, match=message):
    _bound(side, *([make()] if make else []))
