"""The bundles in the package: small, harmless, and able to make images."""

import os

from compare_gan.bundles import archive
from compare_gan.bundles import foreign_code
from compare_gan.bundles import read
from compare_gan.bundles import shipped
from compare_gan.evaluation import sampling
from compare_gan.storage import model_dir
import numpy as np
from PIL import Image
import pytest

pytestmark = pytest.mark.versions("one TensorFlow's weights, on another")

_NAMES = shipped.names()


def test_there_are_some():
  assert {"shapes16-sndcgan", "shapes32-biggan"} <= set(_NAMES)


@pytest.mark.parametrize("name", _NAMES)
def test_each_is_small_and_says_what_it_is(name):
  path = shipped.path_of(name)
  assert os.path.getsize(path) < 5e6
  manifest, found = archive.read(path)
  assert manifest.name == name and manifest.license
  assert not manifest.left_out
  assert not foreign_code.refusals(found["config.gin"].decode())
  card = found["README.md"].decode()
  assert "| score |" in card and "not stated" not in card
  assert shipped.about(name) in card


@pytest.mark.parametrize("name", _NAMES)
def test_each_makes_the_images_of_its_card(name, tmp_path, monkeypatch):
  monkeypatch.setenv("COMPARE_GAN_CACHE", str(tmp_path / "cache"))
  folder = read.as_model_dir(name)
  gan = model_dir.load(folder)
  images = sampling.generate(gan, *sampling.draw(gan, 64, seed=42))
  picture = archive.read(shipped.path_of(name))[1]["samples.png"]
  path = tmp_path / "samples.png"
  path.write_bytes(picture)
  height, width, colors = gan.image_shape
  shown = np.asarray(Image.open(path)).reshape(8, height, 8, width, 3)
  shown = shown.transpose(0, 2, 1, 3, 4).reshape(64, height, width, 3)
  # A rounding apart: pictures have 8 bits.
  error = np.abs(255.0 * np.broadcast_to(images, shown.shape) - shown)
  assert error.max() < 0.51
