"""evaluate and compare: models, images, features; what the JSON holds."""

import json
import re

from compare_gan.__main__ import main
from compare_gan.evaluation import protocol
from compare_gan.pictures import picture_files
from compare_gan.storage import model_dir
from compare_gan.storage import score_tables
import gin
import numpy as np
import pytest

from tests.gans import tiny

pytestmark = pytest.mark.versions("reads TensorFlow's checkpoints")

_CONFIG = f"""
import tests.architectures.own_architecture
import tests.commands.evaluate_test
dataset.name = "tests.noise_dataset.NoiseDataset"
options.batch_size = 2
options.gan_class = @ModularGAN
options.architecture = "{tiny.ARCHITECTURE}"
options.training_steps = 1
options.z_dim = {tiny.Z_DIM}
evaluate.metrics = [@fid, @ms_ssim]
evaluate.features = @pixels_of_a_test
evaluate.num_fake = 6
evaluate.num_real = 6
"""


@gin.configurable("pixels_of_a_test", denylist=["dataset"])
def _pixels(dataset):
  from tests.evaluation import scoring_test

  del dataset
  return scoring_test.Pixels()


@pytest.fixture
def folder(tmp_path):
  gin.parse_config(_CONFIG)
  folder = str(tmp_path / "model")
  for step in (0, 3):
    model_dir.write(folder, step, tiny.gan(seed=step), tiny.DATASET, _CONFIG)
  gin.clear_config()
  return folder


def _run(tmp_path, *flags):
  out = tmp_path / "out.json"
  assert main(["evaluate", *flags, f"--json={out}"]) == 0
  return json.loads(out.read_text())


def _features(tmp_path):
  rows = np.random.RandomState(0).randn(50, 3)
  np.save(tmp_path / "a.npy", rows)
  np.save(tmp_path / "b.npy", rows + [2.0, 0.0, 0.0])
  return [
    f"--real_features={tmp_path / 'a.npy'}",
    f"--fake_features={tmp_path / 'b.npy'}",
  ]


def test_features(tmp_path):
  row = _run(tmp_path, *_features(tmp_path))
  assert row["scores"]["fid"] == pytest.approx(4.0)
  assert {"kid", "precision", "recall", "coverage"} <= set(row["scores"])
  assert row["protocol"]["fake_features"] == [50, 3]


def test_card_of_features_holds_metrics_and_real_rows(tmp_path):
  flags = _features(tmp_path)
  first = _run(tmp_path, *flags)
  other_k = "--gin_bindings=precision_recall.k = 4"
  changed = _run(tmp_path, *flags, other_k)
  assert protocol.differences(first["protocol"], changed["protocol"]) == [
    "precision_recall.k: 3 and 4"
  ]
  gin.clear_config()
  np.save(tmp_path / "b.npy", np.zeros([50, 3]))  # Fakes are what is scored.
  assert _run(tmp_path, *flags)["protocol_digest"] == first["protocol_digest"]
  np.save(tmp_path / "a.npy", np.ones([50, 3]))
  [unlike] = protocol.differences(
    first["protocol"], _run(tmp_path, *flags)["protocol"]
  )
  assert unlike.startswith("real_features_digest: ")


@pytest.mark.parametrize("content", [b"", b"text", None])
def test_features_that_cannot_be_read_are_named(tmp_path, capsys, content):
  flags = _features(tmp_path)
  (tmp_path / "b.npy").unlink()
  if content is not None:
    (tmp_path / "b.npy").write_bytes(content)
  assert f"--fake_features={tmp_path / 'b.npy'}" in _fails(
    capsys, "evaluate", *flags
  )


def test_model_gets_a_row(tmp_path, folder):
  row = _run(tmp_path, f"--model_dir={folder}")
  assert row["step"] == 3
  assert set(row["scores"]) == {"fid_pixels", "ms_ssim"}
  assert row["config"]["options.batch_size"] == "2"
  [stored] = score_tables.read_rows(folder)
  assert stored.as_json() == row


