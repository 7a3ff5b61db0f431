"""`compare_gan zoo`: printed first, then run."""

import json
import shlex
import subprocess

from compare_gan.__main__ import main
import numpy as np
from PIL import Image
import pytest
import scipy.io

from tests import plain_shell
from tests.datasets import pictures

pytestmark = pytest.mark.versions("exports TensorFlow's graphs")

_BIGBIGAN = ["zoo", "bigbigan", "--dataset_path=d", "--result_path=r"]


def test_dry_run_prints_the_configuration_and_runs_nothing(capsys, monkeypatch):
  monkeypatch.setattr(subprocess, "run", None)
  assert main([*_BIGBIGAN, "--dry_run", "--train_batch_size=128"]) == 0
  printed = capsys.readouterr().out
  assert "configs/bigbigan_mnist.gin" in printed
  assert "options.batch_size = 128" in printed
  assert "compare_gan.main" in printed


def test_bindings_and_a_device_come_last(capsys, monkeypatch):
  monkeypatch.setattr(subprocess, "run", None)
  more = ["--gin_bindings=options.training_steps = 9", "--run_config=cpu"]
  assert main([*_BIGBIGAN, "--dry_run", *more]) == 0
  [command] = [
    line
    for line in capsys.readouterr().out.splitlines()
    if "compare_gan.main" in line
  ]
  assert command.rindex("training_steps = 9") > command.rindex("11700")
  assert "--run_config=cpu" in command and "=auto" not in command


def test_a_run_that_fails_is_an_error(capsys, monkeypatch):
  class Failed:
    returncode = 3

  monkeypatch.setattr(subprocess, "run", lambda command: Failed)
  assert main(_BIGBIGAN) == 1
  assert "ended with status 3" in capsys.readouterr().err


def test_what_a_card_refuses_is_a_sentence(capsys):
  assert main(["zoo", "biggan", "--num_classes=7"]) == 1
  assert "--num_classes=7" in capsys.readouterr().err


def _zoo(folder, *words):
  """Runs `compare_gan zoo` from a plain shell in a folder; returns what it did.

  What it should write is below the folder.
  """
  folder.mkdir(exist_ok=True)
  done = plain_shell.run(
    ["-m", "compare_gan", "zoo", *words],
    cwd=folder,
    home=folder.parent,
    PYTHONPATH=plain_shell.ROOT,
  )
  assert done.returncode == 0, done.stdout + done.stderr
  return done.stdout


@pytest.mark.once
@pytest.mark.long
def test_dcgan_trains_on_a_folder(tmp_path):
  """The real thing: two steps, its lines, its FLAGS.json and its pictures."""
  here = tmp_path / "it's größe"
  faces = here / "my data" / "faces"
  faces.mkdir(parents=True)
  rng = np.random.RandomState(0)
  for i in range(8):
    pixels = rng.randint(0, 256, (24, 20, 3)).astype(np.uint8)
    (faces / f"{i}.jpg").write_bytes(pictures.encode(pixels, "JPEG"))
  for name in (".DS_Store", "notes.txt"):
    (faces / name).write_bytes(b"no image")
  printed = _zoo(
    here,
    "dcgan",
    "--data_dir=my data",
    "--dataset=faces",
    "--epoch=1",
    "--batch_size=4",
    "--input_height=16",
    "--output_height=16",
    "--z_dim=4",
    "--crop",
    "--out_name=mine",
    "--export",
    "--freeze",
  )
  folder = here / "out" / "mine"
  assert json.loads((folder / "FLAGS.json").read_text())["z_dim"] == 4
  assert (folder / "model.ckpt-2.index").exists()  # of all eight images
  [log] = (here / "test" / "output" / "0").glob("DCGAN_*_perf.log")
  assert "ActualFPS = " in log.read_text()
  assert (folder / "export_b4" / "saved_model.pb").exists()
  graph = folder / "frozen_b4" / "model.b4-000002_frz.pb"
  assert graph.exists()
  [atc] = [x for x in printed.splitlines() if x.startswith("atc ")]
  path = [x for x in shlex.split(atc) if x.startswith("--model=")]
  assert (here / path[0][len("--model=") :]).samefile(graph)


@pytest.mark.slow
@pytest.mark.parametrize("size,truncation", [(64, 0.5), (128, 0)])
def test_biggan_trains_on_imagenet64(tmp_path, size, truncation):
  """The card's own file, resized as it says, with z cut elsewhere."""
  data = tmp_path / "my data"
  data.mkdir()
  rng = np.random.RandomState(0)
  pixels = rng.randint(0, 256, (12, 64, 64, 3)).astype(np.uint8)
  labels = np.arange(12)[None] % 3
  scipy.io.savemat(data / "imagenet64.mat", {"data": pixels, "labels": labels})
  _zoo(
    tmp_path / "größe",
    *("biggan", "--dataset=../my data", "-c", "3"),
    *(f"--train_img_size={size}", f"--truncation={truncation}"),
    *("--train_itr=2", "--batch_size=2", "--base_channel=8"),
  )
  output = tmp_path / "größe" / "output"
  [trained] = (output / "model" / str(size)).iterdir()
  assert (trained / "model.ckpt-2.index").exists()
  grids = output / "gen_img" / "image_of_each_class" / str(size)
  assert {p.name for p in grids.iterdir()} == {"0.png", "1.png", "2.png"}
  with Image.open(grids / "0.png") as picture:
    assert picture.size == (8 * size, 8 * size)
