"""A training that goes on: with other bindings, and from other directories."""

from compare_gan import runner_lib
from compare_gan.__main__ import main
from compare_gan.bundles import write
from compare_gan.datasets import catalogue
from compare_gan.datasets import in_memory
from compare_gan.estimator import run_config
from compare_gan.schedules import score
from compare_gan.schedules import train
from compare_gan.storage import score_tables
from compare_gan.storage import task_manager
import gin
import numpy as np
import pytest

from tests.noise_dataset import NoiseDataset
from tests.schedules import runs

pytestmark = pytest.mark.versions("reads TensorFlow's checkpoints")


def _configs(folder):
  return {p.name: p.read_text() for p in folder.glob("operative_config-*")}


def test_other_bindings_hold_from_where_a_training_goes_on(tmp_path, capsys):
  runs.train(tmp_path, "options.training_steps = 2")
  before = (tmp_path / "operative_config-0.gin").read_text()
  capsys.readouterr()
  runs.train(
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
  config = runs.config(tmp_path, 2)
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
  runs.train(tmp_path, "weights.initializer = 'orthogonal'")
  for name in ("model.ckpt-2.index", "model.ckpt-4.index"):
    (tmp_path / name).unlink()
  runs.train(tmp_path, "options.lamba = 10")
  config = runs.config(tmp_path, 0)
  assert config["weights.initializer"] == "orthogonal"
  assert config["options.lamba"] == 10


def test_a_training_starts_from_a_bundle(tmp_path, monkeypatch, capsys):
  """Its gin config, with code of its maker's, is not read."""
  monkeypatch.setenv("COMPARE_GAN_CACHE", str(tmp_path / "cache"))
  old, path = tmp_path / "old", tmp_path / "old.zip"
  runs.train(old)
  about = write.About("old")
  path.write_bytes(write.make(str(old), about, with_discriminator=True).data)
  capsys.readouterr()
  runs.train(tmp_path / "new", f"options.init_from = {str(path)!r}")
  said = capsys.readouterr().out
  assert "Starting from" in said and "0 variables new: none" in said


def test_finished_training_records_nothing_new(tmp_path, capsys):
  runs.train(tmp_path)
  before = _configs(tmp_path)
  runs.train(tmp_path, "options.lamba = 10")
  assert _configs(tmp_path) == before
  assert "options.lamba" not in capsys.readouterr().out
  assert task_manager.is_training_done(str(tmp_path))


def test_extended_training_is_not_done_before_its_new_end(
  tmp_path, monkeypatch
):
  runs.train(tmp_path, "options.training_steps = 2")
  seen = []

  def texts(was):
    del was
    seen.append(task_manager.is_training_done(str(tmp_path)))
    return {}

  monkeypatch.setattr(train, "_texts", texts)
  runs.train(tmp_path)
  assert seen and not any(seen)
  assert task_manager.is_training_done(str(tmp_path))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
  folder = tmp_path_factory.mktemp("trained")
  runs.train(folder, "options.training_steps = 2")
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
    runs.train(trained, lines)
  assert str(caught.value).startswith(said)
  assert f"The model in {trained} cannot be resumed" in str(caught.value)
  assert "Give another --model_dir, or " in str(caught.value)
  assert sorted(path.name for path in trained.iterdir()) == names


def test_same_variables_of_another_class_are_refused(tmp_path):
  """Momentum and Adagrad keep one variable of a name, and mean another."""
  optimizer = "ModularGAN.g_optimizer_fn = @tf.train.{}Optimizer"
  momentum = "tf.train.MomentumOptimizer.momentum = 0.9"
  runs.train(tmp_path, optimizer.format("Momentum"), momentum)
  with pytest.raises(ValueError, match="was @tf.train.MomentumOptimizer, now"):
    runs.train(tmp_path, optimizer.format("Adagrad"))


def test_images_of_another_shape_are_refused(trained, monkeypatch):
  monkeypatch.setattr(
    NoiseDataset,
    "__init__",
    lambda self: in_memory.InMemoryDataset.__init__(
      self, "noise", (8, 8, 1), num_classes=3, eval_samples=8
    ),
  )
  with pytest.raises(ValueError, match="image_shape .4, 4, 1., now .8, 8, 1."):
    runs.train(trained)


def test_evaluation_of_another_model_is_refused_by_names(trained):
  with pytest.raises(ValueError, match="options.z_dim: was 2, now 3"):
    runs.run("eval_last", trained, "options.z_dim = 3")


# ---- Data that are found from any directory ----------------------------------


def _schedule_with_arrays(schedule, folder):
  gin.clear_config()
  gin.parse_config(
    [
      runs.CONFIG,
      runs.EVALUATION,
      'dataset.name = "arrays"',
      'arrays.path = "x.npz"',
    ]
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
  config = runs.config(tmp_path / "model", 0)
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
