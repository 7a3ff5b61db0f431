"""Training by schedule: files, seeds, going on after a stop."""

import glob
import json

from compare_gan import runner_lib
from compare_gan.__main__ import main
from compare_gan.configuration import gin_text
from compare_gan.datasets import catalogue
from compare_gan.datasets import in_memory
from compare_gan.estimator import hook_kinds
from compare_gan.estimator import hooks
from compare_gan.estimator import run_config
from compare_gan.layers import batch_norm
from compare_gan.layers.spectral_norm import SpectralNorm
from compare_gan.schedules import score
from compare_gan.schedules import train
from compare_gan.storage import checkpoints
from compare_gan.storage import model_dir as model_dir_lib
from compare_gan.storage import score_tables
from compare_gan.storage import task_manager
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.gans import tiny
from tests.noise_dataset import NoiseDataset

pytestmark = pytest.mark.versions("reads TensorFlow's checkpoints")

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
    "train", NoiseDataset, run_config.run_config(), str(folder), "cpu"
  )
  return checkpoints.last_good(str(folder))[1]


def _assert_equal(first, second):
  assert set(first) == set(second)
  for name, value in first.items():
    np.testing.assert_array_equal(value, second[name], err_msg=name)


@pytest.mark.once
@pytest.mark.long
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
  assert "ModularGAN.g_lr = 0.0002" in text  # A default that was used.


def test_bindings_without_a_reader_are_said_before_the_first_step(
  tmp_path, capsys
):
  _train(tmp_path, "tf.train.AdamOptimizer.learning_rate = 0.1")
  words = (
    "Bindings that nothing reads:\n"
    "  AdamOptimizer.learning_rate: ModularGAN.g_lr and "
    "ModularGAN.d_lr set it\n"
  )
  before, _, after = capsys.readouterr().out.partition(words)
  assert after and "step" not in before


def test_nothing_is_said_where_everything_is_read(tmp_path, capsys):
  _train(tmp_path, "evaluate.num_fake = 6", "inception.path = 'x'")
  assert "nothing reads" not in capsys.readouterr().out


@pytest.mark.long
def test_training_is_a_function_of_the_seed(tmp_path):
  first, again = _train(tmp_path / "a"), _train(tmp_path / "b")
  _assert_equal(first, again)
  other = _train(tmp_path / "c", "run_config.tf_random_seed = 2")
  assert not np.array_equal(
    first["generator/out/kernel"], other["generator/out/kernel"]
  )


@pytest.mark.once
@pytest.mark.long
def test_no_seed_is_another_training_each_time(tmp_path):
  none = "run_config.tf_random_seed = None"
  first, second = _train(tmp_path / "a", none), _train(tmp_path / "b", none)
  assert not np.array_equal(
    first["generator/out/kernel"], second["generator/out/kernel"]
  )


@pytest.mark.long
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


@pytest.mark.long
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


@pytest.mark.once
@pytest.mark.long
def test_pictures_change_nothing(tmp_path, monkeypatch):
  """Not even where evaluation moves power iterations, as in the original."""
  binding = "spectral_norm.update_in_eval = True"
  norm = "G.batch_norm_fn = @SpectralModulation"
  with_pictures = _train(tmp_path / "a", binding, norm)
  monkeypatch.setattr(hook_kinds, "make", lambda *args: [])
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
  assert asked[0]["start"] == 0 and all("seed" not in k for k in asked)


def test_unknown_schedule_is_named(tmp_path):
  with pytest.raises(ValueError, match="--schedule=trian"):
    runner_lib.run_with_schedule("trian", None, None, str(tmp_path))


# ---- Evaluation --------------------------------------------------------------

_EVALUATION = """
import tests.commands.evaluate_test
evaluate.metrics = [@ms_ssim, @fid]
evaluate.features = @pixels_of_a_test
evaluate.num_fake = 6
evaluate.num_real = 6
"""


def _run(schedule, folder, *bindings, every_steps=2):
  gin.clear_config()
  gin.parse_config([_CONFIG, _EVALUATION, *bindings])
  runner_lib.run_with_schedule(
    schedule,
    NoiseDataset,
    run_config.run_config(),
    str(folder),
    "cpu",
    runner_lib.Evaluation(runs=2, every_steps=every_steps),
  )
  return score_tables.read_rows(str(folder))


