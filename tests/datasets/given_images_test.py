"""Images that other programs made."""

from compare_gan.datasets import folder
from compare_gan.datasets import given_images
from compare_gan.pictures import picture_files
import numpy as np
from PIL import Image
import pytest

from tests.datasets import pictures
from tests.datasets.pictures import encode

pytestmark = pytest.mark.versions("an older Pillow writes images")

own_cache = pictures.own_cache
_IMAGES = np.arange(2 * 4 * 5 * 3, dtype=np.uint8).reshape(2, 4, 5, 3)


def test_folder_in_the_order_of_names(tmp_path):
  (tmp_path / "b").mkdir()
  picture_files.write_png(str(tmp_path / "b" / "0.png"), _IMAGES[1])
  picture_files.write_png(str(tmp_path / "a.png"), _IMAGES[0])
  (tmp_path / "notes.txt").write_text("no picture")
  np.testing.assert_array_equal(given_images.read(str(tmp_path)), _IMAGES)


def test_gray_pictures(tmp_path):
  gray = np.array([[0, 128], [255, 1]], np.uint8)[..., None]
  picture_files.write_png(str(tmp_path / "a.png"), gray)
  images = given_images.read(str(tmp_path), colors=1)
  np.testing.assert_array_equal(images, gray[None])
  assert given_images.read(str(tmp_path)).shape == (1, 2, 2, 3)


def _write(folder, **pictures):
  for name, picture in pictures.items():
    data = picture if isinstance(picture, bytes) else encode(picture)
    (folder / f"{name}.png").write_bytes(data)
  return str(folder)


def test_numbers_in_names_count_as_numbers(tmp_path):
  """img_10 comes after img_2, as whoever wrote labels for them meant it."""
  names = ["a_1", "a_2", "a_10", "a_11", "b_0"]
  flat = {x: np.full([2, 2, 3], i, np.uint8) for i, x in enumerate(names)}
  read = given_images.read(_write(tmp_path, **flat))
  assert read[:, 0, 0, 0].tolist() == [0, 1, 2, 3, 4]


def test_names_have_one_order_each():
  names = ["01", "1", "2", "x", "x1y", "x1y2", "x10", ""]
  keys = {name: given_images.natural_order(name) for name in names}
  order = sorted(names, key=keys.get)
  assert order == ["", "01", "1", "2", "x", "x1y", "x1y2", "x10"]


def test_16_bits_are_scaled(tmp_path):
  """Pillow's convert("L") makes 255 of all that is above."""
  deep = np.array([[0, 257], [128 * 257, 65535]], np.uint16)
  read = given_images.read(_write(tmp_path, a=deep), colors=1)
  assert read.ravel().tolist() == [0, 1, 128, 255]


@pytest.mark.parametrize("background,value", [("white", 255), ("black", 0)])
def test_transparent_pixels_show_the_background(tmp_path, background, value):
  """What a picture hides below its alpha is no part of it."""
  clear = np.zeros([2, 2, 4], np.uint8) + np.uint8([7, 8, 9, 0])
  clear[0, 0, 3] = 255
  read = given_images.read(_write(tmp_path, a=clear), background=background)
  assert read[0, 0, 0].tolist() == [7, 8, 9]
  assert (read[0, 1:] == value).all()


def test_pictures_are_turned_as_their_exif_tag_says(tmp_path):
  exif = Image.Exif()
  exif[0x0112] = 3  # half a turn
  turned = encode(Image.fromarray(_IMAGES[0]), exif=exif)
  read = given_images.read(_write(tmp_path, a=turned))
  np.testing.assert_array_equal(read[0], _IMAGES[0, ::-1, ::-1])


def test_pictures_have_the_pixels_of_a_dataset_of_them(tmp_path, own_cache):
  (tmp_path / "png").mkdir()
  rgba = np.random.RandomState(0).randint(0, 256, [6, 4, 4, 4], np.uint8)
  path = _write(tmp_path / "png", **{f"p{i}": x for i, x in enumerate(rgba)})
  dataset = folder.open_images(path, eval_fraction=0)
  [batch] = dataset.in_order("eval", 6)
  stored = np.rint(255.0 * batch["images"].numpy())
  np.testing.assert_array_equal(given_images.read(path), stored)


