"""What the updates of a step see: labels, latents, and their draws."""

from compare_gan.context import draws
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.gans import tiny

pytestmark = pytest.mark.versions("what TensorFlow draws from a seed")


def _fake_y(gan, batch):
  """Returns the class weights of the fakes, [N, 3]."""
  return gan.sample(batch, 0).fake_y.numpy()


def test_fake_labels_can_follow_the_real_ones():
  gin.parse_config(
    "ModularGAN.conditional = True\nModularGAN.fit_label_distribution = True"
  )
  [batch] = tiny.batches(1, size=64)
  np.testing.assert_array_equal(
    _fake_y(tiny.gan(), batch), np.eye(3)[batch["labels"].numpy()]
  )


def test_fake_labels_are_uniform():
  gin.bind_parameter("ModularGAN.conditional", True)
  [batch] = tiny.batches(1, size=3000)  # Real ones are 0 and 1 only.
  shares = _fake_y(tiny.gan(), batch).mean(axis=0)
  np.testing.assert_allclose(shares, [1 / 3] * 3, atol=0.05)


def test_unknown_label_is_a_row_of_zeros():
  gin.bind_parameter("ModularGAN.conditional", True)
  [batch] = tiny.batches(1)
  complete = tiny.gan().sample({**batch, "labels": tf.constant([-1, 2])}, 0)
  np.testing.assert_array_equal(complete.y, [[0, 0, 0], [0, 0, 1]])


def test_latents_are_functions_of_seed_step_and_update():
  gin.parse_config("z.distribution_fn = @tf.random.normal")
  gan, same, other = tiny.gan(), tiny.gan(), tiny.gan(seed=2)
  [batch] = tiny.batches(1)
  z = gan.sample(batch, 0).z.numpy()
  np.testing.assert_array_equal(z, same.sample(batch, 0).z)
  assert not np.allclose(z, gan.sample(batch, 1).z)
  assert not np.allclose(z, other.sample(batch, 0).z)
  gan.global_step.assign_add(1)
  assert not np.allclose(z, gan.sample(batch, 0).z)


def test_penalty_draws_are_its_own():
  gan = tiny.gan()
  [batch] = tiny.batches(1)
  complete = gan.sample(batch, 0)
  with gan.noise("penalty", 0, complete):
    penalty = draws.uniform([2, tiny.Z_DIM], -1.0, 1.0).numpy()
  assert not np.allclose(penalty, complete.z)
