"""Training by schedule: files, seeds, going on after a stop."""

import glob

from compare_gan import runner_lib
from compare_gan.estimator import hook_kinds
from compare_gan.estimator import run_config
from compare_gan.storage import checkpoints
from compare_gan.storage import model_dir as model_dir_lib
from compare_gan.storage import task_manager
import gin
import numpy as np
import pytest

from tests.noise_dataset import NoiseDataset
from tests.schedules import runs

pytestmark = pytest.mark.versions("reads TensorFlow's checkpoints")


def _assert_equal(first, second):
  assert set(first) == set(second)
  for name, value in first.items():
    np.testing.assert_array_equal(value, second[name], err_msg=name)


@pytest.mark.once
@pytest.mark.long
def test_files_of_a_training(tmp_path):
  runs.train(tmp_path)
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
  assert "ModularGAN.g_lr = 0.0002" in text  # A default that was used.


def test_bindings_without_a_reader_are_said_before_the_first_step(
  tmp_path, capsys
):
  runs.train(tmp_path, "tf.train.AdamOptimizer.learning_rate = 0.1")
  words = (
    "Bindings that nothing reads:\n"
    "  AdamOptimizer.learning_rate: ModularGAN.g_lr and "
    "ModularGAN.d_lr set it\n"
  )
  before, _, after = capsys.readouterr().out.partition(words)
  assert after and "step" not in before


def test_nothing_is_said_where_everything_is_read(tmp_path, capsys):
  runs.train(tmp_path, "evaluate.num_fake = 6", "inception.path = 'x'")
  assert "nothing reads" not in capsys.readouterr().out


@pytest.mark.long
def test_training_is_a_function_of_the_seed(tmp_path):
  first, again = runs.train(tmp_path / "a"), runs.train(tmp_path / "b")
  _assert_equal(first, again)
  other = runs.train(tmp_path / "c", "run_config.tf_random_seed = 2")
  assert not np.array_equal(
    first["generator/out/kernel"], other["generator/out/kernel"]
  )


@pytest.mark.once
@pytest.mark.long
def test_no_seed_is_another_training_each_time(tmp_path):
  none = "run_config.tf_random_seed = None"
  first, second = (
    runs.train(tmp_path / "a", none),
    runs.train(tmp_path / "b", none),
  )
  assert not np.array_equal(
    first["generator/out/kernel"], second["generator/out/kernel"]
  )


@pytest.mark.long
@pytest.mark.parametrize("seed", ["1", "None"])
def test_stopped_training_ends_with_the_same_bits(tmp_path, seed):
  """Also where the seed was drawn: the run keeps it."""
  binding = f"run_config.tf_random_seed = {seed}"
  runs.train(tmp_path / "part", binding, "options.training_steps = 2")
  if seed == "None":
    seed = model_dir_lib.stored_seed(str(tmp_path / "part"))
  whole = runs.train(tmp_path / "whole", f"run_config.tf_random_seed = {seed}")
  part = runs.train(tmp_path / "part", binding)
  _assert_equal(part, whole)


@pytest.mark.long
def test_damaged_checkpoint_is_passed_over(tmp_path):
  whole = runs.train(tmp_path)
  data = tmp_path / "model.ckpt-4.data-00000-of-00001"
  content = bytearray(data.read_bytes())
  content[len(content) // 2] ^= 1
  data.write_bytes(bytes(content))
  with pytest.warns(UserWarning, match="model.ckpt-4 is damaged"):
    again = runs.train(tmp_path)
  _assert_equal(again, whole)


def test_trained_model_makes_images(tmp_path):
  runs.train(tmp_path)
  gan = model_dir_lib.load(str(tmp_path))
  assert gan.generate(np.ones([2, 2], np.float32), [0, 1]).shape == (2, 4, 4, 1)


@pytest.mark.once
@pytest.mark.long
def test_pictures_change_nothing(tmp_path, monkeypatch):
  """Not even where evaluation moves power iterations, as in the original."""
  binding = "spectral_norm.update_in_eval = True"
  norm = "G.batch_norm_fn = @SpectralModulation"
  with_pictures = runs.train(tmp_path / "a", binding, norm)
  monkeypatch.setattr(hook_kinds, "make", lambda *args: [])
  _assert_equal(with_pictures, runs.train(tmp_path / "b", binding, norm))


def test_order_of_images_is_the_datasets_own(tmp_path, monkeypatch):
  """`dataset.seed` decides, not the seed of the run."""
  asked = []
  batches = NoiseDataset.batches

  def spy(self, *args, **kwargs):
    asked.append(kwargs)
    return batches(self, *args, **kwargs)

  monkeypatch.setattr(NoiseDataset, "batches", spy)
  runs.train(tmp_path)
  assert asked[0]["start"] == 0 and all("seed" not in k for k in asked)


def test_unknown_schedule_is_named(tmp_path):
  with pytest.raises(ValueError, match="--schedule=trian"):
    runner_lib.run_with_schedule("trian", None, None, str(tmp_path))


def test_dry_run_describes_the_training():
  gin.parse_config(runs.CONFIG)
  text = runner_lib.describe(NoiseDataset(), run_config.run_config())
  assert "options.training_steps = 4" in text
  assert "Generator: " in text and "generator/out/kernel" in text
  assert "Estimated memory for training: " in text


# ---- Precision and transfer --------------------------------------------------


@pytest.mark.long
def test_float16_goes_on_with_its_loss_scale(tmp_path):
  half = "run_config.precision = 'float16'"
  whole = runs.train(tmp_path / "whole", half)
  assert whole["loss_scale/g/scale"] > 1.0
  assert whole["generator/out/kernel"].dtype == np.float32
  runs.train(tmp_path / "part", half, "options.training_steps = 2")
  _assert_equal(runs.train(tmp_path / "part", half), whole)


@pytest.mark.long
def test_scores_are_computed_in_float32(tmp_path):
  runs.train(tmp_path / "half", "run_config.precision = 'float16'")
  row = runs.run("eval_last", tmp_path / "half", every_steps=1)[0]
  again = runs.run(
    "eval_last", tmp_path / "half", "run_config.precision = 'float16'"
  )
  assert again[0].scores == row.scores


@pytest.mark.once
@pytest.mark.long
def test_training_starts_with_the_weights_of_another(tmp_path, capsys):
  old = runs.train(tmp_path / "old", "options.training_steps = 2")
  path = f"options.init_from = {str(tmp_path / 'old')!r}"
  runs.train(tmp_path / "new", path, "run_config.tf_random_seed = 7")
  assert "variables reused: " in capsys.readouterr().out
  first = checkpoints.read(str(tmp_path / "new"), 0)
  np.testing.assert_array_equal(
    first["generator/out/kernel"], old["generator/out/kernel"]
  )
  assert first["global_step"] == 0
  # A training that goes on has weights of its own.
  (tmp_path / "old").rename(tmp_path / "gone")
  again = runs.train(tmp_path / "new", path, "options.training_steps = 6")
  assert again["global_step"] == 6


@pytest.mark.long
def test_determinism_is_required_if_gin_asks(tmp_path, monkeypatch):
  called = []
  monkeypatch.setattr(
    runner_lib.determinism, "require", lambda: called.append(1)
  )
  runs.train(tmp_path, "options.training_steps = 1")
  assert not called
  runs.train(
    tmp_path, "options.training_steps = 1", "run_config.deterministic = True"
  )
  assert called