def test_damaged_picture_is_named(tmp_path):
  path = _write(tmp_path, a=encode(_IMAGES[0])[:-40])
  with pytest.raises(ValueError, match="a.png cannot be scored"):
    given_images.read(path)


@pytest.mark.parametrize("name", ["images", "x", "anything"])
def test_npz(tmp_path, name):
  np.savez(tmp_path / "x.npz", **{name: _IMAGES})
  read = given_images.read(str(tmp_path / "x.npz"))
  np.testing.assert_array_equal(read, _IMAGES)


def test_npz_of_two_splits_does_not_say_which_images_are_meant(tmp_path):
  np.savez(tmp_path / "x.npz", x_train=_IMAGES, x_test=_IMAGES)
  with pytest.raises(ValueError, match="x.npz holds the images of two splits"):
    given_images.read(str(tmp_path / "x.npz"))


def test_images_of_an_npz_lie_beside_others(tmp_path):
  np.savez(tmp_path / "x.npz", z=np.zeros([2, 9]), images=_IMAGES)
  read = given_images.read(str(tmp_path / "x.npz"))
  np.testing.assert_array_equal(read, _IMAGES)


def test_npy_of_floats(tmp_path):
  np.save(tmp_path / "x.npy", _IMAGES / 255.0)
  read = given_images.read(str(tmp_path / "x.npy"))
  assert read.dtype == np.float32
  np.testing.assert_allclose(read, _IMAGES / 255.0, rtol=1e-6)


@pytest.mark.parametrize("dtype", ["int64", "float32", "uint16", ">i2"])
def test_whole_numbers_are_bytes_whatever_holds_them(tmp_path, dtype):
  np.save(tmp_path / "x.npy", _IMAGES.astype(dtype))
  read = given_images.read(str(tmp_path / "x.npy"))
  assert read.dtype == np.uint8
  np.testing.assert_array_equal(read, _IMAGES)


def test_colors_may_come_first(tmp_path):
  np.save(tmp_path / "x.npy", _IMAGES.transpose(0, 3, 1, 2)[:, :, :2])
  read = given_images.read(str(tmp_path / "x.npy"))
  np.testing.assert_array_equal(read, _IMAGES[:, :2])


@pytest.mark.parametrize(
  "array,sentence",
  [
    (_IMAGES + 0.5, "have an ambiguous range"),
    (_IMAGES.astype(np.uint16) * 257, "have an ambiguous range"),
    (_IMAGES / 255.0 - 0.001, "from -0.001 on.*arrays.value_range"),
    (_IMAGES / np.nan, "NaN or infinity"),
    (_IMAGES[..., [0, 1]], "have ambiguous axes"),
  ],
  ids=["255", "16 bits", "below 0", "nan", "two colors"],
)
def test_arrays_that_are_no_images(tmp_path, array, sentence):
  np.save(tmp_path / "x.npy", array)
  with pytest.raises(ValueError, match=sentence):
    given_images.read(str(tmp_path / "x.npy"))


def test_value_range_says_what_floats_mean(tmp_path):
  np.save(tmp_path / "x.npy", _IMAGES / 127.5 - 1.0)
  read = given_images.read(str(tmp_path / "x.npy"), value_range="-1..1")
  np.testing.assert_allclose(read, _IMAGES / 255.0, atol=1e-6)


def test_two_sizes_are_refused(tmp_path):
  picture_files.write_png(str(tmp_path / "a.png"), _IMAGES[0])
  picture_files.write_png(str(tmp_path / "b.png"), _IMAGES[0, :2])
  with pytest.raises(ValueError, match="b.png has .2, 5. pixels"):
    given_images.read(str(tmp_path))


@pytest.mark.parametrize("name", [".", "nowhere"])
def test_nothing_to_read(tmp_path, name):
  with pytest.raises(FileNotFoundError):
    given_images.read(str(tmp_path / name))


def test_no_pickle_is_loaded(tmp_path):
  np.save(tmp_path / "x.npy", np.array([{"a": 1}]), allow_pickle=True)
  with pytest.raises(ValueError, match="a pickle that could run"):
    given_images.read(str(tmp_path / "x.npy"))
