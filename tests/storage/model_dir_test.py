"""Writing a GAN down and building it again, without its dataset."""

import os

from compare_gan.context import gpu
from compare_gan.evaluation import scoring  # noqa: F401
from compare_gan.gans import options
from compare_gan.storage import model_dir
import gin
import numpy as np
import pytest

from tests.gans import tiny

pytestmark = pytest.mark.versions("reads TensorFlow's checkpoints")

_CONFIG = f"""
import tests.architectures.own_architecture
options.batch_size = 2
options.gan_class = @ModularGAN
options.architecture = "{tiny.ARCHITECTURE}"
options.training_steps = 1
options.z_dim = {tiny.Z_DIM}
ModularGAN.g_use_ema = True
"""


def _written(folder, step=0):
  gin.parse_config(_CONFIG)
  gan = tiny.gan()
  gan.train_step(tiny.batches(1))
  model_dir.write(str(folder), step, gan, tiny.DATASET, _CONFIG)
  gin.clear_config()
  return gan


def test_loaded_gan_is_the_written_one(tmp_path):
  gan = _written(tmp_path)
  loaded = model_dir.load(str(tmp_path))
  written = tiny.values(gan)
  assert set(tiny.values(loaded)) == set(written)
  for name, value in tiny.values(loaded).items():
    np.testing.assert_array_equal(value, written[name], err_msg=name)


def test_loaded_gan_trains_on_as_the_written_one(tmp_path):
  gan = _written(tmp_path)
  loaded = model_dir.load(str(tmp_path))
  loaded.seed = gan.seed
  gan.train_step(tiny.batches(1))
  loaded.train_step(tiny.batches(1))
  for name, value in tiny.values(loaded).items():
    np.testing.assert_array_equal(value, tiny.values(gan)[name], err_msg=name)


def test_what_is_bound_for_later_is_kept():
  gin.parse_config("evaluate.num_fake = 7\ng/orthogonal_penalty.factor = 0.5")
  gin.parse_config(_CONFIG)
  options.options()
  text = model_dir.chosen_config()
  gin.clear_config()
  gin.parse_config(text)
  assert gin.query_parameter("evaluate.num_fake") == 7
  assert gin.query_parameter("g/orthogonal_penalty.factor") == 0.5
  assert gin.query_parameter("ModularGAN.g_use_ema") is True
  assert gin.query_parameter("options.gen_iters") == 1  # used, not bound


def test_last_checkpoint_and_config_count(tmp_path):
  _written(tmp_path, step=3)
  last = _written(tmp_path, step=20)
  last_bias = tiny.values(last)["generator/out/bias"]
  loaded = model_dir.load(str(tmp_path))
  np.testing.assert_array_equal(
    tiny.values(loaded)["generator/out/bias"], last_bias
  )


def test_a_loaded_gan_uses_gpus_as_its_bindings_say(tmp_path, monkeypatch):
  _written(tmp_path)
  seen = []
  monkeypatch.setattr(gpu, "prepare", lambda: seen.append(gpu.GpuOptions()))
  model_dir.load(str(tmp_path), ["GPURunConfig.tf32 = False"])
  assert [options.tf32 for options in seen] == [False]


def test_bindings_come_on_top(tmp_path):
  _written(tmp_path)
  gan = model_dir.load(str(tmp_path), ["options.disc_iters = 7"])
  assert gan.options.disc_iters == 7


def test_other_network_than_saved_is_refused(tmp_path):
  _written(tmp_path)
  with pytest.raises(ValueError, match="has no discriminator/hidden/kernel/u"):
    model_dir.load(str(tmp_path), ["D.spectral_norm = True"])


@pytest.mark.parametrize("lost", ["model.json", "operative_config-0.gin"])
def test_missing_file_is_named(tmp_path, lost):
  _written(tmp_path)
  os.remove(tmp_path / lost)
  name = lost.replace("-0", "-<step>")
  with pytest.raises(FileNotFoundError, match=f"no {name}: is it a model_dir"):
    model_dir.load(str(tmp_path))


def test_empty_directory_is_named(tmp_path):
  with pytest.raises(FileNotFoundError, match="no readable checkpoint"):
    model_dir.load(str(tmp_path))


@pytest.mark.parametrize(
  "step,name", [(0, 0), (9, 0), (10, 0), (11, 10), (None, 10)], ids=str
)
def test_config_is_that_of_the_start_before(tmp_path, step, name):
  for start in (0, 10):
    (tmp_path / f"operative_config-{start}.gin").write_text("")
  found = model_dir.newest_config(str(tmp_path), step)
  assert found == f"operative_config-{name}.gin"


def test_checkpoint_alone_with_its_config_has_it(tmp_path):
  """As an import leaves it."""
  for start in (7, 20):
    (tmp_path / f"operative_config-{start}.gin").write_text("")
  found = model_dir.newest_config(str(tmp_path), 7)
  assert found == "operative_config-7.gin"


def test_start_at_an_imported_checkpoint_keeps_its_config(tmp_path):
  (tmp_path / "operative_config-7.gin").write_text("# imported")
  for _ in range(2):  # The first one is killed, say.
    model_dir.prepare_for_start(str(tmp_path), 7)
    (tmp_path / "operative_config-7.gin").write_text("# going on")
  assert model_dir.newest_config(str(tmp_path), 7) == "operative_config-0.gin"
  assert (tmp_path / "operative_config-0.gin").read_text() == "# imported"


def test_start_after_damage_forgets_later_starts(tmp_path):
  for start in (0, 10, 20):
    (tmp_path / f"operative_config-{start}.gin").write_text("")
  model_dir.prepare_for_start(str(tmp_path), 10)
  assert model_dir.newest_config(str(tmp_path)) == "operative_config-10.gin"


def test_model_has_the_config_that_its_checkpoint_was_made_with(tmp_path):
  _written(tmp_path)
  gan = _written(tmp_path, step=4)
  (tmp_path / "operative_config-4.gin").write_text("options.z_dim = 99")
  loaded = model_dir.load(str(tmp_path))
  assert set(tiny.values(loaded)) == set(tiny.values(gan))


def test_best_is_loaded_whatever_a_killed_evaluator_has_left(tmp_path):
  _written(tmp_path, step=3)
  _written(tmp_path, step=20)
  (tmp_path / "best.json").write_text('{"step": 3}')
  _, step = model_dir.load_step(str(tmp_path))
  assert step == 3
  os.remove(tmp_path / "model.ckpt-3.index")
  assert model_dir.load_step(str(tmp_path))[1] == 20


def test_no_config_is_none(tmp_path):
  assert model_dir.newest_config(str(tmp_path)) is None
