"""Images for networks: Pillow's recorded values, and ones done by hand."""

import json
import pathlib

from compare_gan.features import preprocessing
from compare_gan.features import published
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("Pillow and TensorFlow resize")

_CASES = json.loads(
  (pathlib.Path(__file__).parent / "preprocessing.json").read_text()
)["cases"]
_PLAIN = {"mean": (0.0, 0.0, 0.0), "std": (1 / 255, 1 / 255, 1 / 255)}


def _make(**changes):
  values = {
    "pixels": 2,
    "resize": "bicubic",
    "antialias": True,
    "arithmetic": "float",
    "crop": "none",
    **_PLAIN,
    **changes,
  }
  return preprocessing.Preprocessing(**values)


def _image(case):
  """Returns the recorded image in [0, 1], [1, H, W, 3]."""
  how = case["image"]
  shape = (1, how["height"], how["width"], 3)
  image = np.random.RandomState(how["seed"]).randint(0, 256, shape)
  return (image / 255).astype(np.float32)


def _resized(case, kind):
  """Yields the pixels and the recorded values of a kind of resize."""
  for key, value in case["values"].items():
    if key.startswith(f"{kind}_bicubic_antialiased"):
      if not key.endswith("not_clipped"):
        yield len(value), value


def _pass_of_pillow(image, size):
  """Returns uint8 [H, size, C]: Pillow's bicubic pass over the width, by hand.

  Weights are integers of 22 bits, the sum is rounded and clipped.
  """
  width = image.shape[1]
  scale = width / size
  stretch = max(scale, 1.0)
  columns = []
  for i in range(size):
    centre = (i + 0.5) * scale
    first = max(int(centre - 2 * stretch + 0.5), 0)
    last = min(int(centre + 2 * stretch + 0.5), width)
    at = np.abs((np.arange(first, last) - centre + 0.5) / stretch)
    near = (1.5 * at - 2.5) * at**2 + 1
    far = ((-0.5 * at + 2.5) * at - 4) * at + 2
    weights = np.where(at < 1, near, np.where(at < 2, far, 0))
    weights /= weights.sum()
    whole = np.trunc(weights * 2**22 + np.copysign(0.5, weights)).astype(int)
    total = np.einsum("hwc,w->hc", image[:, first:last].astype(int), whole)
    columns.append(np.clip((total + 2**21) >> 22, 0, 255))
  return np.stack(columns, axis=1).astype(np.uint8)


def _across_then_down(image, size):
  across = _pass_of_pillow(image, size)
  return _pass_of_pillow(across.swapaxes(0, 1), size).swapaxes(0, 1)


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case["image"]["seed"])
def test_uint8_is_pillow_to_the_bit(case):
  recorded = list(_resized(case, "uint8"))
  assert recorded
  image = _image(case)
  # Recorded by Pillow 13, which begins with the height of a tall picture.
  off = 1 if image.shape[1] > image.shape[2] else 0
  for pixels, expected in recorded:
    found = np.rint(_make(pixels=pixels, arithmetic="uint8")(image)[0])
    by_hand = _across_then_down(np.rint(255 * image[0]), pixels)
    np.testing.assert_array_equal(found, by_hand)
    np.testing.assert_allclose(found, expected, atol=off)


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case["image"]["seed"])
def test_float_is_pillow_and_clipped(case):
  recorded = list(_resized(case, "float"))
  assert recorded
  for pixels, expected in recorded:
    found = _make(pixels=pixels)(_image(case))
    np.testing.assert_allclose(found[0], expected, atol=2e-4)


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case["image"]["seed"])
@pytest.mark.parametrize(
  "crop,recorded",
  [
    ("shorter_side", "shorter_side_then_centre_crop"),
    ("centre_square", "centre_square_then_resize"),
  ],
)
def test_crops_are_those_of_the_packages(case, crop, recorded):
  expected = case["values"][recorded]
  make = _make(pixels=expected["size"], arithmetic="uint8", crop=crop)
  found = np.rint(make(_image(case))[0])
  np.testing.assert_array_equal(found, expected["uint8"])


def test_uint8_clips_between_the_passes():
  """Which rounding alone, by 1, would not explain."""
  image = _image(_CASES[0])
  gap = _make(pixels=13)(image) - _make(pixels=13, arithmetic="uint8")(image)
  assert np.abs(gap).max() > 5.0


def test_each_colour_has_its_mean_and_deviation():
  white = np.ones([1, 2, 2, 3], np.float32)
  found = _make(mean=(0.0, 0.5, 1.0), std=(0.5, 0.25, 2.0))(white)
  assert found.dtype == np.float32
  np.testing.assert_allclose(found[0, 0, 0], [2.0, 2.0, 0.0])


