"""Images as files."""

from compare_gan import picture_files
import numpy as np
from PIL import Image
import pytest

pytestmark = pytest.mark.versions("an older Pillow writes images")

_IMAGES = np.arange(2 * 3 * 4 * 3, dtype=np.uint8).reshape(2, 3, 4, 3)


def test_folder_in_the_order_of_names(tmp_path):
  (tmp_path / "b").mkdir()
  picture_files.write_png(str(tmp_path / "b" / "0.png"), _IMAGES[1])
  picture_files.write_png(str(tmp_path / "a.png"), _IMAGES[0])
  (tmp_path / "notes.txt").write_text("no picture")
  np.testing.assert_array_equal(picture_files.read(str(tmp_path)), _IMAGES)


def test_gray_pictures(tmp_path):
  gray = np.array([[0, 128], [255, 1]], np.uint8)[..., None]
  picture_files.write_png(str(tmp_path / "a.png"), gray)
  images = picture_files.read(str(tmp_path), colors=1)
  np.testing.assert_array_equal(images, gray[None])
  assert picture_files.read(str(tmp_path)).shape == (1, 2, 2, 3)


@pytest.mark.parametrize("name", ["images", "anything"])
def test_npz(tmp_path, name):
  np.savez(tmp_path / "x.npz", **{name: _IMAGES})
  read = picture_files.read(str(tmp_path / "x.npz"))
  np.testing.assert_array_equal(read, _IMAGES)


def test_npy_of_floats(tmp_path):
  np.save(tmp_path / "x.npy", _IMAGES / 255.0)
  assert picture_files.read(str(tmp_path / "x.npy")).max() < 1.0


@pytest.mark.parametrize(
  "array,sentence",
  [
    (_IMAGES / 1.0, "uint8, or floats in"),
    (_IMAGES.astype(np.int64), "uint8, or floats in"),
    (_IMAGES[0], "images are .N, H, W, 1 or 3."),
  ],
  ids=["255", "int64", "rank"],
)
def test_arrays_that_are_no_images(tmp_path, array, sentence):
  np.save(tmp_path / "x.npy", array)
  with pytest.raises(ValueError, match=sentence):
    picture_files.read(str(tmp_path / "x.npy"))


def test_two_sizes_are_refused(tmp_path):
  picture_files.write_png(str(tmp_path / "a.png"), _IMAGES[0])
  picture_files.write_png(str(tmp_path / "b.png"), _IMAGES[0, :2])
  with pytest.raises(ValueError, match="b.png has .2, 4. pixels"):
    picture_files.read(str(tmp_path))


@pytest.mark.parametrize("name", [".", "nowhere"])
def test_nothing_to_read(tmp_path, name):
  with pytest.raises(FileNotFoundError):
    picture_files.read(str(tmp_path / name))


def test_no_pickle_is_loaded(tmp_path):
  np.save(tmp_path / "x.npy", np.array([{"a": 1}]), allow_pickle=True)
  with pytest.raises(ValueError, match="allow_pickle"):
    picture_files.read(str(tmp_path / "x.npy"))


def test_gif_has_its_frames(tmp_path):
  path = str(tmp_path / "x.gif")
  picture_files.write_gif(path, [_IMAGES[0], _IMAGES[1], _IMAGES[0]], 0.2)
  with Image.open(path) as gif:
    assert (gif.n_frames, gif.info["duration"]) == (3, 200)
