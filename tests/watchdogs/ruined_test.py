"""Trainings that were ruined are named, and for the right reason."""

from compare_gan.layers import initializers
from compare_gan.watchdogs import actions
from compare_gan.watchdogs import diagnosis
import numpy as np
import pytest

from tests.watchdogs import tiny

pytestmark = [
  pytest.mark.long,
  pytest.mark.versions("a state follows from numbers of TensorFlow"),
]

_SGD_FOR_G = [  # Adam would make up for a small gradient.
  "ModularGAN.g_optimizer_fn = @tf.train.GradientDescentOptimizer",
  "ModularGAN.d_optimizer_fn = @tf.train.AdamOptimizer",
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
    ["loss.fn = @minimax", "options.disc_iters = 5", *_SGD_FOR_G]
    + ["ModularGAN.g_lr = 0.01", "ModularGAN.d_lr = 0.003"],
    ("D winning", "saturation"),
  ),
}

_RUINED_CONVOLUTIONS = {
  "g_without_batch_norm": (
    # Large steps of one length: no gradient reaches its ReLUs any more.
    ["G.batch_norm_fn = @no_batch_norm", *_SGD_FOR_G]
    + ["optimizer.clip_norm = 1.0"]
    + ["ModularGAN.g_lr = 1.0", "ModularGAN.d_lr = 0.001"],
    ("collapsed", "diversity"),
  ),
  "d_rate_0": _RUINED["d_rate_0"],
  "g_rate_0": _RUINED["g_rate_0"],
  "huge_rates": (["ModularGAN.g_lr = 0.2"], ("diverged", "explosion")),
  "infinite_rate": _RUINED["infinite_rate"],
  "penalty_1e6": _RUINED["penalty_1e6"],
  "starving_g": (  # Few updates: each is a part of the graph.
    ["options.disc_iters = 2", "ModularGAN.g_lr = 5e-5"]
    + ["ModularGAN.d_lr = 0.002"],
    ("D winning", "starvation"),
  ),
  "minimax_and_strong_d": (
    ["loss.fn = @minimax", "options.disc_iters = 3", *_SGD_FOR_G]
    + ["ModularGAN.g_lr = 0.001", "ModularGAN.d_lr = 0.003"],
    ("D winning", "saturation"),
  ),
}


@pytest.mark.parametrize("name", _RUINED)
def test_a_ruined_training_is_named_within_200_steps(name, tmp_path):
  _expect(*_RUINED[name], tmp_path, tiny.RING8)


@pytest.mark.parametrize("name", _RUINED_CONVOLUTIONS)
def test_ruined_convolutions_are_named_within_200_steps(name, tmp_path):
  _expect(*_RUINED_CONVOLUTIONS[name], tmp_path, tiny.SHAPES16)


def _expect(bindings, expected, folder, config):
  """Trains, and compares (state, signal) with what is expected."""
  with pytest.raises(FloatingPointError) as error:
    tiny.train(folder, *bindings, config=config)
  assert tiny.diagnosed(folder) == expected
  if expected[1] != "not_finite":  # That one the loss may tell first.
    assert isinstance(error.value, actions.Stopped)
    assert expected[0] in str(error.value)


@pytest.mark.parametrize(
  "config", [tiny.RING8, tiny.SHAPES16], ids=["ring8", "shapes16"]
)
def test_weights_that_begin_as_zeros_are_asleep(config, tmp_path, monkeypatch):
  def zeros(rng, shape):
    del rng
    return np.zeros(shape)

  monkeypatch.setitem(initializers._BY_NAME, "orthogonal", zeros)
  with pytest.raises(actions.Stopped, match="asleep"):
    tiny.train(tmp_path, config=config)
  assert tiny.diagnosed(tmp_path) == ("asleep", "sleep")


def test_convolutions_that_were_not_ruined_are_healthy(tmp_path):
  tiny.train(tmp_path, config=tiny.SHAPES16)
  assert diagnosis.read(str(tmp_path)) is None
