"""The hash of a dataset changes with what it holds and with nothing else."""

from compare_gan.features.fingerprint import fingerprint
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
