"""Images in rows with words."""

from compare_gan.pictures import sheet
import numpy as np
import pytest

pytestmark = pytest.mark.versions("Pillow and matplotlib's font draw text")


def _image(value, size=56):
  return np.full([size, size, 1], value)


def test_images_stand_beside_each_other_with_gaps():
  picture = sheet.sheet([[_image(0.0), _image(0.5), _image(0.0)]], gaps=[0])
  row = picture[30, :, 0]
  assert picture.shape == (3 + 56 + 3, 3 + 56 + 14 + 56 + 3 + 56 + 3, 3)
  assert (row[3:59] == 0).all() and (row[59:73] == 255).all()
  assert (row[73:129] == 128).all() and (row[132:188] == 0).all()


def test_small_images_are_enlarged_until_a_number_fits():
  picture = sheet.sheet([[_image(0.0, size=8)]])
  assert np.sum(picture[30, :, 0] == 0) == 56


def test_words_are_written_in_black():
  blank = sheet.sheet([[_image(1.0)]], captions=[[" "]])
  written = sheet.sheet([[_image(1.0)]], captions=[["1.25"]])
  assert (blank == 255).all()
  rows = np.flatnonzero((written < 100).any(axis=(1, 2)))
  assert rows.min() >= 3 + 56  # below the image


def test_a_long_title_widens_the_picture():
  narrow = sheet.sheet([[_image(1.0)]], "a")
  wide = sheet.sheet([[_image(1.0)]], "a much longer title than the image")
  assert wide.shape[1] > 150 > narrow.shape[1]


def test_groups_fill_a_rectangle():
  images = np.zeros([9, 3, 56, 56, 1])
  picture = sheet.groups(images, [["a", "b", "c"]] * 9)
  # Two groups beside each other in five rows, the last of which has one.
  black = (picture[..., 0] == 0) & (picture[..., 1] == 0)
  assert np.sum(black[25]) >= 6 * 56 and np.sum(black[-25]) < 4 * 56


def test_heads_stand_above_their_columns():
  rows = [[_image(1.0), _image(1.0)]]
  picture = sheet.sheet(rows, heads=["", "arrow"])
  lines, places = np.nonzero((picture < 100).any(axis=2))
  assert lines.max() < 3 + 15 and 3 + 59 <= places.min()


def test_a_head_is_cut_to_its_column():
  picture = sheet.sheet([[_image(1.0), _image(1.0)]], heads=["W" * 30, ""])
  _, places = np.nonzero((picture < 100).any(axis=2))
  assert places.max() < 3 + 56 + 3


def test_a_place_without_an_image_is_white():
  picture = sheet.sheet([[None, _image(0.0)], [_image(0.0), None]])
  assert (picture[3:59, 3:59] == 255).all()
  assert (picture[3:59, 62:118] == 0).all()
