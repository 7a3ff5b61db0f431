"""Langevin steps by hand, and on a tiny GAN."""

from compare_gan.evaluation import ddls
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.gans import tiny

pytestmark = pytest.mark.versions("TensorFlow moves z")


def _normal_z():
  gin.parse_config("z.distribution_fn = @tf.random.normal")


def test_a_step_by_hand():
  # E = z^2 / 2 - 3 z at z = 1: dE/dz = -2, and sqrt(0.04) * 0.5 * 10 = 1.
  z = ddls.langevin_step(
    lambda z: 3.0 * z, tf.constant([[1.0]]), tf.constant([[10.0]]), 0.04, 0.5
  )
  np.testing.assert_allclose(z, [[1.0 + 0.02 * 2.0 + 1.0]], rtol=1e-6)


def test_steps_without_noise_find_the_least_energy():
  z = tf.constant([[1.0], [-4.0]])
  for _ in range(100):
    z = ddls.langevin_step(lambda z: 3.0 * z, z, tf.zeros_like(z), 0.5, 0.0)
  np.testing.assert_allclose(z, [[3.0], [3.0]], rtol=1e-5)


def test_the_energy_falls_without_noise():
  gin.bind_parameter("weights.initializer", "orthogonal")
  gan = tiny.gan()

  def energy(z):
    logits = gan.discriminate(gan.generate(z)).logits.numpy()[:, 0]
    return 0.5 * np.sum(z**2, axis=1) - logits

  z = np.random.RandomState(0).randn(4, tiny.Z_DIM).astype(np.float32)
  chosen = ddls.DDLS(steps=20, step_size=0.05, noise_std=0.0)
  assert np.all(energy(chosen.sample(gan, z, None, seed=1)) < energy(z))


def test_rows_do_not_depend_on_the_others():
  z = np.random.RandomState(0).randn(70, tiny.Z_DIM).astype(np.float32)
  chosen = ddls.DDLS(steps=2)
  gan = tiny.gan()
  all_of_them = chosen.sample(gan, z, None, seed=1)
  some = chosen.sample(gan, z[:66], None, seed=1)
  np.testing.assert_allclose(all_of_them[:66], some, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
  "line,said",
  [
    ("z.distribution_fn = @tf.random.uniform", "uniform from -1 to 1"),
    ("z.stddev = 2.0", "stddev 2"),
    ("loss.fn = @hinge", "loss.fn = @hinge"),
    ("loss.fn = @wasserstein", "loss.fn = @wasserstein"),
    ("non_saturating.real_target = 0.9", "label smoothing"),
    ("loss.fn = @relativistic_average", "loss.fn = @relativistic_average"),
  ],
)
def test_models_whose_energy_it_is_not(line, said):
  _normal_z()
  gan = tiny.gan()
  ddls.DDLS().check(gan)
  gin.parse_config(line)
  with pytest.raises(ValueError, match=said):
    ddls.DDLS().check(gan)


@pytest.mark.parametrize("name", ["steps", "step_size", "noise_std"])
def test_bad_numbers_are_named(name):
  gin.bind_parameter(f"ddls.{name}", -1)
  with pytest.raises(ValueError, match=f"ddls.{name} = -1"):
    gin.get_configurable("ddls")()
