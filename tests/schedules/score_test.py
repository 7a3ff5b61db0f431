"""Evaluation by schedule: which checkpoints are scored, and what it leaves."""

import json

from compare_gan import runner_lib
from compare_gan.estimator import hooks
from compare_gan.estimator import run_config
from compare_gan.storage import task_manager
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.noise_dataset import NoiseDataset
from tests.schedules import runs

pytestmark = pytest.mark.versions("reads TensorFlow's checkpoints")


@pytest.mark.long
def test_eval_after_train_scores_all_checkpoints(tmp_path):
  rows = runs.run("eval_after_train", tmp_path)
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
    runs.run(schedule, tmp_path, "evaluate.best_by = 'fid'")
  assert not list(tmp_path.iterdir())


@pytest.mark.once
def test_evaluation_leaves_pictures_of_every_checkpoint(tmp_path):
  runs.run("eval_after_train", tmp_path, "evaluate.sample_grid = 9")
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
  runs.run("eval_after_train", tmp_path, "evaluate.sample_grid = 0")
  assert not (tmp_path / "samples").exists()


@pytest.mark.once
@pytest.mark.long
def test_microscope_looks_at_the_last_checkpoint(tmp_path):
  runs.run("eval_after_train", tmp_path, "evaluate.microscope = True")
  found = json.loads((tmp_path / "microscope.json").read_text())
  assert found["step"] == 4 and not found["errors"]
  assert found["penalty"]["name"] == "wgangp_penalty"


@pytest.mark.once
@pytest.mark.long
def test_a_training_leaves_its_scalars_as_a_table(tmp_path):
  runs.train(tmp_path)
  rows = hooks.read_scalars(str(tmp_path / "scalars.csv"))
  assert rows[-1]["step"] == 4
  assert {"loss/d_0", "loss/d_1", "loss/g", "loss/penalty"} <= set(rows[-1])


@pytest.mark.once
@pytest.mark.long
def test_evaluated_checkpoints_are_not_evaluated_again(tmp_path):
  first = runs.run("eval_after_train", tmp_path, every_steps=4)
  assert [row.step for row in first] == [0, 4]
  marked = (tmp_path / "scores.jsonl").read_text().replace("ok", "seen")
  (tmp_path / "scores.jsonl").write_text(marked)
  again = runs.run("eval_after_train", tmp_path)
  assert [(row.step, row.status) for row in again] == [
    (0, "seen"),
    (2, "ok"),
    (4, "seen"),
  ]


def test_eval_last_scores_one(tmp_path):
  runs.train(tmp_path)
  assert [row.step for row in runs.run("eval_last", tmp_path)] == [4]


def test_eval_last_without_a_checkpoint_is_said(tmp_path):
  with pytest.raises(FileNotFoundError, match="There is no checkpoint"):
    runs.run("eval_last", tmp_path)


@pytest.mark.once
@pytest.mark.long
def test_scores_do_not_hang_on_who_evaluates(tmp_path):
  """Values of a checkpoint that is loaded into a model that scored another."""
  after = runs.run("eval_after_train", tmp_path)
  (tmp_path / "scores.jsonl").unlink()
  assert runs.run("eval_last", tmp_path)[0].scores == after[-1].scores


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
  rows = runs.run("continuous_eval", tmp_path)
  assert [row.step for row in rows] == [0, 2, 4]
  assert len(trained) == 1


@pytest.mark.long
def test_damaged_checkpoint_is_not_evaluated(tmp_path):
  runs.train(tmp_path)
  data = tmp_path / "model.ckpt-2.data-00000-of-00001"
  data.write_bytes(data.read_bytes()[:100])
  with pytest.warns(UserWarning, match="Step 2 is not evaluated"):
    rows = runs.run("eval_after_train", tmp_path)
  assert [row.step for row in rows] == [0, 4]


@pytest.mark.once
@pytest.mark.long
def test_another_protocol_is_warned_of(tmp_path):
  runs.run("eval_after_train", tmp_path, every_steps=4)
  with pytest.warns(UserWarning, match="num_fake: 5 and 6"):
    runs.run("eval_after_train", tmp_path, "evaluate.num_fake = 5")


@pytest.mark.once
@pytest.mark.long
def test_another_protocol_is_scored_again(tmp_path):
  """By a parameter of one metric; then nothing is left to be done."""
  pairs = "ms_ssim.pairs = 9"
  before = runs.run("eval_after_train", tmp_path, every_steps=4)
  after = runs.run("eval_after_train", tmp_path, pairs, every_steps=4)
  assert [row.step for row in after] == [0, 0, 4, 4]
  assert after[::2] == before
  new = [row.protocol["metrics"]["ms_ssim"] for row in after[1::2]]
  assert [entry["parameters"]["pairs"] for entry in new] == [9, 9]
  marked = (tmp_path / "scores.jsonl").read_text().replace("ok", "seen")
  (tmp_path / "scores.jsonl").write_text(marked)
  best = []
  for bindings in ([], [pairs]):
    again = runs.run("eval_after_train", tmp_path, *bindings, every_steps=4)
    assert [row.status for row in again] == 4 * ["seen"]
    card = json.loads((tmp_path / "best" / "best.json").read_text())
    best.append(card["protocol"])
  assert best[0] != best[1]


@pytest.mark.once
@pytest.mark.long
def test_a_metric_beside_is_added_to_the_rows(tmp_path):
  first = "evaluate.metrics = [@ms_ssim]"
  runs.run("eval_after_train", tmp_path, first, every_steps=4)
  rows = runs.run("eval_after_train", tmp_path, every_steps=4)
  assert [row.step for row in rows] == [0, 4]
  assert set(rows[0].scores) == {"ms_ssim", "fid_pixels"}


def test_mistake_in_evaluate_shows_before_training(tmp_path):
  with pytest.raises(ValueError, match="evaluate.split"):
    runs.run("eval_after_train", tmp_path, "evaluate.split = 'test'")
  assert not (tmp_path / "TRAIN_DONE").exists()
