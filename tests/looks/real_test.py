"""Real images, and the rows by which they are compared."""

from compare_gan.features import abstract_extractor
from compare_gan.features import classifier
from compare_gan.features import random_filters
from compare_gan.looks import real
import numpy as np
import pytest
import tensorflow as tf

from tests.looks import tiny

pytestmark = pytest.mark.versions("TensorFlow reads the dataset")


class _Means(abstract_extractor.AbstractExtractor):
  """One feature, the mean; counts how many images it has seen."""

  name = "means"
  seen = 0

  def identity(self):
    return abstract_extractor.digest(self.name)

  def extract(self, images):
    _Means.seen += len(images)
    return tf.reduce_mean(images, axis=[1, 2]), None


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
  monkeypatch.setenv("COMPARE_GAN_CACHE", str(tmp_path))


def _all(blocks):
  return np.concatenate(list(blocks))


def test_pixels_are_rows_as_files_have_them():
  found = real.RealImages(tiny.Bars())
  rows = _all(found.train_rows())
  np.testing.assert_array_equal(
    rows, tiny.Bars().load("train")[0].reshape(8, 16)
  )
  assert rows.dtype == np.uint8 and found.by == "pixels"
  np.testing.assert_array_equal(found.distances([255.0**2]), [1.0])


def test_features_of_the_train_split_are_computed_once():
  _Means.seen = 0
  make = lambda dataset: _Means()  # noqa: E731
  first = _all(real.RealImages(tiny.Bars(), make).train_rows())
  again = _all(real.RealImages(tiny.Bars(), make).train_rows())
  assert _Means.seen == 8
  np.testing.assert_array_equal(first, again)
  # Image i has one column of 50 + i.
  np.testing.assert_allclose(first[:, 0], (50 + np.arange(8)) / 4 / 255)


def test_fewer_training_images_are_other_rows():
  make = lambda dataset: _Means()  # noqa: E731
  _all(real.RealImages(tiny.Bars(), make).train_rows())
  few = real.RealImages(tiny.Bars(), make, num_train=3)
  assert len(_all(few.train_rows())) == 3


def test_more_training_images_than_there_are_are_refused():
  with pytest.raises(ValueError, match="8 training images.*num_train = 9"):
    real.RealImages(tiny.Bars(), num_train=9)


def test_training_images_by_their_numbers():
  images, labels = real.RealImages(tiny.Bars()).train([7, 2])
  np.testing.assert_array_equal(labels, [1, 2])
  np.testing.assert_allclose(images.max(axis=(1, 2, 3)), [57 / 255, 52 / 255])


def test_some_images_are_at_most_those_there_are():
  images, labels = real.RealImages(tiny.Bars()).some(100)
  assert images.shape == (5, 4, 4, 1) and images.dtype == np.float32
  np.testing.assert_array_equal(labels, [0, 1, 2, 0, 1])


def test_extractors_are_found_by_name():
  default = classifier.classifier
  assert real.make_extractor(None, default) is default
  assert real.make_extractor("pixels", default) is None
  found = real.make_extractor("random_filters", default)
  assert found.__name__ == random_filters.random_filters.__name__


@pytest.mark.parametrize("name", ["dino", "fid", "ModularGAN"])
def test_unknown_extractors_are_named_with_those_there_are(name):
  with pytest.raises(ValueError, match=f"--features={name}") as error:
    real.make_extractor(name, None)
  for known in ("pixels", "classifier", "inception", "saved_model"):
    assert known in str(error.value)


def test_images_of_classes_are_held_out_ones_and_at_most_those_there_are():
  # The eval split has the labels 0, 1, 2, 0, 1; image i is of 150 + i grey.
  of_2, of_0 = real.RealImages(tiny.Bars()).of_classes([2, 0], 2)
  assert of_2.shape == (1, 4, 4, 1) and of_0.shape == (2, 4, 4, 1)
  assert np.rint(255 * of_2.max()) == 152
  greys = np.rint(255 * of_0.max(axis=(1, 2, 3)))
  assert sorted(greys.tolist()) == [150, 153]