@pytest.mark.long
def test_eval_after_train_scores_all_checkpoints(tmp_path):
  rows = _run("eval_after_train", tmp_path)
  assert [row.step for row in rows] == [0, 2, 4]
  assert all(row.status == "ok" for row in rows)
  assert all(len(row.lists["ms_ssim"]) == 2 for row in rows)
  assert rows[0].config["options.batch_size"] == "4"
  assert rows[0].scores != rows[2].scores
  assert (tmp_path / "best" / "best.json").exists()


@pytest.mark.parametrize("schedule", ["eval_after_train", "continuous_eval"])
def test_best_by_a_score_that_does_not_exist_is_refused_first(
  tmp_path, schedule
):
  with pytest.raises(ValueError, match="'fid' is not a score.*ms_ssim, fid_"):
    _run(schedule, tmp_path, "evaluate.best_by = 'fid'")
  assert not list(tmp_path.iterdir())


@pytest.mark.once
def test_evaluation_leaves_pictures_of_every_checkpoint(tmp_path):
  _run("eval_after_train", tmp_path, "evaluate.sample_grid = 9")
  pictures = {
    path.name: tf.io.decode_png(path.read_bytes()).numpy()
    for path in (tmp_path / "samples").iterdir()
  }
  assert set(pictures) == {"step-0.png", "step-2.png", "step-4.png"}
  assert {picture.shape for picture in pictures.values()} == {(12, 12, 3)}
  assert np.any(pictures["step-0.png"] != pictures["step-4.png"])
  assert not (tmp_path / "microscope.json").exists()


@pytest.mark.once
def test_pictures_can_be_left_out(tmp_path):
  _run("eval_after_train", tmp_path, "evaluate.sample_grid = 0")
  assert not (tmp_path / "samples").exists()


@pytest.mark.once
@pytest.mark.long
def test_microscope_looks_at_the_last_checkpoint(tmp_path):
  _run("eval_after_train", tmp_path, "evaluate.microscope = True")
  found = json.loads((tmp_path / "microscope.json").read_text())
  assert found["step"] == 4 and not found["errors"]
  assert found["penalty"]["name"] == "wgangp_penalty"


@pytest.mark.once
@pytest.mark.long
def test_a_training_leaves_its_scalars_as_a_table(tmp_path):
  _train(tmp_path)
  rows = hooks.read_scalars(str(tmp_path / "scalars.csv"))
  assert rows[-1]["step"] == 4
  assert {"loss/d_0", "loss/d_1", "loss/g", "loss/penalty"} <= set(rows[-1])


@pytest.mark.once
@pytest.mark.long
def test_evaluated_checkpoints_are_not_evaluated_again(tmp_path):
  first = _run("eval_after_train", tmp_path, every_steps=4)
  assert [row.step for row in first] == [0, 4]
  marked = (tmp_path / "scores.jsonl").read_text().replace("ok", "seen")
  (tmp_path / "scores.jsonl").write_text(marked)
  again = _run("eval_after_train", tmp_path)
  assert [(row.step, row.status) for row in again] == [
    (0, "seen"),
    (2, "ok"),
    (4, "seen"),
  ]


def test_eval_last_scores_one(tmp_path):
  _train(tmp_path)
  assert [row.step for row in _run("eval_last", tmp_path)] == [4]


def test_eval_last_without_a_checkpoint_is_said(tmp_path):
  with pytest.raises(FileNotFoundError, match="There is no checkpoint"):
    _run("eval_last", tmp_path)


@pytest.mark.once
@pytest.mark.long
def test_scores_do_not_hang_on_who_evaluates(tmp_path):
  """Values of a checkpoint that is loaded into a model that scored another."""
  after = _run("eval_after_train", tmp_path)
  (tmp_path / "scores.jsonl").unlink()
  assert _run("eval_last", tmp_path)[0].scores == after[-1].scores


