"""The hash of a dataset changes with what it holds and with nothing else."""

from compare_gan.features import fingerprint as fingerprint_lib
from compare_gan.features.fingerprint import content
from compare_gan.features.fingerprint import fingerprint
import numpy as np
import pytest

from tests.features import tiny

pytestmark = pytest.mark.versions("runs graphs of TensorFlow 1")


def test_equal_datasets_have_one_fingerprint():
  assert fingerprint(tiny.Corners()) == fingerprint(tiny.Corners())


def test_order_and_flips_do_not_count():
  dataset = tiny.Corners()
  dataset.seed, dataset.flip = 3, True
  assert fingerprint(dataset) == fingerprint(tiny.Corners())


def test_labels_alone_count():
  dataset, other = tiny.Corners(), tiny.Corners()
  load = other.load

  def turned(split):
    images, labels = load(split)
    return images, labels[::-1]

  other.load = turned
  assert fingerprint(dataset) != fingerprint(other)


def test_pixels_labels_and_shapes_count():
  datasets = [
    tiny.Corners(),
    tiny.Corners(noise=1),
    tiny.Corners(num_classes=3),
    tiny.Corners(num_classes=0),
    tiny.Corners(shape=(8, 4, 3)),
  ]
  assert len({fingerprint(dataset) for dataset in datasets}) == 5


def test_names_do_not_count():
  dataset = tiny.Corners()
  dataset.name = "a copy"
  assert fingerprint(dataset) == fingerprint(tiny.Corners())
  assert content(dataset, "eval", 40) == content(tiny.Corners(), "eval", 40)


def _changed(change):
  """Returns Corners with `change(images, labels)` of its train split."""
  dataset = tiny.Corners()
  load = dataset.load
  dataset.load = lambda split: change(*load(split))
  return dataset


@pytest.mark.parametrize("place", [0, 1, 77, 199])
def test_every_image_counts(place):
  def change(images, labels):
    images[place, 0, 0, 0] ^= 1
    return images, labels

  before = content(tiny.Corners(), "train", 200)
  after = content(_changed(change), "train", 200)
  assert before.images != after.images
  assert before.labels == after.labels


def test_images_that_are_not_taken_do_not_count():
  def change(images, labels):
    images[20:] = 0
    return images, labels

  dataset = _changed(change)
  assert content(dataset, "train", 20) == content(tiny.Corners(), "train", 20)
  assert content(dataset, "train", 21) != content(tiny.Corners(), "train", 21)


def test_labels_have_a_hash_of_their_own():
  before = content(tiny.Corners(), "train", 200)
  after = content(
    _changed(lambda images, labels: (images, labels[::-1])), "train", 200
  )
  assert before.images == after.images
  assert before.labels != after.labels


def test_the_order_counts():
  swapped = _changed(lambda images, labels: (images[::-1], labels[::-1]))
  before = content(tiny.Corners(), "train", 200)
  assert content(swapped, "train", 200).images != before.images


def test_bytes_and_the_floats_that_they_stand_for_are_alike():
  unit = np.float32(1 / 255)
  floats = _changed(lambda images, labels: (images * unit, labels))
  divided = _changed(lambda images, labels: (images / np.float32(255), labels))
  whole = content(tiny.Corners(), "train", 200)
  assert content(floats, "train", 200) == whole
  assert content(divided, "train", 200) == whole


def test_floats_between_bytes_count():
  unit = np.float32(1 / 255)
  found = {
    content(
      _changed(lambda x, y, d=d: (x * unit + np.float32(d), y)), "train", 20
    )
    for d in (0.0, 1e-4, 2e-4)
  }
  assert len(found) == 3


def test_batches_do_not_count(monkeypatch):
  before = content(tiny.Corners(), "train", 200)
  monkeypatch.setattr(fingerprint_lib, "_BATCH", 7)
  assert content(tiny.Corners(), "train", 200) == before


class _Stamped(tiny.Corners):
  """Counts how often its images are loaded."""

  loads = 0

  def stamp(self, split):
    return f"version 1 of {split}"

  def load(self, split):
    self.loads += 1
    return super().load(split)


def test_the_hash_of_a_stamped_dataset_is_kept(tmp_path, monkeypatch):
  monkeypatch.setenv("COMPARE_GAN_CACHE", str(tmp_path))
  first, second, other = _Stamped(), _Stamped(), _Stamped()
  other.stamp = lambda split: "version 2"
  found = [content(x, "eval", 40) for x in (first, second, other)]
  assert found[0] == found[1] == found[2] == content(tiny.Corners(), "eval", 40)
  assert (first.loads, second.loads, other.loads) == (1, 0, 1)
