"""Averages that are chosen after a training: what a GAN gets of them."""

import json

from compare_gan import runner_lib
from compare_gan.__main__ import main
from compare_gan.context import scope
from compare_gan.estimator import run_config
from compare_gan.evaluation import post_hoc
from compare_gan.evaluation import settings as settings_lib
from compare_gan.gans import power_ema
from compare_gan.storage import model_dir
from compare_gan.storage import score_tables
from compare_gan.storage import snapshots
import gin
import numpy as np
import pytest

from tests.gans import tiny
from tests.noise_dataset import NoiseDataset

pytestmark = pytest.mark.versions("tf.function and tf.distribute run the loop")

_CONFIG = f"""
import tests.architectures.own_architecture
import tests.commands.evaluate_test
dataset.name = "tests.noise_dataset.NoiseDataset"
options.batch_size = 2
options.gan_class = @ModularGAN
options.architecture = "{tiny.ARCHITECTURE}"
options.training_steps = 6
options.z_dim = {tiny.Z_DIM}
evaluate.metrics = [@fid]
evaluate.features = @pixels_of_a_test
evaluate.num_fake = 6
evaluate.num_real = 6
run_config.save_checkpoints_steps = 2
run_config.tf_random_seed = 1
ModularGAN.g_lr = 0.1
ModularGAN.g_use_ema = True
ModularGAN.ema_start_step = 0
post_hoc_ema.sigma_rel = [0.05, 0.1]
"""


def _train(folder, *bindings):
  gin.clear_config()
  gin.parse_config([_CONFIG, *bindings])
  runner_lib.run_with_schedule(
    "train", NoiseDataset, run_config.run_config(), str(folder), "cpu"
  )
  gin.clear_config()


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
  folder = tmp_path_factory.mktemp("trained")
  _train(folder)
  return str(folder)


@pytest.mark.long
def test_each_checkpoint_has_a_snapshot_also_after_a_stop(trained, tmp_path):
  assert snapshots.steps(trained) == [2, 4, 6]
  _train(tmp_path, "options.training_steps = 3")
  _train(tmp_path)
  folder = str(tmp_path)
  assert snapshots.steps(folder) == [2, 3, 4, 6]
  for step in (2, 4, 6):
    np.testing.assert_equal(
      snapshots.read(folder, step), snapshots.read(trained, step)
    )


@pytest.mark.long
def test_a_tracked_width_gives_its_own_snapshot(trained):
  gan, step = model_dir.load_step(trained)
  post_hoc.use_average(gan, trained, step, 0.1)
  found = tiny.values(gan.averaged_generator)
  stored = snapshots.read(trained, 6)
  for v in gan.generator.trainable_variables:
    name = scope.full_name(v)
    np.testing.assert_allclose(
      found[f"{name}/ExponentialMovingAverage"],
      stored[f"{name}{power_ema.suffix_of(0.1)}"],
      atol=1e-5,
    )


@pytest.mark.long
def test_without_another_average_the_weights_are_replaced(trained, tmp_path):
  gan, step = model_dir.load_step(
    trained, bindings=["ModularGAN.g_use_ema = False"]
  )
  before = gan.generator.trainable_variables[0].numpy()
  post_hoc.use_average(gan, trained, step, None)
  np.testing.assert_array_equal(gan.generator.trainable_variables[0], before)
  post_hoc.use_average(gan, trained, step, 0.2)
  after = gan.generator.trainable_variables[0].numpy()
  assert not np.array_equal(after, before)


def _evaluate(folder, out, *flags):
  flags = [f"--model_dir={folder}", f"--json={out}", *flags]
  assert main(["evaluate", *flags]) == 0
  return json.loads(out.read_text())


@pytest.mark.long
def test_evaluate_says_the_width_on_the_card(trained, tmp_path):
  own = _evaluate(trained, tmp_path / "a.json")
  chosen = _evaluate(trained, tmp_path / "b.json", "--ema=0.2")
  assert own["protocol"]["ema"] is True
  assert chosen["protocol"]["ema"] == "power function, sigma_rel 0.2"
  assert own["scores"] != chosen["scores"]
  assert own["protocol_digest"] != chosen["protocol_digest"]


@pytest.mark.long
def test_a_schedule_scores_the_width_where_there_is_a_snapshot(tmp_path):
  _train(tmp_path)
  gin.parse_config([_CONFIG, "evaluate.ema = 0.2", "evaluate.sample_grid = 0"])
  with pytest.warns(UserWarning, match="Step 0 is not evaluated: An average"):
    runner_lib.run_with_schedule(
      "eval_after_train",
      NoiseDataset,
      run_config.run_config(),
      str(tmp_path),
      "cpu",
      runner_lib.Evaluation(runs=1, every_steps=2),
    )
  rows = score_tables.read_rows(str(tmp_path))
  assert [row.step for row in rows] == [2, 4, 6]
  assert {row.protocol["ema"] for row in rows} == {
    "power function, sigma_rel 0.2"
  }


@pytest.mark.long
def test_sample_makes_images_with_a_width(trained, tmp_path):
  images = []
  for i, flags in enumerate(([], ["--ema=0.2"])):
    out = tmp_path / f"{i}.npz"
    words = ["sample", f"--model_dir={trained}", f"--out={out}", "--n=2"]
    assert main([*words, *flags]) == 0
    images.append(np.load(out)["images"])
  assert not np.array_equal(*images)


def test_a_width_and_no_average_contradict_each_other(tmp_path):
  with pytest.raises(
    ValueError, match="evaluate.ema = 0.1 asks for an average"
  ):
    settings_lib.Settings(ema=0.1, averaged=False)


def _snapshot(folder, step, *widths):
  names = [f"w{power_ema.suffix_of(width)}" for width in widths]
  snapshots.write(str(folder), step, dict.fromkeys(names, np.ones([2])))


def test_a_weight_that_never_moved_stays(tmp_path):
  for step in (2, 4, 6):
    _snapshot(tmp_path, step, 0.05, 0.1)
  weights = post_hoc.averaged_weights(str(tmp_path), 4, 0.08)
  np.testing.assert_allclose(weights["w"], [1.0, 1.0], rtol=1e-12)


def test_what_lacks_is_named(tmp_path):
  folder = str(tmp_path)
  with pytest.raises(FileNotFoundError, match="none in .*post_hoc_ema.sigma_r"):
    post_hoc.averaged_weights(folder, 4, 0.1)
  _snapshot(tmp_path, 2, 0.05, 0.1)
  with pytest.raises(FileNotFoundError, match="at step 4 .* are of steps 2"):
    post_hoc.averaged_weights(folder, 4, 0.1)
  _snapshot(tmp_path, 4, 0.05)
  with pytest.raises(ValueError, match="steps 2 and 4 in .* other widths"):
    post_hoc.averaged_weights(folder, 4, 0.1)
  with pytest.raises(ValueError, match="sigma_rel = 0.5; it must be above 0"):
    post_hoc.averaged_weights(folder, 4, 0.5)
