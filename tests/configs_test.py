"""Every card in configs/ parses and builds, at full size but without memory."""

import pathlib

from compare_gan import configuration
from compare_gan import model_dir
from compare_gan.datasets import catalogue
from compare_gan.layers import scope
import pytest

_CONFIGS = sorted(
  (pathlib.Path(__file__).parent.parent / "configs").rglob("*.gin")
)


@pytest.mark.parametrize("path", _CONFIGS, ids=[p.stem for p in _CONFIGS])
def test_card_builds(path):
  configuration.parse([str(path)])
  with scope.building(allocate=False):
    gan = model_dir.make_gan(catalogue.dataset())
  assert gan.generator.trainable_variables
  assert gan.discriminator.trainable_variables


@pytest.mark.parametrize("path", _CONFIGS, ids=[p.stem for p in _CONFIGS])
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