@pytest.mark.once
@pytest.mark.long
def test_continuous_eval_follows_a_training(tmp_path, monkeypatch):
  """The training runs while the evaluator sleeps."""
  trained = []

  def sleep(seconds):
    trained.append(seconds)
    with gin.unlock_config():
      runner_lib.run_with_schedule(
        "train", NoiseDataset, run_config.run_config(), str(tmp_path), "cpu"
      )

  monkeypatch.setattr(task_manager.time, "sleep", sleep)
  rows = _run("continuous_eval", tmp_path)
  assert [row.step for row in rows] == [0, 2, 4]
  assert len(trained) == 1


@pytest.mark.long
def test_damaged_checkpoint_is_not_evaluated(tmp_path):
  _train(tmp_path)
  data = tmp_path / "model.ckpt-2.data-00000-of-00001"
  data.write_bytes(data.read_bytes()[:100])
  with pytest.warns(UserWarning, match="Step 2 is not evaluated"):
    rows = _run("eval_after_train", tmp_path)
  assert [row.step for row in rows] == [0, 4]


@pytest.mark.once
@pytest.mark.long
def test_another_protocol_is_warned_of(tmp_path):
  _run("eval_after_train", tmp_path, every_steps=4)
  with pytest.warns(UserWarning, match="num_fake: 5 and 6"):
    _run("eval_after_train", tmp_path, "evaluate.num_fake = 5")


@pytest.mark.once
@pytest.mark.long
def test_another_protocol_is_scored_again(tmp_path):
  """By a parameter of one metric; then nothing is left to be done."""
  pairs = "ms_ssim.pairs = 9"
  before = _run("eval_after_train", tmp_path, every_steps=4)
  after = _run("eval_after_train", tmp_path, pairs, every_steps=4)
  assert [row.step for row in after] == [0, 0, 4, 4]
  assert after[::2] == before
  new = [row.protocol["metrics"]["ms_ssim"] for row in after[1::2]]
  assert [entry["parameters"]["pairs"] for entry in new] == [9, 9]
  marked = (tmp_path / "scores.jsonl").read_text().replace("ok", "seen")
  (tmp_path / "scores.jsonl").write_text(marked)
  best = []
  for bindings in ([], [pairs]):
    again = _run("eval_after_train", tmp_path, *bindings, every_steps=4)
    assert [row.status for row in again] == 4 * ["seen"]
    card = json.loads((tmp_path / "best" / "best.json").read_text())
    best.append(card["protocol"])
  assert best[0] != best[1]


@pytest.mark.once
@pytest.mark.long
def test_a_metric_beside_is_added_to_the_rows(tmp_path):
  first = "evaluate.metrics = [@ms_ssim]"
  _run("eval_after_train", tmp_path, first, every_steps=4)
  rows = _run("eval_after_train", tmp_path, every_steps=4)
  assert [row.step for row in rows] == [0, 4]
  assert set(rows[0].scores) == {"ms_ssim", "fid_pixels"}


def test_mistake_in_evaluate_shows_before_training(tmp_path):
  with pytest.raises(ValueError, match="evaluate.split"):
    _run("eval_after_train", tmp_path, "evaluate.split = 'test'")
  assert not (tmp_path / "TRAIN_DONE").exists()


def test_dry_run_describes_the_training():
  gin.parse_config(_CONFIG)
  text = runner_lib.describe(NoiseDataset(), run_config.run_config())
  assert "options.training_steps = 4" in text
  assert "Generator: " in text and "generator/out/kernel" in text
  assert "Estimated memory for training: 0.3 GiB" in text


# ---- Precision and transfer --------------------------------------------------


@pytest.mark.long
def test_float16_goes_on_with_its_loss_scale(tmp_path):
  half = "run_config.precision = 'float16'"
  whole = _train(tmp_path / "whole", half)
  assert whole["loss_scale/g/scale"] > 1.0
  assert whole["generator/out/kernel"].dtype == np.float32
  _train(tmp_path / "part", half, "options.training_steps = 2")
  _assert_equal(_train(tmp_path / "part", half), whole)


@pytest.mark.long
def test_scores_are_computed_in_float32(tmp_path):
  _train(tmp_path / "half", "run_config.precision = 'float16'")
  row = _run("eval_last", tmp_path / "half", every_steps=1)[0]
  again = _run(
    "eval_last", tmp_path / "half", "run_config.precision = 'float16'"
  )
  assert again[0].scores == row.scores


