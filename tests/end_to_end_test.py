"""From a gin file to a row of the table, as a user of the original would go.

A tiny network in the archive of the real Inception's layout stands in for it.
"""

import csv
import json
import pathlib
import subprocess
import sys

import pytest

from tests import plain_shell
from tests.features import inception_test
from tests.gans import tiny

pytestmark = pytest.mark.versions("a user trains on each TensorFlow")

_ROOT = pathlib.Path(__file__).parent.parent
_CONFIG = f"""
import tests.architectures.own_architecture
dataset.name = "tests.noise_dataset.NoiseDataset"
options.batch_size = 4
options.gan_class = @ModularGAN
options.architecture = "{tiny.ARCHITECTURE}"
options.training_steps = 4
options.disc_iters = 2
options.z_dim = {tiny.Z_DIM}
ModularGAN.conditional = True
G.batch_norm_fn = @batch_norm
D.spectral_norm = True
evaluate.metrics = [@fid, @kid, @inception_score, @precision_recall]
inception_score.splits = 2
run_config.save_checkpoints_steps = 2
"""


@pytest.mark.long
def test_training_and_scores_by_the_inception_graph(tmp_path):
  inception_test._archive(
    tmp_path, {inception_test._MEMBER: inception_test._graph()}
  )
  (tmp_path / "tiny.gin").write_text(_CONFIG)
  command = [
    sys.executable,
    "-m",
    "compare_gan.main",
    f"--gin_config={tmp_path / 'tiny.gin'}",
    f"--model_dir={tmp_path / 'model'}",
    f"--myevalinception={tmp_path / 'inception.tar.gz'}",
    "--run_config=cpu",
    "--schedule=eval_after_train",
    "--num_eval_averaging_runs=2",
    "--eval_every_steps=2",
  ]
  cache = {"COMPARE_GAN_CACHE": str(tmp_path / "cache")}
  result = subprocess.run(
    command,
    capture_output=True,
    text=True,
    cwd=_ROOT,
    env=plain_shell.checkout(**cache),
  )
  assert result.returncode == 0, result.stderr
  with open(tmp_path / "model" / "scores.csv", newline="") as file:
    rows = list(csv.DictReader(file))
  assert [row["step"] for row in rows] == ["0", "2", "4"]
  last = rows[-1]
  assert last["checkpoint_path"].endswith("model.ckpt-4")
  assert last["status"] == "ok"
  for score in ("fid_score", "kid", "inception_score", "precision", "recall"):
    for part in ("list", "mean", "std"):
      assert last[f"{score}_{part}"] != "", (score, part)
  assert last["options.training_steps"] == "4"
  lines = (tmp_path / "model" / "scores.jsonl").read_text().splitlines()
  card = json.loads(lines[-1])["protocol"]
  assert card["features"] == "inception"
  assert (card["num_real"], card["num_fake"], card["runs"]) == (8, 8, 2)
