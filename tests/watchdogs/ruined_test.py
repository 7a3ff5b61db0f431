"""Trainings that were ruined are named, and for the right reason."""

from compare_gan.layers import initializers
from compare_gan.watchdogs import actions
import numpy as np
import pytest

from tests.watchdogs import tiny

pytestmark = [
  pytest.mark.long,
  pytest.mark.versions("a state follows from numbers of TensorFlow"),
]

_RUINED = {
  "g_rate_x100": (
    ["ModularGAN.g_lr = 0.1", "ModularGAN.d_lr = 0.001"],
    ("collapsed", "diversity"),
  ),
  "d_rate_0": (["ModularGAN.d_lr = 0.0"], ("asleep", "sleep")),
  "g_rate_0": (
    ["ModularGAN.g_lr = 0.0", "ModularGAN.d_lr = 0.001"],
    ("asleep", "sleep"),
  ),
  "huge_rates": (["ModularGAN.g_lr = 10.0"], ("diverged", "explosion")),
  "infinite_rate": (["ModularGAN.g_lr = 1e38"], ("diverged", "not_finite")),
  "penalty_1e6": (
    ["penalty.fn = @wgangp_penalty", "options.lamba = 1e6"],
    ("asleep", "sleep"),
  ),
  "starving_g": (
    ["options.disc_iters = 8", "ModularGAN.g_lr = 1e-4"]
    + ["ModularGAN.d_lr = 0.001"],
    ("D winning", "starvation"),
  ),
  "minimax_and_strong_d": (
    # Adam would make up for a small gradient.
    ["loss.fn = @minimax", "options.disc_iters = 5"]
    + ["ModularGAN.g_optimizer_fn = @tf.train.GradientDescentOptimizer"]
    + ["ModularGAN.d_optimizer_fn = @tf.train.AdamOptimizer"]
    + ["ModularGAN.g_lr = 0.01", "ModularGAN.d_lr = 0.003"],
    ("D winning", "saturation"),
  ),
}


@pytest.mark.parametrize("name", _RUINED)
def test_a_ruined_training_is_named_within_200_steps(name, tmp_path):
  bindings, expected = _RUINED[name]
  with pytest.raises(FloatingPointError) as error:
    tiny.train(tmp_path, *bindings)
  assert tiny.diagnosed(tmp_path) == expected
  if expected[1] != "not_finite":  # That one the loss may tell first.
    assert isinstance(error.value, actions.Stopped)
    assert expected[0] in str(error.value)


def test_weights_that_begin_as_zeros_are_asleep(tmp_path, monkeypatch):
  def zeros(rng, shape):
    del rng
    return np.zeros(shape)

  monkeypatch.setitem(initializers._BY_NAME, "orthogonal", zeros)
  with pytest.raises(actions.Stopped, match="asleep"):
    tiny.train(tmp_path)
  assert tiny.diagnosed(tmp_path) == ("asleep", "sleep")
