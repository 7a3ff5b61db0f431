"""Training by schedule: files, seeds, going on after a stop."""

import glob

from compare_gan import model_dir as model_dir_lib
from compare_gan import runner_lib
from compare_gan import task_manager
from compare_gan.estimator import checkpoints
from compare_gan.estimator import run_config
from compare_gan.layers import batch_norm
from compare_gan.layers.spectral_norm import SpectralNorm
import gin
import numpy as np
import pytest

from tests.gans import tiny
from tests.noise_dataset import NoiseDataset

_CONFIG = f"""
import tests.architectures.own_architecture
options.batch_size = 4
options.gan_class = @ModularGAN
options.architecture = "{tiny.ARCHITECTURE}"
options.training_steps = 4
options.disc_iters = 2
options.z_dim = {tiny.Z_DIM}
ModularGAN.conditional = True
ModularGAN.g_use_ema = True
ModularGAN.ema_start_step = 1
G.batch_norm_fn = @batch_norm
D.spectral_norm = True
penalty.fn = @wgangp_penalty
run_config.tf_random_seed = 1
run_config.save_checkpoints_steps = 2
"""


@gin.configurable
class SpectralModulation(batch_norm.SelfModulatedBatchNorm):
  """A normaliser with a power iteration in evaluation mode too."""

  def __init__(self, channels, z_dim=0, y_dim=0, kernel_fn=None, name="norm"):
    super().__init__(channels, z_dim, y_dim, SpectralNorm, name)


def _train(folder, *bindings):
  gin.clear_config()
  gin.parse_config([_CONFIG, *bindings])
  runner_lib.run_with_schedule(
    "train", NoiseDataset(), run_config.run_config(), str(folder), "cpu"
  )
  return checkpoints.last_good(str(folder))[1]


def _assert_equal(first, second):
  assert set(first) == set(second)
  for name, value in first.items():
    np.testing.assert_array_equal(value, second[name], err_msg=name)


def test_files_of_a_training(tmp_path):
  _train(tmp_path)
  names = {path.name for path in tmp_path.iterdir()}
  assert {
    "TRAIN_DONE",
    "checkpoint",
    "model.json",
    "operative_config-0.gin",
    "model.ckpt-0.index",
    "model.ckpt-2.index",
    "model.ckpt-4.index",
    "model.ckpt-4.data-00000-of-00001",
  } <= names
  assert glob.glob(str(tmp_path / "events.out.tfevents.*"))
  assert task_manager.is_training_done(str(tmp_path))
  text = (tmp_path / "operative_config-0.gin").read_text()
  assert "options.training_steps = 4" in text
  assert "z.stddev = 1.0" in text  # A default that was used.


def test_training_is_a_function_of_the_seed(tmp_path):
  first, again = _train(tmp_path / "a"), _train(tmp_path / "b")
  _assert_equal(first, again)
  other = _train(tmp_path / "c", "run_config.tf_random_seed = 2")
  assert not np.array_equal(
    first["generator/out/kernel"], other["generator/out/kernel"]
  )


def test_no_seed_is_another_training_each_time(tmp_path):
  none = "run_config.tf_random_seed = None"
  first, second = _train(tmp_path / "a", none), _train(tmp_path / "b", none)
  assert not np.array_equal(
    first["generator/out/kernel"], second["generator/out/kernel"]
  )


@pytest.mark.parametrize("seed", ["1", "None"])
def test_stopped_training_ends_with_the_same_bits(tmp_path, seed):
  """Also where the seed was drawn: the run keeps it."""
  binding = f"run_config.tf_random_seed = {seed}"
  _train(tmp_path / "part", binding, "options.training_steps = 2")
  if seed == "None":
    seed = model_dir_lib.stored_seed(str(tmp_path / "part"))
  whole = _train(tmp_path / "whole", f"run_config.tf_random_seed = {seed}")
  part = _train(tmp_path / "part", binding)
  _assert_equal(part, whole)


def test_damaged_checkpoint_is_passed_over(tmp_path):
  whole = _train(tmp_path)
  data = tmp_path / "model.ckpt-4.data-00000-of-00001"
  content = bytearray(data.read_bytes())
  content[len(content) // 2] ^= 1
  data.write_bytes(bytes(content))
  with pytest.warns(UserWarning, match="model.ckpt-4 is damaged"):
    again = _train(tmp_path)
  _assert_equal(again, whole)


def test_trained_model_makes_images(tmp_path):
  _train(tmp_path)
  gan = model_dir_lib.load(str(tmp_path))
  assert gan.generate(np.ones([2, 2], np.float32), [0, 1]).shape == (2, 4, 4, 1)


def test_pictures_change_nothing(tmp_path, monkeypatch):
  """Not even where evaluation moves power iterations, as in the original."""
  binding = "spectral_norm.update_in_eval = True"
  norm = "G.batch_norm_fn = @SpectralModulation"
  with_pictures = _train(tmp_path / "a", binding, norm)
  monkeypatch.setattr(runner_lib, "_hooks", lambda *args: [])
  _assert_equal(with_pictures, _train(tmp_path / "b", binding, norm))


def test_order_of_images_is_the_datasets_own(tmp_path, monkeypatch):
  """`dataset.seed` decides, not the seed of the run."""
  asked = []
  batches = NoiseDataset.batches

  def spy(self, *args, **kwargs):
    asked.append(kwargs)
    return batches(self, *args, **kwargs)

  monkeypatch.setattr(NoiseDataset, "batches", spy)
  _train(tmp_path)
  assert asked == [{"start": 0}]


def test_unknown_schedule_is_named(tmp_path):
  with pytest.raises(ValueError, match="--schedule=trian"):
    runner_lib.run_with_schedule("trian", None, None, str(tmp_path))
