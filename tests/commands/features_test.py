"""features: scripts, tower.json, and what check says about a network."""

import ast
import json
import os
import re

from compare_gan.__main__ import main
from compare_gan.features import onnx_tower
from compare_gan.features import published
from compare_gan.features import recipes
from compare_gan.storage import model_dir
from compare_gan.storage import score_tables
import gin
import numpy as np
import pytest

from tests.features import tiny_tower
from tests.gans import tiny

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

pytestmark = pytest.mark.versions("each has another onnxruntime")

_CONFIG = f"""
import tests.architectures.own_architecture
dataset.name = "tests.noise_dataset.NoiseDataset"
options.batch_size = 2
options.gan_class = @ModularGAN
options.architecture = "{tiny.ARCHITECTURE}"
options.training_steps = 1
options.z_dim = {tiny.Z_DIM}
evaluate.features = @onnx_features
evaluate.metrics = [@fd, @cmmd]
evaluate.num_fake = 6
evaluate.num_real = 6
"""


@pytest.fixture
def folder(tmp_path):
  return tiny_tower.write(tmp_path / "vit")


def _source(folder, factor=1.0):
  """Writes eight images and their features; returns the path."""
  images = np.random.RandomState(0).randint(0, 256, [8, 20, 20, 3])
  images = images.astype(np.uint8)
  features = onnx_tower.onnx_features(None, folder)(images).features
  features[3] += factor * np.arange(tiny_tower.WIDTH)
  path = os.path.join(os.path.dirname(folder), "source.npz")
  np.savez(path, images=images, features=features)
  return path


def test_help_says_how_a_file_is_made(capsys):
  with pytest.raises(SystemExit):
    main(["features", "--help"])
  out = capsys.readouterr().out
  for text in recipes.RECIPES.values():
    assert re.sub("\n\n+", "\n\n", text) in out  # as argparse does
  assert "make-json towers/dinov2_vitl14" in out


@pytest.mark.parametrize("name", sorted(recipes.RECIPES))
def test_a_recipe_is_a_script(name, capsys):
  assert main(["features", "recipe", name]) == 0
  text = capsys.readouterr().out
  assert text == recipes.RECIPES[name]
  assert max(map(len, text.splitlines())) <= 80
  ast.parse(text)


def _constants(name):
  """Returns the numbers that a recipe sets at its top."""
  return {
    node.targets[0].id: ast.literal_eval(node.value)
    for node in ast.parse(recipes.RECIPES[name]).body
    if isinstance(node, ast.Assign)
    and getattr(node.targets[0], "id", "") in ("PIXELS", "MEAN", "STD")
  }


@pytest.mark.parametrize(
  "recipe,protocol", [("dinov2", "dinov2"), ("clip", "clip_cmmd")]
)
def test_recipes_prepare_images_as_their_protocol(recipe, protocol):
  values, _ = published.PROTOCOLS[protocol]
  found = _constants(recipe)
  assert found["PIXELS"] == values["pixels"]
  assert (found["MEAN"], found["STD"]) == (values["mean"], values["std"])


def _make_json(folder, *flags):
  flags = ("--like=dinov2", "--licence=MIT", "--pixels=16", *flags)
  return main(["features", "make-json", folder, *flags])


def test_make_json_reads_names_and_layout_from_the_file(folder, capsys):
  path = os.path.join(folder, "tower.json")
  os.remove(path)
  assert _make_json(folder) == 1
  assert (
    "outputs features, tokens. Choose one with --out" in capsys.readouterr().err
  )
  assert _make_json(folder, "--output=features", "--port=hub") == 0
  assert "<metric>_vit" in capsys.readouterr().out
  with open(path) as file:
    values = json.load(file)
  assert values["layout"] == "NCHW" and values["input"] == "pixels"
  assert values["mean"] == published.PROTOCOLS["dinov2"][0]["mean"]
  assert values["port"] == "hub"
  assert onnx_tower.onnx_features(None, folder).name == "vit"


