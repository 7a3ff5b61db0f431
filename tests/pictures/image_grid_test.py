"""Many images as one picture, by hand."""

from compare_gan.pictures import image_grid
import numpy as np


def test_images_fill_rows_from_the_left():
  images = np.arange(4.0).reshape(4, 1, 1, 1) / 255.0
  picture = image_grid.grid(images)
  assert picture.dtype == np.uint8
  np.testing.assert_array_equal(picture[:, :, 0], [[0, 1], [2, 3]])


def test_gray_images_have_three_equal_colors():
  picture = image_grid.grid(np.full([1, 2, 2, 1], 0.5))
  np.testing.assert_array_equal(picture, np.full([2, 2, 3], 128))


def test_missing_images_are_black():
  picture = image_grid.grid(np.ones([3, 1, 1, 3]))
  np.testing.assert_array_equal(picture[1, 1], [0, 0, 0])


def test_columns_can_be_chosen():
  assert image_grid.grid(np.ones([6, 2, 3, 3]), columns=6).shape == (2, 18, 3)


def test_pixels_stay_where_they_are():
  rng = np.random.RandomState(0)
  images = rng.randint(0, 256, [4, 5, 6, 3]) / 255.0
  picture = image_grid.grid(images)
  np.testing.assert_array_equal(picture[5:10, 6:12], np.rint(255 * images[3]))


def test_values_outside_of_0_to_1_are_clipped():
  picture = image_grid.grid(np.array([-1.0, 2.0]).reshape(2, 1, 1, 1))
  np.testing.assert_array_equal(picture[0, :, 0], [0, 255])


def test_points_of_the_plane_are_drawn_where_they_are():
  """x to the right, y up; as GANs of the toys make them, [N, 1, 1, 2]."""
  places = np.array([[0.0, 0.0], [1.0, 0.0]]).reshape(2, 1, 1, 2)
  picture = image_grid.grid(places)
  dark = (picture[..., 0] < 255).nonzero()
  assert set(dark[0]) == {253, 254, 255}  # the lowest rows
  assert set(dark[1]) == {0, 1, 2, 253, 254, 255}
