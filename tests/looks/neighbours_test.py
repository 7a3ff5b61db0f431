"""Nearest training images, by hand: bars of 4x4 pixels."""

import argparse
import csv

from compare_gan.features import random_filters
from compare_gan.looks import neighbours
import numpy as np
from PIL import Image
import pytest

from tests.looks import tiny

pytestmark = pytest.mark.versions("TensorFlow reads the dataset")


def _args(k=2):
  return argparse.Namespace(neighbours=k)


def _table(folder):
  with open(folder / "neighbours.csv", newline="") as file:
    return list(csv.DictReader(file))


def test_nearest_rows_on_a_line():
  rows = np.array([[0.0], [10.0]])
  blocks = [np.array([[1.0], [9.0]]), np.array([[-3.0]]), np.array([[11.5]])]
  indices, squares = neighbours.nearest(rows, blocks, 3)
  np.testing.assert_array_equal(indices, [[0, 2, 1], [1, 3, 0]])
  np.testing.assert_array_equal(squares, [[1, 9, 81], [1, 2.25, 81]])


def test_of_equal_rows_the_first_counts():
  blocks = [np.array([[2.0], [2.0]]), np.array([[2.0], [-2.0]])]
  indices, _ = neighbours.nearest(np.zeros([1, 1]), blocks, 3)
  np.testing.assert_array_equal(indices, [[0, 1, 2]])


def test_equal_distances_are_equal_in_spite_of_rounding():
  """Large numbers cancel: |x|^2 + |y|^2 - 2 x.y is 4 but for 1e-5."""
  rng = np.random.RandomState(0)
  image = rng.randint(2, 254, [1, 3072])
  known = np.repeat(image, 40, axis=0)
  known[np.arange(40), rng.permutation(3072)[:40]] += 2
  others = rng.randint(0, 255, [50, 3072])
  block = np.concatenate([others, known]).astype(np.uint8)
  # Not the only row, which would be where the products have their origin.
  rows = np.concatenate([image, others[:9]])
  indices, squares = neighbours.nearest(rows, [block], 3)
  np.testing.assert_array_equal(indices[0], [50, 51, 52])
  np.testing.assert_array_equal(squares[0], [4, 4, 4])


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_nearest_rows_are_those_of_all_distances(dtype):
  rng = np.random.RandomState(0)
  known = (255 * rng.rand(60, 5)).astype(dtype)
  rows = (255 * rng.rand(7, 5)).astype(dtype)
  blocks = np.split(known, [3, 4, 31])  # A block may be smaller than k.
  indices, squares = neighbours.nearest(rows, blocks, 4)
  differences = rows[:, None].astype(float) - known.astype(float)
  every = np.sum(differences**2, axis=-1)
  np.testing.assert_array_equal(indices, np.argsort(every, axis=1)[:, :4])
  np.testing.assert_allclose(squares, np.sort(every, axis=1)[:, :4])


def test_a_copy_is_at_a_distance_of_0_and_the_next_one_where_it_is(
  tmp_path, capsys
):
  train, _ = tiny.Bars().load("train")
  subject = tiny.look_at(tmp_path, train[[6]] / np.float32(255))
  neighbours.make(subject, _args())
  first, second, *_ = _table(tmp_path)
  assert first == {
    "set": "fake",
    "image": "0",
    "rank": "1",
    "train_index": "6",
    "train_label": "0",
    "distance": "0",
  }
  # Image 2 has the same column: 4 pixels of 52 instead of 56.
  assert second["train_index"] == "2"
  assert float(second["distance"]) == pytest.approx(2 * 4 / 255, rel=1e-6)
  assert "1 images are exact copies" in capsys.readouterr().out


def test_held_out_images_have_neighbours_too(tmp_path):
  subject = tiny.look_at(tmp_path, np.zeros([2, 4, 4, 1]))
  neighbours.make(subject, _args(k=1))
  rows = [row for row in _table(tmp_path) if row["set"] == "heldout"]
  # As many as there are fakes. Image 0 has 150 where train image 4 has 54.
  assert [row["train_index"] for row in rows] == ["4", "5"]
  assert float(rows[0]["distance"]) == pytest.approx(2 * 96 / 255, rel=1e-6)


def test_a_copy_is_at_0_by_any_features(tmp_path, monkeypatch):
  monkeypatch.setenv("COMPARE_GAN_CACHE", str(tmp_path / "cache"))
  train, _ = tiny.Bars().load("train")
  subject = tiny.look_at(
    tmp_path,
    train[[3, 6]] / np.float32(255),
    make_extractor=random_filters.random_filters,
  )
  neighbours.make(subject, _args(k=1))
  rows = _table(tmp_path)[:2]
  assert [row["train_index"] for row in rows] == ["3", "6"]
  assert [row["distance"] for row in rows] == ["0", "0"]


def test_the_picture_has_an_image_and_its_neighbours_in_each_group(tmp_path):
  subject = tiny.look_at(tmp_path, np.ones([1, 4, 4, 1]))
  neighbours.make(subject, _args(k=3))
  with Image.open(tmp_path / "neighbours.png") as picture:
    pixels = np.asarray(picture)
  row = pixels[40, :, 0]  # Through the middle of the only row of images.
  assert np.sum(row == 0) > 3 * 56 / 2  # Bars are narrow; the rest is black.
  assert pixels.shape[1] > 4 * 56


def test_more_neighbours_than_images_are_refused(tmp_path):
  subject = tiny.look_at(tmp_path, np.zeros([1, 4, 4, 1]))
  with pytest.raises(ValueError, match="--neighbours=9.* 8 training images"):
    neighbours.make(subject, _args(k=9))


def test_points_have_no_picture():
  gan = tiny.Gan(image_shape=(1, 1, 2))
  with pytest.raises(ValueError, match="--make=neighbours needs images of 2"):
    neighbours.check(gan, _args())


def test_less_than_one_neighbour_is_refused():
  with pytest.raises(ValueError, match="--neighbours=0: it must be 1 or more"):
    neighbours.check(tiny.Gan(), _args(k=0))