def test_make_json_writes_over_nothing(folder, capsys):
  flags = ["--output=features", "--name=other"]
  assert _make_json(folder, *flags) == 1
  assert "--force overwrites it" in capsys.readouterr().err
  assert _make_json(folder, *flags, "--force") == 0
  assert onnx_tower.onnx_features(None, folder).name == "other"


def test_make_json_refuses_what_the_network_is_not(folder, capsys):
  flags = ["--output=features", "--force"]
  assert _make_json(folder, *flags, "--pixels=224") == 1
  assert "pixels = 224 give images of" in capsys.readouterr().err
  assert _make_json(folder, *flags, "--layout=NHWC") == 1
  assert "layout = 'NHWC'" in capsys.readouterr().err


def test_check_reports(folder, capsys):
  assert main(["features", "check", folder]) == 0
  out = capsys.readouterr().out
  identity = onnx_tower.onnx_features(None, folder).identity()
  assert f"vit: 24 features, identity {identity}" in out
  assert "images per second" in out and "resize          bicubic" in out


def test_check_compares_with_the_source(folder, capsys):
  path = _source(folder, factor=0.0)
  assert main(["features", "check", folder, f"--against={path}"]) == 0
  assert "1.0000000 or more, 8 images" in capsys.readouterr().out


def test_check_fails_where_one_image_differs(folder, capsys):
  path = _source(folder)
  assert main(["features", "check", folder, f"--against={path}"]) == 1
  assert "features differ from those of the source" in capsys.readouterr().err


def test_check_of_nothing(tmp_path, capsys):
  assert main(["features", "check", str(tmp_path)]) == 1
  assert "There is no" in capsys.readouterr().err


def test_evaluate_gives_each_network_a_row(folder, tmp_path):
  """From a checkpoint and two files to scores.csv."""
  model = str(tmp_path / "model")
  gin.parse_config(_CONFIG)
  model_dir.write(model, 3, tiny.gan(), tiny.DATASET, _CONFIG)
  other = tiny_tower.write(tmp_path / "clip", tiny_tower.weights(seed=1))
  digests = {}
  for path in (folder, other):
    gin.clear_config()
    binding = f"--gin_bindings=onnx_features.path = {path!r}"
    assert main(["evaluate", f"--model_dir={model}", binding]) == 0
  for row in score_tables.read_rows(model):
    assert row.status == "ok"
    digests.update(dict.fromkeys(row.scores, row.protocol_digest))
  names = "cmmd", "cmmd_unbiased", "fd"
  assert set(digests) == {f"{n}_{of}" for n in names for of in ("vit", "clip")}
  assert len(set(digests.values())) == 2


def test_the_recipe_of_inception_runs(tmp_path, monkeypatch, capsys):
  """From an archive with the real one's names to a checked tower."""
  import tensorflow as tf

  from tests.features import inception_test

  graph = tf.Graph()
  with graph.as_default():
    x = tf.compat.v1.placeholder(tf.float32, [None, 299, 299, 3], name="Mul")
    tf.reshape(x[:, :32, :64, 0], [-1, 1, 1, 2048], name="pool_3")
  frozen = graph.as_graph_def().SerializeToString()
  inception_test._archive(
    tmp_path,
    {inception_test._MEMBER: frozen},
    "frozen_inception_v1_2015_12_05.tar.gz",
  )
  monkeypatch.chdir(tmp_path)
  exec(compile(recipes.RECIPES["inception"], "make.py", "exec"), {})
  folder = os.path.join("towers", "pool3_2015")
  flags = ["--like=inception_clean", "--licence=Apache-2.0"]
  assert main(["features", "make-json", folder, *flags]) == 0
  against = f"--against={folder}/source.npz"
  assert main(["features", "check", folder, against]) == 0
  out = capsys.readouterr().out
  assert "pool3_2015: 2048 features" in out and "1.0000000 or more" in out