@pytest.mark.once
@pytest.mark.long
def test_training_starts_with_the_weights_of_another(tmp_path, capsys):
  old = _train(tmp_path / "old", "options.training_steps = 2")
  path = f"options.init_from = {str(tmp_path / 'old')!r}"
  _train(tmp_path / "new", path, "run_config.tf_random_seed = 7")
  assert "variables reused: " in capsys.readouterr().out
  first = checkpoints.read(str(tmp_path / "new"), 0)
  np.testing.assert_array_equal(
    first["generator/out/kernel"], old["generator/out/kernel"]
  )
  assert first["global_step"] == 0
  # A training that goes on has weights of its own.
  (tmp_path / "old").rename(tmp_path / "gone")
  again = _train(tmp_path / "new", path, "options.training_steps = 6")
  assert again["global_step"] == 6


# ---- Going on with other bindings --------------------------------------------


def _config(folder, step):
  bindings, _ = gin_text.read(
    (folder / f"operative_config-{step}.gin").read_text()
  )
  return bindings


def _configs(folder):
  return {p.name: p.read_text() for p in folder.glob("operative_config-*")}


def test_other_bindings_hold_from_where_a_training_goes_on(tmp_path, capsys):
  _train(tmp_path, "options.training_steps = 2")
  before = (tmp_path / "operative_config-0.gin").read_text()
  capsys.readouterr()
  _train(
    tmp_path,
    "options.lamba = 10",
    "weights.initializer = 'orthogonal'",
    "run_config.tf_random_seed = 5",
    f"options.init_from = {str(tmp_path / 'nowhere')!r}",
  )
  said = capsys.readouterr().out
  assert "options.lamba: 1 until step 2, 10 from then on" in said
  assert "options.training_steps: 2 until step 2, 4 from then on" in said
  assert "weights.initializer: 'orthogonal' has no effect" in said
  assert "options.z_dim" not in said
  assert (tmp_path / "operative_config-0.gin").read_text() == before
  config = _config(tmp_path, 2)
  assert config["options.lamba"] == 10
  assert config["spectral_norm.epsilon"] == 1e-12  # It is in force.
  # What the training began with, not what it was bound to later.
  assert config["weights.initializer"] == "normal"
  assert config["run_config.tf_random_seed"] == 1
  assert config["options.init_from"] is None
  # Each checkpoint is scored with the bindings that it was made with.
  assert score._bindings(str(tmp_path), 2)["options.lamba"] == "1"
  assert score._bindings(str(tmp_path), 4)["options.lamba"] == "10"


def test_going_on_from_the_first_checkpoint_keeps_its_initialiser(tmp_path):
  _train(tmp_path, "weights.initializer = 'orthogonal'")
  for name in ("model.ckpt-2.index", "model.ckpt-4.index"):
    (tmp_path / name).unlink()
  _train(tmp_path, "options.lamba = 10")
  config = _config(tmp_path, 0)
  assert config["weights.initializer"] == "orthogonal"
  assert config["options.lamba"] == 10


def test_finished_training_records_nothing_new(tmp_path, capsys):
  _train(tmp_path)
  before = _configs(tmp_path)
  _train(tmp_path, "options.lamba = 10")
  assert _configs(tmp_path) == before
  assert "options.lamba" not in capsys.readouterr().out
  assert task_manager.is_training_done(str(tmp_path))


def test_extended_training_is_not_done_before_its_new_end(
  tmp_path, monkeypatch
):
  _train(tmp_path, "options.training_steps = 2")
  seen = []

  def texts(was):
    del was
    seen.append(task_manager.is_training_done(str(tmp_path)))
    return {}

  monkeypatch.setattr(train, "_texts", texts)
  _train(tmp_path)
  assert seen and not any(seen)
  assert task_manager.is_training_done(str(tmp_path))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
  folder = tmp_path_factory.mktemp("trained")
  _train(folder, "options.training_steps = 2")
  return folder