def test_floats_are_rounded_only_on_request():
  grey = np.full([1, 2, 2, 3], 100.4 / 255, np.float32)
  np.testing.assert_allclose(_make()(grey), 100.4, rtol=1e-6)
  np.testing.assert_allclose(_make(round_pixels=True)(grey), 100.0, rtol=1e-6)
  np.testing.assert_allclose(_make(arithmetic="uint8")(grey), 100.0, rtol=1e-6)


def test_grey_is_three_equal_colours():
  grey = _image(_CASES[0])[..., :1]
  found = _make(pixels=5)(grey)
  np.testing.assert_array_equal(found, _make(pixels=5)(grey.repeat(3, -1)))
  with pytest.raises(ValueError, match="have 2 colours"):
    _make()(grey.repeat(2, -1))


def test_tensorflows_resizes_by_hand():
  """A row 0, 100 of 2 pixels becomes 4 pixels."""
  row = np.float32([[[0.0], [100 / 255]]]).reshape([1, 1, 2, 1])
  image = row.repeat(2, axis=1)
  of = {"pixels": 4, "antialias": False}
  found = _make(resize="bilinear", **of)(image)[0, 0, :, 0]
  np.testing.assert_allclose(found, [0, 25, 75, 100], atol=1e-4)
  found = _make(resize="tf1_bilinear", **of)(image)[0, 0, :, 0]
  np.testing.assert_allclose(found, [0, 50, 100, 100], atol=1e-4)


def test_bicubic_without_antialias_has_pillows_a_where_it_enlarges():
  """a = -0.75 would be 14 of 255 away; edges alone are weighed otherwise."""
  image = _image(_CASES[0])
  plain = _make(pixels=16, antialias=False)(image)
  antialiased = _make(pixels=16)(image)
  inner = np.s_[:, 4:-4, 4:-4]
  np.testing.assert_allclose(plain[inner], antialiased[inner], atol=0.5)
  shrunk = _make(pixels=3, antialias=False)(image) - _make(pixels=3)(image)
  assert np.abs(shrunk).max() > 20.0


def test_the_size_itself_is_not_resized():
  image = _image(_CASES[0])
  for arithmetic in ("uint8", "float"):
    found = _make(pixels=8, arithmetic=arithmetic)(image)
    np.testing.assert_allclose(found, 255.0 * image, rtol=1e-6)


@pytest.mark.parametrize(
  "changes,message",
  [
    ({"pixels": 0}, "pixels = 0. It must be an int from 1"),
    ({"pixels": 2.0}, "pixels = 2.0. It must be an int"),
    ({"resize": "nearest"}, "resize = 'nearest'. It can be 'bicubic' or"),
    ({"arithmetic": "int"}, "arithmetic = 'int'. It can be 'uint8' or 'float'"),
    ({"crop": "left"}, "crop = 'left'. It can be 'none' or 'centre_square'"),
    ({"antialias": 1}, "antialias = 1. It can be True or False"),
    ({"round_pixels": "yes"}, "round_pixels = 'yes'. It can be True"),
    ({"mean": (0.5, 0.5)}, "mean = .* three numbers, for red, green and blue"),
    ({"mean": 0.5}, "mean = 0.5. It must be three numbers"),
    ({"mean": (0.5, 0.5, "0.5")}, "mean = .* three numbers"),
    ({"std": (1.0, 1.0, float("nan"))}, "std = .* three numbers"),
    ({"std": (1.0, 0.0, 1.0)}, "std = .* divided by"),
    ({"resize": "tf1_bilinear"}, "'tf1_bilinear' has no antialiasing"),
    (
      {"arithmetic": "uint8", "antialias": False},
      "'uint8' is Pillow's, which always antialiases",
    ),
  ],
  ids=str,
)
def test_what_is_refused(changes, message):
  with pytest.raises(ValueError, match=message):
    _make(**changes)


@pytest.mark.parametrize("name", sorted(published.PROTOCOLS))
def test_published_protocols_are_complete(name):
  values = dict(published.PROTOCOLS[name][0])
  values.pop("normalise")
  pixels = values["pixels"]
  made = preprocessing.Preprocessing(**values)
  assert made(_image(_CASES[1])).shape == (1, pixels, pixels, 3)


def test_inceptions_protocols_are_its_extractors():
  from compare_gan.features import inception

  image = _image(_CASES[1])
  for name, resize in (
    ("inception_clean", inception._clean),
    ("inception_tf1", inception._tf1_bilinear),
  ):
    values = dict(published.PROTOCOLS[name][0])
    values.pop("normalise")
    found = preprocessing.Preprocessing(**values)(image)
    expected = (resize(tf.constant(255.0 * image)).numpy() - 128) / 128
    np.testing.assert_allclose(found, expected, atol=2e-6)
