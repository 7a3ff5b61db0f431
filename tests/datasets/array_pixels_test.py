"""What the axes and the values of arrays mean."""

from compare_gan.datasets import array_formats
from compare_gan.datasets import array_pixels
import numpy as np
import pytest

from tests.datasets import pictures

_N = 5
_PIXELS = np.stack([pictures.pixels(i, 8, 6) for i in range(_N)])
_GRAY = _PIXELS[..., 0]


def _images(value_range=None, layout=None, labels=None, **splits):
  """Returns {split: images} of arrays."""
  read = {
    split: array_pixels.images_first(
      array_formats.Whole(np.asarray(array)), layout, labels
    )
    for split, array in splits.items()
  }
  return array_pixels.images_of(read, value_range)


# ---- Axes --------------------------------------------------------------------


@pytest.mark.parametrize(
  "stored",
  [_PIXELS, _PIXELS.transpose(0, 3, 1, 2), _PIXELS.transpose(1, 2, 3, 0)],
)
def test_axes_of_images_in_color(stored):
  np.testing.assert_array_equal(_images(train=stored)["train"], _PIXELS)


def test_axes_of_gray_images():
  expected = _GRAY[..., None]
  np.testing.assert_array_equal(_images(train=_GRAY)["train"], expected)
  found = _images(train=_GRAY.transpose(1, 2, 0), layout="HWN")["train"]
  np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
  "shape", [(8, 6, 3), (3, 8, 6), (8, 8, 4), (8, 8, 100), (64, 64)]
)
def test_what_may_be_one_image_or_count_by_the_last_axis(shape):
  stored = np.full(shape, 9, np.uint8)
  with pytest.raises(ValueError, match="arrays.layout to one of"):
    _images(train=stored)
  labels = np.zeros(shape[0])
  assert len(_images(train=stored, labels=labels)["train"]) == shape[0]


def test_as_many_labels_tell_the_axis():
  stored = np.full((8, 8, 100), 9, np.uint8)
  found = _images(train=stored, labels=np.zeros([100, 1]))
  assert found["train"].shape == (100, 8, 8, 1)
  stored = np.full((8, 8, 3, 3), 9, np.uint8)  # NHWC or HWCN
  found = _images(train=stored, labels=np.zeros([1, 8]))
  assert found["train"].shape == (8, 8, 3, 3)
  found = _images(train=stored, labels=np.eye(3))
  assert found["train"].shape == (3, 8, 8, 3)
  with pytest.raises(ValueError, match="arrays.layout"):
    _images(train=stored)


def test_bound_layout_must_have_the_rank():
  with pytest.raises(ValueError, match="'HWCN' has 4 axes"):
    _images(train=_GRAY, layout="HWCN")
  with pytest.raises(ValueError, match="'flat_NCHW' has 2 axes"):
    _images(train=_GRAY, layout="flat_NCHW")
  with pytest.raises(ValueError, match=r"layout = 'NWH'. It can be one of"):
    array_pixels.check_choices("NWH", None)


def test_no_images():
  with pytest.raises(ValueError, match=r"\(0, 8, 6, 3\) holds no images"):
    _images(train=_PIXELS[:0])


# ---- Values ------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.uint16, ">u2"])
def test_16_bits(dtype):
  stored = _PIXELS.astype(dtype) * 257
  stored[0, 0, 0] = 65535
  found = _images(train=stored)["train"]
  assert found.dtype == np.float32
  np.testing.assert_allclose(found, stored / 65535.0, atol=1e-7)


def test_fewer_of_16_bits_are_unclear():
  stored = _PIXELS.astype(np.uint16) * 16
  with pytest.raises(ValueError, match="uint16 .* or '0..4095' and so on"):
    _images(train=stored)
  found = _images(train=stored, value_range="0..4095")["train"]
  np.testing.assert_allclose(found, stored / 4095.0, atol=1e-7)
  with pytest.raises(ValueError, match="outside of 0..1023"):
    _images(train=stored, value_range="0..1023")


def test_32_bits_are_unclear():
  stored = _PIXELS.astype(np.int32) * 257
  with pytest.raises(ValueError, match="int32 .*value_range to one of"):
    _images(train=stored)
  found = _images(train=stored, value_range="0..65535")["train"]
  np.testing.assert_allclose(found, _PIXELS / 255.0, atol=1e-6)


def test_bits_are_black_and_white():
  found = _images(train=_GRAY > 60)["train"]
  np.testing.assert_array_equal(found[..., 0], 255 * (_GRAY > 60))


def test_bytes_of_0_and_1_are_unclear():
  stored = (_GRAY > 60).astype(np.uint8)
  with pytest.raises(
    ValueError, match="bytes .uint8. 0 and 1.*value_range to '0..1'"
  ):
    _images(train=stored)
  found = _images(train=stored, value_range="0..1")["train"]
  np.testing.assert_array_equal(found[..., 0], stored)
  found = _images(train=stored, value_range="0..255")["train"]
  np.testing.assert_array_equal(found[..., 0], stored)


def test_splits_mean_the_same():
  """Where the few images of one would be read in another way alone."""
  stored = _PIXELS / 127.5 - 1
  bright = np.abs(stored[:1])
  found = _images(train=stored, eval=bright)
  np.testing.assert_allclose(found["train"], _PIXELS / 255.0, atol=1e-6)
  np.testing.assert_allclose(found["eval"], (bright + 1) / 2, atol=1e-6)


def test_splits_of_other_numbers_speak_for_themselves():
  found = _images(train=_PIXELS, eval=np.float32(_PIXELS) / 255)
  assert found["train"].dtype == np.uint8
  np.testing.assert_allclose(found["eval"], _PIXELS / 255.0, atol=1e-6)


@pytest.mark.parametrize("dtype", ["U3", np.complex64, "M8[s]"])
def test_what_is_no_number_of_a_pixel_is_refused(dtype):
  stored = np.zeros([_N, 8, 6, 3], dtype)
  with pytest.raises(ValueError, match="which cannot be pixels"):
    _images(train=stored)


@pytest.mark.parametrize("value_range", ["0-255", "0..0", "-1..2", "1..9"])
def test_wrong_value_range(value_range):
  with pytest.raises(ValueError, match="value_range = .*'0..4095' and so on"):
    array_pixels.check_choices(None, value_range)
