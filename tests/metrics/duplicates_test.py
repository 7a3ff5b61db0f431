"""Equal and nearly equal rows are counted."""

from compare_gan.metrics import duplicates as duplicates_lib
from compare_gan.metrics.duplicates import duplicate_images
from compare_gan.metrics.duplicates import duplicates
import numpy as np
import pytest

from tests.metrics import golden2_sets

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


@pytest.mark.parametrize("name", golden2_sets.CASES)
def test_recorded(name):
  sets = golden2_sets.sets(name)
  n = len(sets["fake"])
  scores = duplicates(sets["train"], sets["fake"])
  found = scores["duplicates_of_train"] * n
  expected = golden2_sets.value(name, "fakes_equal_to_a_train_row")
  assert found == pytest.approx(expected, rel=1e-12)
  found = scores["duplicates_of_fakes"] * n
  expected = golden2_sets.value(name, "fakes_that_repeat_another_fake")
  assert found == pytest.approx(expected, rel=1e-12)


def test_by_hand():
  # Nearest neighbours at 1, 1, 4 and 9: the median is 2.5.
  train = np.float32([[0], [1], [5], [14]])
  fake = np.float32([[5], [3], [3], [7.5], [16.4], [3]])
  scores = duplicates(train, fake, quantile=0.5)
  assert scores == {
    "duplicates_of_train": pytest.approx(1 / 6),
    "duplicates_of_fakes": pytest.approx(3 / 6),
    # 2.5 of the row at 7.5 is not below 2.5.
    "near_duplicates": pytest.approx(5 / 6),
  }


def test_zeros_of_both_signs_are_equal_and_so_are_dtypes():
  train = np.float32([[0.0, 1.0], [2.0, 2.0]])
  fake = np.float64([[-0.0, 1.0], [2.0, 2.0 + 1e-9]])
  found = duplicates_lib.are_in(fake, train)
  assert found.tolist() == [True, False]


def test_copies_with_noise_are_near():
  train = np.random.RandomState(0).standard_normal((300, 4))
  scores = duplicates(train, train + 1e-6)
  assert scores["duplicates_of_train"] == 0.0
  assert scores["near_duplicates"] == 1.0


def test_images_are_compared_after_rounding():
  train = np.zeros([3, 2, 2, 1], np.uint8)
  train[1] = 100
  train[2] = 255
  # 0.3 / 255 is rounded to 0, 0.7 / 255 to 1; the third repeats the first.
  fake = np.zeros([4, 2, 2, 1], np.float32)
  fake[0, 0, 0] = fake[2, 0, 0] = 0.3 / 255
  fake[1, 0, 0] = 0.7 / 255
  fake[3] = 180 / 255  # 75 away from 255, nearer than 100 is to 0.
  assert duplicate_images(train, fake, quantile=0.5) == {
    "duplicate_images_of_train": 0.5,
    "duplicate_images_of_fakes": 0.5,
    "near_duplicate_images": 1.0,
  }
  scores = duplicate_images(train, fake, quantile=0.0)
  assert scores["near_duplicate_images"] == 1.0
  fake[3] = 0.0
  fake[3, 0] = 1.0  # Half 155 and half 100 from 100.
  scores = duplicate_images(train, fake)
  assert scores["near_duplicate_images"] == 0.75


def test_refusals():
  x = np.eye(3)
  with pytest.raises(ValueError, match="duplicates.quantile is 1.5"):
    duplicates(x, x, quantile=1.5)
  with pytest.raises(ValueError, match="train_features has 1 rows"):
    duplicates(x[:1], x)
  images = np.zeros([3, 4, 4, 1], np.uint8)
  with pytest.raises(ValueError, match="only images of the same size"):
    duplicate_images(images, images[:, :2])
  with pytest.raises(ValueError, match="duplicate_images.quantile is -1"):
    duplicate_images(images, images, quantile=-1)
  with pytest.raises(ValueError, match="train_images has 1 rows"):
    duplicate_images(images[:1], images)
