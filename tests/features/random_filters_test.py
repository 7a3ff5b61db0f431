"""Fixed random filters."""

from compare_gan.features import random_filters
from compare_gan.metrics import fid
import numpy as np
import pytest

from tests.features import tiny

pytestmark = pytest.mark.versions("runs graphs of TensorFlow 1")


def _extractor(seed=0, shape=(8, 8, 3)):
  return random_filters.random_filters(tiny.Corners(shape=shape), seed)


@pytest.mark.parametrize("shape", [(1, 1, 2), (7, 5, 1), (40, 48, 3)])
def test_any_size_gives_96_features_and_no_logits(shape):
  images = np.random.RandomState(0).rand(5, *shape)
  found = _extractor(shape=shape)(images)
  assert found.features.shape == (5, 96)
  assert found.logits is None


def test_a_seed_is_an_extractor():
  images = tiny.Corners().load("eval")[0]
  assert _extractor().identity() == _extractor().identity()
  assert _extractor().identity() != _extractor(1).identity()
  np.testing.assert_array_equal(
    _extractor()(images).features, _extractor()(images).features
  )


def test_first_features_are_mean_and_deviation_of_filtered_pixels():
  # Of a single pixel a filter sees its middle; there is nothing to deviate.
  pixel = np.random.RandomState(0).rand(4, 1, 1, 3)
  filters = np.random.RandomState(0).standard_normal([5, 5, 3, 16])
  filters /= np.sqrt((filters**2).sum(axis=(0, 1, 2)))
  expected = np.maximum((2 * pixel[:, 0, 0] - 1) @ filters[2, 2], 0)
  found = _extractor(shape=(1, 1, 3))(pixel).features
  np.testing.assert_allclose(found[:, :16], expected, rtol=1e-5, atol=1e-6)
  np.testing.assert_allclose(found[:, 16:32], 0, atol=1e-3)


def test_blur_scores_worse():
  images = tiny.Corners().load("eval")[0] / 255.0
  blurred = [images]
  for _ in range(2):
    x = blurred[-1]
    blurred.append((x + np.roll(x, 1, 1) + np.roll(x, 1, 2)) / 3)
  features = [_extractor()(x).features for x in blurred]
  scores = [fid.fid(features[0], x)["fid"] for x in features]
  assert scores[0] < 1e-9 < scores[1] < scores[2]
