"""Every card in configs/ parses and builds, at full size but without memory."""

import pathlib

from compare_gan import configuration
from compare_gan import model_dir
from compare_gan.datasets import catalogue
from compare_gan.layers import scope
import pytest

from tests.datasets import pictures
from tests.datasets.pictures import own_cache  # noqa: F401

pytestmark = pytest.mark.versions("TensorFlow builds each card's networks")

_FOLDER = pathlib.Path(__file__).parent.parent / "configs"
_CONFIGS = sorted(_FOLDER.glob("*.gin"))
_STUDIES = sorted((_FOLDER / "studies").glob("*.gin"))


def _own_images(path, folder):
  """Returns the binding that a card for anyone's own images lacks."""
  if "_folder" not in path.stem:
    return []
  files = pictures.write_tree(folder / "images", pictures.tree(10))
  return [f"folder.path = {str(files)!r}"]


@pytest.mark.parametrize("path", _CONFIGS, ids=[p.stem for p in _CONFIGS])
@pytest.mark.usefixtures("own_cache")
def test_card_builds(path, tmp_path):
  configuration.parse([str(path)], _own_images(path, tmp_path))
  with scope.building(allocate=False):
    gan = model_dir.make_gan(catalogue.dataset())
  assert gan.generator.trainable_variables
  assert gan.discriminator.trainable_variables


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
