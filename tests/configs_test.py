"""Every card in configs/ parses and builds, at full size but without memory."""

import pathlib
import re
import warnings

from compare_gan.configuration import gin_files
from compare_gan.configuration import gin_text
from compare_gan.configuration import unread as unread_lib
from compare_gan.context import scope
from compare_gan.datasets import catalogue
from compare_gan.datasets import shapes
from compare_gan.datasets import tfds_known
from compare_gan.estimator import run_config
from compare_gan.evaluation import scoring
from compare_gan.evaluation import settings as settings_lib
from compare_gan.memory import memory_check
from compare_gan.storage import model_dir
import gin
import numpy as np
import pytest

from tests.datasets import pictures
from tests.datasets import tfds_images_test
from tests.datasets.pictures import own_cache  # noqa: F401

pytestmark = pytest.mark.versions("TensorFlow builds each card's networks")

_FOLDER = pathlib.Path(__file__).parent.parent / "configs"
_CONFIGS = sorted(_FOLDER.glob("*.gin"))
_STUDIES = sorted((_FOLDER / "studies").glob("*.gin"))
# In all other folders: files to be laid over a card.
_PRESETS = sorted(
  path for path in _FOLDER.glob("*/*.gin") if path not in _STUDIES
)
_OVER = "dcgan_shapes32"  # unless a comment says `--gin_config=<card>.gin`


# Not before a step is traced, which takes minutes for all cards.
_READ_BY_A_STEP = (
  "loss.",
  "z.",
  "g/orthogonal_penalty.",
  # Parameters of losses and terms that are functions; presets_test.py makes a
  # step with each.
  "feature_matching.",
  "latent_codes.",
  "lsgan.",
  "non_saturating.",
  "soft_hinge.",
  "srip.",
  "top_k.",
  "zcr_diversity.",
)
# The original's cards bind the first; moments are accumulated there.
_READ_BY_NOTHING = {
  "biggan_imagenet128": {"standardize_batch.decay"},
  "biggan_imagenet256": {"standardize_batch.decay"},
  "biggan_deep_imagenet128": {"standardize_batch.decay"},
  # The joint discriminator's own `ch` is given to it.
  "bigbigan_shapes32": {"resnet_biggan.Discriminator.ch"},
}


def _own_images(path, folder, count=10):
  """Returns the binding that a card for anyone's own images lacks."""
  if 'dataset.name = "folder"' not in path.read_text():
    return []
  files = pictures.write_tree(folder / "images", pictures.tree(count))
  return [f"folder.path = {str(files)!r}"]


@pytest.mark.parametrize("path", _CONFIGS, ids=[p.stem for p in _CONFIGS])
@pytest.mark.usefixtures("own_cache")
def test_card_builds(path, tmp_path):
  gin_files.parse([str(path)], _own_images(path, tmp_path))
  with scope.building(allocate=False):
    gan = model_dir.make_gan(catalogue.dataset())
  assert gan.generator.trainable_variables
  assert gan.discriminator.trainable_variables
  unread = {
    name
    for name in unread_lib.names(batches_are_made=False)
    if not name.startswith((*_READ_BY_A_STEP, "run_config."))
  }
  assert unread == _READ_BY_NOTHING.get(path.stem, set())


def _card_under(preset):
  """Returns the name of the card that a preset's comment lays it over."""
  found = re.search(r"--gin_config=(\w+)\.gin", preset.read_text())
  return found[1] if found else _OVER


@pytest.mark.parametrize("path", _PRESETS, ids=[p.stem for p in _PRESETS])
@pytest.mark.usefixtures("own_cache")
def test_a_preset_can_be_laid_over_a_card(path):
  card = f"{_card_under(path)}.gin"
  gin_files.parse([card, f"{path.parent.name}/{path.name}"])
  with scope.building(allocate=False):
    model_dir.make_gan(catalogue.dataset())
  mine, _ = gin_text.read(path.read_text())
  unread = {
    name
    for name in unread_lib.names(batches_are_made=False)
    if not name.startswith((*_READ_BY_A_STEP, "run_config."))
  }
  assert not unread & set(mine)


@pytest.mark.parametrize("path", _PRESETS, ids=[p.stem for p in _PRESETS])
def test_a_preset_says_its_paper_and_its_cost(path):
  comments = [x for x in path.read_text().splitlines() if x.startswith("#")]
  assert "https://arxiv.org/abs/" in "\n".join(comments)
  assert "Cost:" in "\n".join(comments)


