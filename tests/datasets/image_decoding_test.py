"""Image files of every kind become the pixels that they show."""

import struct
import zlib

from compare_gan.datasets import image_decoding
import numpy as np
from PIL import Image
import pytest

from tests.datasets import pictures

pytestmark = pytest.mark.versions("tf.data or an older tfds reads it")

_RGB = image_decoding.Layout(None)
_GRAY = image_decoding.Layout(None, colors=1)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "GIF"])
def test_lossless_kinds(kind):
  gray = pictures.pixels(1, 5, 7, 1)
  decoded = image_decoding.decode(pictures.encode(gray, kind), _GRAY)
  np.testing.assert_array_equal(decoded, gray)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_lossy_kinds(kind):
  picture = np.full([8, 8, 3], (200, 100, 50), np.uint8)
  decoded = image_decoding.decode(pictures.encode(picture, kind), _RGB)
  np.testing.assert_allclose(decoded.astype(int), picture, atol=6)


def test_gray_becomes_three_equal_colors():
  gray = pictures.pixels(1, colors=1)
  decoded = image_decoding.decode(pictures.encode(gray), _RGB)
  np.testing.assert_array_equal(decoded, np.repeat(gray, 3, -1))


@pytest.mark.parametrize("background,value", [("white", 255), ("black", 0)])
def test_transparent_pixels_show_the_background(background, value):
  picture = np.zeros([2, 2, 4], np.uint8)
  picture[0] = (10, 20, 30, 255)
  decoded = image_decoding.decode(
    pictures.encode(picture), _RGB._replace(background=background)
  )
  np.testing.assert_array_equal(decoded[0], [(10, 20, 30)] * 2)
  np.testing.assert_array_equal(decoded[1], [(value,) * 3] * 2)


def test_palette_with_a_transparent_color():
  image = Image.new("P", (2, 1))
  image.putpalette([0, 0, 0, 9, 8, 7] + [0] * 762)
  image.putpixel((1, 0), 1)
  data = pictures.encode(image, "PNG", transparency=0)
  decoded = image_decoding.decode(data, _RGB)
  np.testing.assert_array_equal(decoded, [[(255,) * 3, (9, 8, 7)]])


def test_16_bits_become_8():
  deep = np.array([[0, 257, 65535, 32896]], np.uint16)
  decoded = image_decoding.decode(pictures.encode(deep), _GRAY)
  np.testing.assert_array_equal(decoded[..., 0], [[0, 1, 255, 128]])


def test_cmyk():
  picture = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
  decoded = image_decoding.decode(pictures.encode(picture, "JPEG"), _RGB)
  np.testing.assert_allclose(decoded[0, 0], (255, 0, 0), atol=8)


def test_exif_rotation():
  picture = np.zeros([2, 4, 3], np.uint8)
  picture[:, :2] = 250  # light on the left
  exif = Image.Exif()
  exif[0x0112] = 6  # to be turned clockwise
  data = pictures.encode(picture, "PNG", exif=exif)
  decoded = image_decoding.decode(data, _RGB)
  assert decoded.shape == (4, 2, 3)
  assert (decoded[:2] == 250).all() and (decoded[2:] == 0).all()


def test_first_frame_of_a_gif():
  frames = [Image.new("L", (2, 2), value) for value in (7, 200)]
  data = pictures.encode(
    frames[0], "GIF", save_all=True, append_images=frames[1:]
  )
  decoded = image_decoding.decode(data, _GRAY)
  np.testing.assert_array_equal(decoded, np.full([2, 2, 1], 7))


def _stripes():
  """Returns [4, 8]: columns 0 ... 7 times 30."""
  return np.tile(30 * np.arange(8, dtype=np.uint8), (4, 1))


def test_center_crop_takes_the_middle():
  layout = image_decoding.Layout((4, 4), 1)
  decoded = image_decoding.decode(pictures.encode(_stripes()), layout)
  np.testing.assert_array_equal(decoded[..., 0], _stripes()[:, 2:6])


def test_crop_comes_before_the_resize():
  layout = image_decoding.Layout((4, 2), 1, "resize", crop=(4, 4))
  decoded = image_decoding.decode(pictures.encode(_stripes()), layout)
  # Of the columns 60, 90, 120, 150, two make one.
  np.testing.assert_allclose(decoded[0, :, 0], (75, 135), atol=8)


def test_crop_of_a_smaller_image_is_all_of_it():
  layout = image_decoding.Layout(None, 1, crop=(9, 6))
  decoded = image_decoding.decode(pictures.encode(_stripes()), layout)
  np.testing.assert_array_equal(decoded[..., 0], _stripes()[:, 1:7])


def test_resize_stretches():
  layout = image_decoding.Layout((4, 4), 1, "resize")
  decoded = image_decoding.decode(pictures.encode(_stripes()), layout)
  np.testing.assert_allclose(decoded[0, :, 0], (15, 75, 135, 195), atol=6)


@pytest.mark.parametrize("background,value", [("white", 255), ("black", 0)])
def test_pad_shows_all_of_it(background, value):
  layout = image_decoding.Layout((8, 8), 1, "pad", background)
  decoded = image_decoding.decode(pictures.encode(_stripes()), layout)[..., 0]
  np.testing.assert_array_equal(decoded[2:6], _stripes())
  assert (decoded[:2] == value).all() and (decoded[6:] == value).all()


def _chunk(kind, data):
  crc = struct.pack(">I", zlib.crc32(kind + data))
  return struct.pack(">I", len(data)) + kind + data + crc


def _png_of_size(width, height):
  """Returns a PNG whose header claims a size that its data do not have."""
  header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
  data = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(b"\0" * 999))
  return b"\x89PNG\r\n\x1a\n" + data + _chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(60000, 60000), (2**31 - 1, 2**31 - 1)])
def test_bombs_are_refused_before_they_are_unpacked(size):
  with pytest.raises(image_decoding.BadImage, match="claims|exceeds|size"):
    image_decoding.decode(_png_of_size(*size), _RGB)


def test_max_pixels():
  data = pictures.encode(pictures.pixels(0, 8, 8))
  layout = _RGB._replace(max_pixels=63)
  with pytest.raises(image_decoding.BadImage, match="8 x 8 .*max_pixels = 63"):
    image_decoding.decode(data, layout)
  image_decoding.decode(data, _RGB._replace(max_pixels=64))


@pytest.mark.parametrize(
  "data,message",
  [
    (b"", "empty"),
    (b"hello, world", "not an image"),
    (pictures.encode(pictures.pixels(0, 64, 64), "JPEG")[:-200], "truncated"),
    (
      pictures.encode(pictures.pixels(0, 64, 64), "PNG")[:60],
      "truncated|no im",
    ),
  ],
)
def test_damaged_files_say_why(data, message):
  with pytest.raises(image_decoding.BadImage, match=message):
    image_decoding.decode(data, _RGB)
