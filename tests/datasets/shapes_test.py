"""The built-in pictures: always the same bytes."""

import hashlib

from compare_gan.datasets import cache
from compare_gan.datasets import shapes
import numpy as np
import pytest

pytestmark = pytest.mark.versions("tf.data or an older tfds reads it")


def _sha256(split, n, pixels):
  digest = hashlib.sha256()
  for first in range(0, n, 5000):
    indices = np.arange(first, min(first + 5000, n))
    digest.update(shapes.draw(split, indices, pixels).tobytes())
  return digest.hexdigest()


_FIRST = [
  (
    "train",
    300,
    16,
    "d7e1fe74d1223a71069876c5a3119ac58ddae16039d74f3fa9636e72c93bf66d",
  ),
  (
    "train",
    300,
    32,
    "0e685bd6eaa9bc5c8c97f3ec6b7072ca6d165ac7e4e612e6304493d600d92ed7",
  ),
  (
    "eval",
    300,
    32,
    "4acb86017a02a129d32ce1bfbac60f7074f4252ab480cf90e2fecd8aad9dd6c1",
  ),
  (
    "train",
    100,
    64,
    "11010f453ba4bfca95dcd939793dc709515c68f91891b9656e87dba6a9eb901a",
  ),
  (
    "train",
    50,
    128,
    "1fea19048eb5d8fb21706d760573438318a21610b0a58c90da67898caab578ed",
  ),
]
_ALL = [
  (
    "train",
    50000,
    32,
    "4f91c2f6c3c1cdaa0ba93f62c7ff95d1cc0b20859cf657b29f2a29d710f29dcc",
  ),
  (
    "eval",
    10000,
    32,
    "a17070c5a8aba41595c32634560003557484de56f6915994f96ea6d5427628f6",
  ),
  (
    "train",
    50000,
    64,
    "2df7b5febd9136ca17c8f0a362ca3d3dbb4a6e023ef3d14b6880c7d43c8cb59e",
  ),
  (
    "eval",
    10000,
    64,
    "da06302ff64cc101ae373620161c7c7ea606b7af8e7f28c87ec9da63b6b3c1ed",
  ),
  (
    "train",
    50000,
    128,
    "6348ba3b12367eda8b9d053ce1f86f1e4a7e8882b7d1e9ecb248adc4e95b7049",
  ),
  (
    "eval",
    10000,
    128,
    "b528babc00b04c33993d5914fe9cde3f4cf3f43f3adc9c2eb714de1750c28399",
  ),
]


@pytest.mark.parametrize("split,n,pixels,sha256", _FIRST)
def test_first_images_are_the_same_bytes_everywhere(split, n, pixels, sha256):
  assert _sha256(split, n, pixels) == sha256


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("split,n,pixels,sha256", _ALL)
def test_all_images_are_the_same_bytes_everywhere(split, n, pixels, sha256):
  assert _sha256(split, n, pixels) == sha256


def test_an_image_is_a_function_of_its_number():
  images = shapes.draw("train", range(40), 32)
  some = [31, 7, 12, 7]
  np.testing.assert_array_equal(shapes.draw("train", some, 32), images[some])
  assert (
    (shapes.draw("eval", some, 32) != images[some]).any(axis=(1, 2, 3)).all()
  )


def test_no_cosine_is_near_where_rounding_turns():
  k = np.arange(256)
  exact = 2**14 * np.cos(np.pi * k / 128)
  assert np.abs(exact - np.floor(exact) - 0.5).min() > 1e-3


def test_classes_have_names():
  assert shapes.Shapes(16).class_names() == shapes.CLASSES


def test_classes_are_equally_many():
  labels = shapes.factors("train", range(500))["label"]
  np.testing.assert_array_equal(np.bincount(labels), [50] * 10)


def test_factors_vary_over_all_of_their_range():
  factors = shapes.factors("train", range(2000))
  ranges = {name: (v.min(), v.max()) for name, v in factors.items()}
  assert ranges["texture"] == (0, len(shapes.TEXTURES) - 1)
  assert ranges["background"] == (0, len(shapes.BACKGROUNDS) - 1)
  for name in ("angle", "hue", "background_hue"):
    assert ranges[name] == (0, 255)
  for name in ("x", "y"):
    assert ranges[name][0] < 1200 and ranges[name][1] > 2900
  assert ranges["radius"][0] < 860 and ranges["radius"][1] > 1490


def test_shapes_lie_within_the_picture():
  factors = shapes.factors("train", range(2000))
  for axis in ("x", "y"):
    assert (factors[axis] - factors["radius"] > 0).all()
    assert (factors[axis] + factors["radius"] < 4096).all()


def test_hue_is_what_one_sees():
  """A red disc has a red middle."""
  factors = shapes.factors("train", range(4000))
  red = np.minimum(factors["hue"], 256 - factors["hue"]) < 3
  disc = factors["label"] == shapes.CLASSES.index("disc")
  plain = factors["texture"] == shapes.TEXTURES.index("plain")
  found = np.flatnonzero(red & disc & plain)
  assert found.size
  for i in found:
    image = shapes.draw("train", [i], 32)[0]
    red, green, blue = image[factors["y"][i] // 128, factors["x"][i] // 128]
    assert red > 200 and red > 2 * green and red > 2 * blue


@pytest.mark.parametrize("pixels,most", [(16, 12), (32, 6)])
def test_sizes_show_the_same_pictures(pixels, most):
  """Twice as many pixels averaged two by two are nearly those."""
  small = shapes.draw("train", range(50), pixels).astype(float)
  large = shapes.draw("train", range(50), 2 * pixels).astype(float)
  averaged = large.reshape(50, pixels, 2, pixels, 2, 3).mean(axis=(2, 4))
  assert np.abs(averaged - small).mean() < most


def test_dataset_reads_from_the_cache(tmp_path, monkeypatch):
  monkeypatch.setenv("COMPARE_GAN_CACHE", str(tmp_path))
  monkeypatch.setattr(shapes, "SIZES", {"train": 20, "eval": 10})
  expected = shapes.draw("train", range(20), 32)
  dataset = shapes.Shapes(32)
  batch = next(iter(dataset.in_order("train", 20)))
  np.testing.assert_allclose(batch["images"], expected / 255, atol=1e-7)
  np.testing.assert_array_equal(batch["labels"], np.arange(20) % 10)
  np.testing.assert_array_equal(
    cache.array("shapes32-train-v1", lambda: None), expected
  )
