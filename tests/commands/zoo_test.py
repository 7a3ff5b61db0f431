"""`compare_gan zoo`: printed first, then run."""

import json
import subprocess

from compare_gan.__main__ import main
import numpy as np
import pytest

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


@pytest.mark.once
@pytest.mark.long
def test_dcgan_trains_on_a_folder(tmp_path, monkeypatch):
  """The real thing: two steps, its lines, its FLAGS.json and its pictures."""
  faces = tmp_path / "data" / "faces"
  faces.mkdir(parents=True)
  rng = np.random.RandomState(0)
  for i in range(8):
    pixels = rng.randint(0, 256, (24, 20, 3)).astype(np.uint8)
    (faces / f"{i}.jpg").write_bytes(pictures.encode(pixels, "JPEG"))
  monkeypatch.setenv("COMPARE_GAN_CACHE", str(tmp_path / "cache"))
  monkeypatch.setenv("PYTHONPATH", _root())
  monkeypatch.chdir(tmp_path)
  flags = [
    "--dataset=faces",
    "--epoch=1",
    "--batch_size=4",
    "--train_size=4",
    "--input_height=16",
    "--output_height=16",
    "--z_dim=4",
    "--crop",
    "--out_name=mine",
    "--export",
    "--freeze",
  ]
  assert main(["zoo", "dcgan", *flags]) == 0
  folder = tmp_path / "out" / "mine"
  assert json.loads((folder / "FLAGS.json").read_text())["z_dim"] == 4
  assert (folder / "model.ckpt-1.index").exists()
  [log] = (tmp_path / "test" / "output" / "0").glob("DCGAN_*_perf.log")
  assert "ActualFPS = " in log.read_text()
  assert (folder / "export_b4" / "saved_model.pb").exists()
  assert (folder / "frozen_b4" / "model.b4-000001_frz.pb").exists()


def _root():
  import pathlib

  import compare_gan

  return str(pathlib.Path(compare_gan.__file__).parent.parent)