def test_step_is_a_choice(tmp_path, folder):
  row = _run(tmp_path, f"--model_dir={folder}", "--step=0")
  assert row["step"] == 0
  last = _run(tmp_path, f"--model_dir={folder}")
  assert row["scores"] != last["scores"]


def test_images_of_any_program(tmp_path, folder):
  images = np.random.RandomState(0).randint(0, 256, [6, 4, 4, 1], np.uint8)
  (tmp_path / "png").mkdir()
  for i, image in enumerate(images):
    picture_files.write_png(str(tmp_path / "png" / f"{i}.png"), image)
  np.savez(tmp_path / "x.npz", images=images)
  config = tmp_path / "x.gin"
  config.write_text(_CONFIG)
  scores = [
    _run(tmp_path, f"--images={tmp_path / name}", f"--gin_config={config}")
    for name in ("png", "x.npz")
  ]
  assert scores[0]["scores"] == scores[1]["scores"]
  assert set(scores[0]["scores"]) == {"fid_pixels", "ms_ssim"}
  # The dataset may also be that of a model.
  given = _run(
    tmp_path, f"--images={tmp_path / 'png'}", f"--model_dir={folder}"
  )
  assert given["scores"] == scores[0]["scores"]
  assert score_tables.read_rows(folder) == []


def _fails(capsys, *arguments):
  assert main(list(arguments)) == 1
  return capsys.readouterr().err


def test_nothing_to_score_is_said(capsys):
  assert "Nothing to score" in _fails(capsys, "evaluate")


def test_images_of_another_size_are_refused(tmp_path, folder, capsys):
  np.savez(tmp_path / "x.npz", images=np.zeros([6, 8, 8, 1], np.uint8))
  said = _fails(
    capsys,
    "evaluate",
    f"--images={tmp_path / 'x.npz'}",
    f"--model_dir={folder}",
  )
  assert "noise has (4, 4, 1)" in said


@pytest.mark.parametrize(
  "labels,sentence",
  [
    (np.arange(5) % 3, "labels of shape .5,., but there are 6 images"),
    (np.arange(6), "Labels go from 0 to 5, but those of noise are 0 to 2"),
    (np.arange(6) / 2.0, "are not integers"),
  ],
  ids=["five", "classes", "halves"],
)
def test_labels_that_do_not_fit_are_refused(
  tmp_path, folder, capsys, labels, sentence
):
  np.savez(tmp_path / "x.npz", images=np.zeros([6, 4, 4, 1], np.uint8))
  np.save(tmp_path / "y.npy", labels)
  said = _fails(
    capsys,
    "evaluate",
    f"--images={tmp_path / 'x.npz'}",
    f"--labels={tmp_path / 'y.npy'}",
    f"--model_dir={folder}",
  )
  assert re.search(sentence, " ".join(said.split()))


def test_compare_sets_scores_side_by_side(tmp_path, folder, capsys):
  rows = [tmp_path / "0.json", tmp_path / "3.json"]
  for step, path in zip((0, 3), rows):
    path.write_text(
      json.dumps(_run(tmp_path, f"--model_dir={folder}", f"--step={step}"))
    )
  capsys.readouterr()
  assert main(["compare", str(rows[0]), folder]) == 0
  table = capsys.readouterr().out
  for path in rows:
    score = json.loads(path.read_text())["scores"]["fid_pixels"]
    assert f"{score:.6g}" in table


def test_compare_refuses_unlike_protocols(tmp_path, folder, capsys):
  first = tmp_path / "first.json"
  first.write_text(json.dumps(_run(tmp_path, f"--model_dir={folder}")))
  fewer = "--gin_bindings=evaluate.num_fake = 5"
  _run(tmp_path, f"--model_dir={folder}", fewer)
  second = str(tmp_path / "out.json")
  assert "num_fake: 6 and 5" in _fails(capsys, "compare", str(first), second)
  assert main(["compare", str(first), second, "--force"]) == 0
  assert "DIFFERENT num_fake" in capsys.readouterr().out