@pytest.mark.parametrize(
  "lines,said",
  [
    ("options.z_dim = 3", "options.z_dim: was 2, now 3. "),
    (
      "ModularGAN.g_use_ema = False",
      "ModularGAN.g_use_ema: was True, now False. ",
    ),
    ("D.spectral_norm = False", "D.spectral_norm: was True, now False. "),
    (
      "ModularGAN.g_lr = 1e-3\nModularGAN.conditional = False",
      "ModularGAN.conditional: was True, now False. ",
    ),
    (
      "ModularGAN.g_optimizer_fn = @tf.train.RMSPropOptimizer",
      "ModularGAN.g_optimizer_fn: was @AdamOptimizer, now "
      "@tf.train.RMSPropOptimizer. ",
    ),
    (
      "G.batch_norm_fn = @self_modulated_batch_norm",
      "G.batch_norm_fn: was @batch_norm, now @self_modulated_batch_norm. ",
    ),
    (
      "options.gan_class = @SSGAN\nSSGAN.rotated_batch_size = 4",
      "options.gan_class: was @ModularGAN, now @SSGAN. ",
    ),
  ],
  ids=lambda text: text.split(" ")[0],
)
def test_other_variables_are_refused_by_the_names_of_bindings(
  trained, lines, said
):
  names = sorted(path.name for path in trained.iterdir())
  with pytest.raises(ValueError) as caught:
    _train(trained, lines)
  assert str(caught.value).startswith(said)
  assert f"The model in {trained} cannot be resumed" in str(caught.value)
  assert "Give another --model_dir, or " in str(caught.value)
  assert sorted(path.name for path in trained.iterdir()) == names


def test_same_variables_of_another_class_are_refused(tmp_path):
  """Momentum and Adagrad keep one variable of a name, and mean another."""
  optimizer = "ModularGAN.g_optimizer_fn = @tf.train.{}Optimizer"
  momentum = "tf.train.MomentumOptimizer.momentum = 0.9"
  _train(tmp_path, optimizer.format("Momentum"), momentum)
  with pytest.raises(ValueError, match="was @tf.train.MomentumOptimizer, now"):
    _train(tmp_path, optimizer.format("Adagrad"))


def test_images_of_another_shape_are_refused(trained, monkeypatch):
  monkeypatch.setattr(
    NoiseDataset,
    "__init__",
    lambda self: in_memory.InMemoryDataset.__init__(
      self, "noise", (8, 8, 1), num_classes=3, eval_samples=8
    ),
  )
  with pytest.raises(ValueError, match="image_shape .4, 4, 1., now .8, 8, 1."):
    _train(trained)


def test_evaluation_of_another_model_is_refused_by_names(trained):
  with pytest.raises(ValueError, match="options.z_dim: was 2, now 3"):
    _run("eval_last", trained, "options.z_dim = 3")


# ---- Data that are found from any directory ----------------------------------


def _schedule_with_arrays(schedule, folder):
  gin.clear_config()
  gin.parse_config(
    [_CONFIG, _EVALUATION, 'dataset.name = "arrays"', 'arrays.path = "x.npz"']
  )
  runner_lib.run_with_schedule(
    schedule,
    catalogue.dataset,
    run_config.run_config(),
    str(folder),
    "cpu",
    runner_lib.Evaluation(runs=1),
  )


def test_data_of_a_run_are_found_from_another_directory(tmp_path, monkeypatch):
  rng = np.random.RandomState(0)
  (tmp_path / "here").mkdir()
  np.savez(
    tmp_path / "here" / "x.npz",
    images=rng.randint(0, 256, [80, 4, 4, 1]).astype(np.uint8),
    labels=np.arange(80) % 3,
  )
  monkeypatch.chdir(tmp_path / "here")
  _schedule_with_arrays("train", tmp_path / "model")
  config = _config(tmp_path / "model", 0)
  assert config["arrays.path"] == str(tmp_path / "here" / "x.npz")
  (tmp_path / "there").mkdir()
  monkeypatch.chdir(tmp_path / "there")
  _schedule_with_arrays("eval_last", tmp_path / "model")
  [row] = score_tables.read_rows(str(tmp_path / "model"))
  assert row.config["arrays.path"] == str(tmp_path / "here" / "x.npz")
  # A command reads it from the model_dir.
  flags = ["evaluate", f"--model_dir={tmp_path / 'model'}", "--step=2"]
  assert main(flags) == 0
  assert len(score_tables.read_rows(str(tmp_path / "model"))) == 2
