"""A tiny card, trained, scored, continued, and run again."""

import json
import os
import shutil

from compare_gan import runner_lib
from compare_gan.__main__ import main
from compare_gan.configuration import gin_files
from compare_gan.datasets import catalogue
from compare_gan.estimator import run_config
from compare_gan.reproduction import bill
from compare_gan.storage import checkpoints
import gin
import numpy as np
import pytest

pytestmark = [
  pytest.mark.versions("trains twice and compares bits"),
  pytest.mark.long,
]

_CARD = """
dataset.name = "arrays"
arrays.path = "images.npz"
options.architecture = "dcgan_arch"
options.gan_class = @ModularGAN
options.batch_size = 4
options.training_steps = 2
options.z_dim = 2
dcgan.Generator.ch = 4
dcgan.Discriminator.ch = 4
run_config.tf_random_seed = 3
run_config.save_checkpoints_steps = 2
evaluate.metrics = [@fid]
evaluate.features = @random_filters
evaluate.num_fake = 4
evaluate.num_real = 3
evaluate.sample_grid = 0
"""


def _write_images(seed):
  images = np.random.RandomState(seed).randint(0, 256, (30, 8, 8, 1), np.uint8)
  np.savez("images.npz", images=images)


def _train(folder, *bindings, schedule="train"):
  gin.clear_config()
  gin_files.parse([], [_CARD, *bindings])
  runner_lib.run_with_schedule(
    schedule,
    catalogue.dataset,
    run_config.run_config(),
    folder,
    "cpu",
    runner_lib.Evaluation(runs=1, every_steps=2),
  )
  gin.clear_config()


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
  """The present directory, with runs.

  "a" went on with another rate and is scored, "b" is like it before that.
  """
  before = os.getcwd()
  os.chdir(tmp_path_factory.mktemp("reproduce"))
  _write_images(seed=0)
  _train("a")
  shutil.copytree("a", "b")
  _train(
    "a",
    "options.training_steps = 3",
    "ModularGAN.g_lr = 0.01",
    schedule="eval_after_train",
  )
  yield
  os.chdir(before)


def _reproduce(*words):
  """Returns the exit code of the command."""
  try:
    return main(["reproduce", *words])
  except SystemExit as end:
    return end.code


def test_a_run_that_went_on_is_reproduced_bit_for_bit(trained, capsys):
  starts = [one["step"] for one in bill.read("a")]
  assert starts == [0, 2]
  assert _reproduce("a", "--json") == 0
  found = json.loads(capsys.readouterr().out)
  assert found["reproduced"] and found["bit_for_bit"]
  assert [part["what"] for part in found["parts"]] == [
    "variables of checkpoint 0",
    "variables of checkpoint 2",
    "variables of checkpoint 3",
    "scalars",
    "scores",
  ]
  assert all(part["count"] for part in found["parts"])


def test_another_seed_is_found_and_named(trained, capsys):
  _train("seed", "run_config.tf_random_seed = 4")
  assert _reproduce("b", "--out=seed") == 1
  said = capsys.readouterr().out
  assert "  seed: 3 and 4\n" in said and "with another seed" in said
  assert "Variables of checkpoint 0: " in said and "generator/" in said


def test_a_changed_variable_is_found_and_named(trained, capsys):
  shutil.copytree("b", "variable")
  tensors = checkpoints.read("variable", 2)
  name = next(name for name in sorted(tensors) if name.endswith("kernel"))
  tensors[name] = np.nextafter(tensors[name], np.float32(1))
  checkpoints.write("variable", 2, tensors)
  assert _reproduce("b", "--out=variable") == 1
  said = capsys.readouterr().out
  assert f"  {name}, step 2: differs by up to " in said
  assert "Variables of checkpoint 0: all" in said


def test_other_data_are_found_and_named(trained, capsys):
  _write_images(seed=1)
  try:
    _train("data")
  finally:
    _write_images(seed=0)
  assert _reproduce("b", "--out=data", "--steps=1") == 1
  said = capsys.readouterr().out
  assert "data.digest: " in said
  assert "The variables differ from the checkpoint of step 2 on" in said
