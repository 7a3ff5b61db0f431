"""Mean and covariance of real images, computed once."""

from compare_gan.features import random_filters
from compare_gan.features import statistics
from compare_gan.metrics import fid
import numpy as np
import pytest

from tests.features import tiny

pytestmark = pytest.mark.versions("runs graphs of TensorFlow 1")


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
  monkeypatch.setenv("COMPARE_GAN_CACHE", str(tmp_path / "cache"))


class _Counting(random_filters.RandomFilters):
  def __init__(self, seed=0):
    super().__init__(3, seed)
    self.seen = 0

  def extract(self, images):
    self.seen += len(images)
    return super().extract(images)


def _features(n):
  rows = np.random.RandomState(0).standard_normal([n, 5])
  return rows * [3, 1, 1, 0.5, 0.1] + 1


def test_the_gaussian_is_that_of_the_features():
  dataset = tiny.Corners()
  found = statistics.gaussian_of_dataset(dataset, _Counting(), "train", 120)
  rows = _Counting()(dataset.load("train")[0][:120]).features
  np.testing.assert_allclose(found.mean, rows.mean(axis=0), rtol=1e-5)
  np.testing.assert_allclose(
    found.covariance, np.cov(rows, rowvar=False), atol=1e-7
  )


def test_it_is_computed_once():
  first, second = _Counting(), _Counting()
  a = statistics.gaussian_of_dataset(tiny.Corners(), first)
  b = statistics.gaussian_of_dataset(tiny.Corners(), second)
  assert (first.seen, second.seen) == (40, 0)
  np.testing.assert_array_equal(a.factor, b.factor)


@pytest.mark.parametrize(
  "dataset,seed,split,count",
  [
    (tiny.Corners(noise=1), 0, "eval", 40),
    (tiny.Corners(), 1, "eval", 40),
    (tiny.Corners(), 0, "train", 41),
    (tiny.Corners(), 0, "eval", 30),
  ],
)
def test_whatever_changes_it_is_computed_anew(dataset, seed, split, count):
  statistics.gaussian_of_dataset(tiny.Corners(), _Counting(), "eval", 40)
  extractor = _Counting(seed)
  statistics.gaussian_of_dataset(dataset, extractor, split, count)
  assert extractor.seen == count


def test_the_same_images_have_the_same_statistics():
  """Corners begins both of its splits with the same 40 images."""
  statistics.gaussian_of_dataset(tiny.Corners(), _Counting(), "eval", 40)
  extractor = _Counting()
  dataset = tiny.Corners()
  dataset.name = "copy"
  statistics.gaussian_of_dataset(dataset, extractor, "train", 40)
  assert extractor.seen == 0


def test_an_image_between_the_samples_changes_the_statistics():
  dataset = tiny.Corners()
  load = dataset.load

  def changed(split):
    images, labels = load(split)
    images[-2] = 7
    return images, labels

  dataset.load = changed
  first, second = _Counting(), _Counting()
  statistics.gaussian_of_dataset(tiny.Corners(), first, "train", 200)
  statistics.gaussian_of_dataset(dataset, second, "train", 200)
  assert (first.seen, second.seen) == (200, 200)


def test_files_hold_mu_and_sigma(tmp_path):
  rows = _features(100)
  statistics.write(tmp_path / "stats", fid.Moments().add(rows).gaussian())
  with np.load(tmp_path / "stats") as arrays:
    np.testing.assert_allclose(arrays["mu"], rows.mean(axis=0))
    np.testing.assert_allclose(arrays["sigma"], np.cov(rows, rowvar=False))


def test_files_of_others_give_the_same_fid(tmp_path):
  real, fake = _features(100), _features(80) + 0.5
  path = tmp_path / "fid_stats.npz"
  np.savez(path, mu=real.mean(axis=0), sigma=np.cov(real, rowvar=False))
  assert fid.fid(statistics.read(path), fake)["fid"] == pytest.approx(
    fid.fid(real, fake)["fid"], rel=1e-9
  )


@pytest.mark.parametrize(
  "arrays,message",
  [
    (dict(mu=np.zeros(2)), "mu .D. and sigma"),
    (dict(mu=np.zeros(2), sigma=np.eye(3)), "shape"),
    (dict(mu=np.zeros(2), sigma=np.full([2, 2], np.nan)), "NaN"),
    (dict(mu=np.zeros(2), sigma=np.float64([[1, 2], [0, 1]])), "symmetric"),
  ],
)
def test_what_is_no_gaussian_is_refused(tmp_path, arrays, message):
  np.savez(tmp_path / "stats.npz", **arrays)
  with pytest.raises(ValueError, match=message):
    statistics.read(tmp_path / "stats.npz")
