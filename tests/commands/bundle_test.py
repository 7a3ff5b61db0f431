"""bundle, and the commands that take one for a model_dir."""

import json
import os

from compare_gan.__main__ import main
from compare_gan.bundles import archive
from compare_gan.bundles import hub
from compare_gan.bundles import shipped
from compare_gan.datasets import in_memory
from compare_gan.storage import score_tables
import numpy as np
import pytest

from tests.bundles import tiny
from tests.storage import tiny as storage_tiny

pytestmark = pytest.mark.versions("reads TensorFlow's checkpoints")


class Noise(in_memory.InMemoryDataset):
  def __init__(self):
    super().__init__("noise", tiny.SHAPE.image_shape, 3, eval_samples=8)

  def load(self, split):
    rng = np.random.RandomState(0)
    return rng.uniform(size=(8, 8, 8, 1)).astype(np.float32), np.zeros(8, int)


@pytest.fixture(autouse=True)
def _place(tmp_path, monkeypatch):
  monkeypatch.setenv("COMPARE_GAN_CACHE", str(tmp_path / "cache"))
  monkeypatch.chdir(tmp_path)


def _npz(path):
  with np.load(path) as arrays:
    return dict(arrays)


def test_a_bundle_samples_as_its_model_dir(tmp_path, capsys):
  folder = tiny.model(tmp_path / "model")
  assert main(["bundle", folder, "--out=sub/my.zip", "--license=MIT"]) == 0
  assert "MB to sub/my.zip." in capsys.readouterr().out
  manifest = archive.read("sub/my.zip")[0]
  assert (manifest.name, manifest.license) == ("my", "MIT")
  assert main(["sample", f"--model_dir={folder}", "--n=4", "--out=a.npz"]) == 0
  assert main(["sample", "--bundle=sub/my.zip", "--n=4", "--out=b.npz"]) == 0
  expected, made = _npz("a.npz"), _npz("b.npz")
  for name in expected:
    np.testing.assert_array_equal(made[name], expected[name])


def test_a_shipped_one_samples_by_its_name():
  name = shipped.names()[0]
  assert main(["sample", f"--bundle={name}", "--n=4"]) == 0
  assert os.path.isfile("samples/grid.png")


def test_raw_weights_that_are_not_there(tmp_path, capsys):
  path = tiny.bundle(tmp_path)
  assert main(["sample", f"--bundle={path}", "--n=4", "--raw_weights"]) == 1
  assert "--with_discriminator" in capsys.readouterr().err


def test_code_is_refused_and_may_be_trusted(tmp_path, capsys):
  words = [
    "sample",
    f"--bundle={tiny.bundle(tmp_path, tiny.OWN_CODE)}",
    "--n=2",
  ]
  assert main(words) == 1
  assert "--trust_bundle_code" in capsys.readouterr().err
  assert main([*words, "--trust_bundle_code"]) == 0


def test_evaluate_leaves_a_bundle_as_it_is(tmp_path):
  path = tiny.bundle(
    tmp_path,
    tiny.CONFIG.replace("shapes16", "tests.commands.bundle_test.Noise"),
  )
  words = ["evaluate", f"--bundle={path}", "--json=row.json"]
  cheap = [
    "evaluate.features = @random_filters",
    "evaluate.num_fake = 8",
    "evaluate.num_real = 8",
    "evaluate.metrics = [@fid]",
  ]
  words += [f"--gin_bindings={line}" for line in cheap]
  assert main([*words, "--trust_bundle_code"]) == 0
  with open("row.json") as file:
    row = json.load(file)
  assert row["step"] == tiny.STEP and row["scores"]
  [folder] = (tmp_path / "cache" / "bundles").iterdir()
  assert not (folder / "scores.jsonl").exists()


def test_compare_reads_the_scores_of_a_bundle(tmp_path, capsys):
  folder = tiny.model(tmp_path / "model")
  score_tables.add_row(folder, storage_tiny.row(tiny.STEP, 2.5))
  assert main(["bundle", folder, "--out=a.zip"]) == 0
  assert main(["compare", "a.zip", folder]) == 0
  assert "2.5" in capsys.readouterr().out


def test_explain_reads_the_config_of_a_bundle(tmp_path, capsys):
  assert main(["explain", "--short", tiny.bundle(tmp_path)]) == 0
  said = capsys.readouterr().out
  assert "dcgan.Generator\n  ch = 2" in said and "config-7.gin" in said


def test_a_bundle_is_copied_as_it_is(tmp_path, capsys):
  path = tiny.bundle(tmp_path)
  assert main(["bundle", path, "--out=copy.zip"]) == 0
  assert archive.read("copy.zip") == archive.read(path)
  assert main(["bundle", path, "--out=b.zip", "--dtype=float16"]) == 1
  assert "is a bundle, and is copied as it is" in capsys.readouterr().err


def test_what_is_pushed(tmp_path, monkeypatch, capsys):
  pushed = {}
  monkeypatch.setattr(
    hub,
    "push",
    lambda name, found, private: pushed.update(found) or f"hf://{name}",
  )
  folder = tiny.model(tmp_path / "model")
  assert main(["bundle", folder, "--push=me/gan"]) == 0
  assert "Pushed to hf://me/gan." in capsys.readouterr().out
  assert json.loads(pushed["manifest.json"])["name"] == "gan"


def test_nothing_to_write_to(tmp_path, capsys):
  assert main(["bundle", str(tmp_path)]) == 1
  assert "--out=x.zip or --push=user/name" in capsys.readouterr().err
