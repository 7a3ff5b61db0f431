"""A column for each class, with its name, beside real images."""

from compare_gan.looks import classes
import numpy as np
from PIL import Image
import pytest

from tests.looks import tiny

pytestmark = pytest.mark.versions("TensorFlow reads the dataset")


def test_the_first_classes_that_have_images_are_shown():
  assert classes.shown_classes(None, [2, 0, 2, 11]) == [0, 2, 11]
  assert classes.shown_classes(None, range(40)) == list(range(10))
  assert classes.shown_classes([5, 3, 5], [0, 1]) == [5, 3]


def test_a_column_is_a_class_and_the_right_half_is_real(tmp_path):
  images = np.full([6, 4, 4, 1], 1.0)
  images[1::3] = 0.0  # of class 1
  subject = tiny.look_at(tmp_path, images, np.arange(6) % 3)
  classes.make(subject, None)
  picture = np.asarray(Image.open(tmp_path / "classes.png"))
  # Two lines of text, then rows of 56 pixels with gaps of 3.
  left = picture[3 + 30 + 1, 3 : 3 + 3 * 59, 0]
  assert (left[:56] == 255).all() and (left[59:115] == 0).all()
  # Held-out images 0, 3 are of class 0; each has one column of 150 + i grey.
  right = picture[:, 3 + 2 * 59 + 56 + 14 :, 0]
  of_first_class = right[35:150, :56]
  assert {150, 153} <= set(np.unique(of_first_class))


def test_the_names_of_the_dataset_are_above(tmp_path):
  images, labels = np.zeros([3, 4, 4, 1]), np.arange(3)

  def heads(names):
    bars = tiny.Bars()
    bars.classes = names
    subject = tiny.look_at(tmp_path, images, labels, dataset=bars)
    classes.make(subject, None)
    return np.asarray(Image.open(tmp_path / "classes.png"))[18:33]

  numbers, same = heads(()), heads(("0", "1", "2"))
  np.testing.assert_array_equal(numbers, same)
  assert not np.array_equal(numbers, heads(("disc", "ring", "heart")))


def test_no_features_are_made_for_a_picture_of_classes(tmp_path):
  def refuse(dataset):
    raise AssertionError("features were asked for")

  subject = tiny.look_at(
    tmp_path, np.zeros([3, 4, 4, 1]), np.arange(3), make_extractor=refuse
  )
  classes.make(subject, None)


def test_a_model_without_classes_is_refused():
  with pytest.raises(ValueError, match="needs a conditional model"):
    classes.check(tiny.Gan()._replace(num_classes=0), None)