_TRACED = ("sndcgan_shapes16", "dcgan_shapes32", "biggan_shapes32")


@pytest.mark.parametrize("name", _TRACED)
@pytest.mark.usefixtures("own_cache")
def test_every_binding_of_a_card_is_read_before_the_first_step(name):
  gin_files.parse([str(_FOLDER / f"{name}.gin")])
  run_config.run_config()
  gan = model_dir.make_gan(catalogue.dataset())
  memory_check.report(gan)  # traces a step
  assert unread_lib.in_words(batches_are_made=False) == ""


@pytest.mark.parametrize(
  "path", _CONFIGS + _STUDIES, ids=[p.stem for p in _CONFIGS + _STUDIES]
)
def test_card_has_a_header(path):
  """Paper and score, measured or not."""
  header = []
  for line in path.read_text().splitlines():
    if not line.startswith("#"):
      break
    header.append(line)
  text = "\n".join(header)
  assert "https://arxiv.org/abs/" in text or "model card" in text
  assert "FID" in text


@pytest.mark.parametrize("path", _CONFIGS, ids=[p.stem for p in _CONFIGS])
@pytest.mark.usefixtures("own_cache")
def test_a_card_raises_no_false_alarm(path, tmp_path):
  """Conditional cards have networks that use the labels, both of them."""
  gin_files.parse([str(path)], _own_images(path, tmp_path))
  with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    with scope.building(allocate=False):
      model_dir.make_gan(catalogue.dataset())
  assert not [w for w in said if "ignores" in str(w.message)]


def _noise(i, height=8, width=8, colors=3):
  """Returns a picture like no other one."""
  shape = (height, width, colors)
  return np.random.RandomState(i).randint(0, 256, shape, np.uint8)


def _tiny_data(path, folder, monkeypatch):
  """Returns bindings by which a card reads 16 + 8 images, as it reads its own.

  Pictures of tensorflow-datasets are a little larger than the card's, where it
  crops or resizes them.
  """
  monkeypatch.setattr(shapes, "SIZES", {"train": 16, "eval": 8})
  monkeypatch.setattr(pictures, "pixels", _noise)
  gin.parse_config(path.read_text())
  name = gin.query_parameter("dataset.name")
  if name not in tfds_known.KNOWN:
    return _own_images(path, folder, 24)
  info = tfds_known.KNOWN[name]
  height, width, colors = info.image_shape
  shape, sizes = info.image_shape, None
  if info.prepare:
    shape, sizes = (None, None, colors), [(height + 9, width + 4)]
  tfds_images_test.prepare(
    folder, info.tfds_name, shape, {"train": 24}, info.num_classes, sizes
  )
  return [
    f"dataset.tfds_data_dir = {str(folder)!r}",
    "tfds_images.train_split = 'train[:16]'",
    "tfds_images.eval_split = 'train[16:]'",
  ]


def _one_card_a_dataset():
  """Returns the first of the cards that read the same data."""
  names = {}
  for path in _CONFIGS:
    [line] = [
      x for x in path.read_text().splitlines() if x.startswith("dataset.name")
    ]
    names.setdefault(line, path)
  return list(names.values())


@pytest.mark.long
@pytest.mark.parametrize("path", _one_card_a_dataset(), ids=lambda p: p.stem)
@pytest.mark.usefixtures("own_cache")
def test_copies_score_1_on_every_card(path, tmp_path, monkeypatch):
  """As a generator makes them, and as bytes that were saved and read again."""
  bindings = _tiny_data(path, tmp_path, monkeypatch)
  gin.clear_config()
  gin_files.parse(
    [str(path)],
    [
      *bindings,
      "evaluate.metrics = [@memorization]",
      "evaluate.num_real = 5",  # fewer than there are to be copied
      "classifier.steps = 1",
    ],
  )
  dataset = catalogue.dataset()
  evaluator = scoring.Evaluator(dataset, settings_lib.Settings())
  images = np.concatenate(
    [batch["images"].numpy() for batch in dataset.in_order("train", 7)]
  )
  saved = np.rint(255.0 * images).astype(np.uint8)
  for copies in (images, images[::-1], saved):
    row = evaluator.row_of_images(copies)
    assert not row.errors
    assert row.scores["memorization_classifier"] == 1.0
    assert row.protocol["num_train"] == len(images)
