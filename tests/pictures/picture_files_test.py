"""Pictures as files."""

from compare_gan.pictures import picture_files
import numpy as np
from PIL import Image
import pytest

pytestmark = pytest.mark.versions("an older Pillow writes images")

_IMAGES = np.arange(2 * 4 * 5 * 3, dtype=np.uint8).reshape(2, 4, 5, 3)


@pytest.mark.parametrize("colors", [1, 3])
def test_png_has_its_pixels(colors, tmp_path):
  path = str(tmp_path / "x.png")
  picture_files.write_png(path, _IMAGES[0, ..., :colors])
  with Image.open(path) as png:
    pixels = np.asarray(png).reshape(4, 5, colors)
  np.testing.assert_array_equal(pixels, _IMAGES[0, ..., :colors])


def test_gif_has_its_frames(tmp_path):
  path = str(tmp_path / "x.gif")
  picture_files.write_gif(path, [_IMAGES[0], _IMAGES[1], _IMAGES[0]], 0.2)
  with Image.open(path) as gif:
    assert (gif.n_frames, gif.info["duration"]) == (3, 200)
