"""Random features of images and ridge regression on them."""

from compare_gan.metrics import random_relu
import numpy as np
import pytest

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


def test_images_are_standardised_averaged_and_lifted():
  images = np.random.RandomState(0).rand(6, 32, 32, 3)
  embed = random_relu.RandomRelu(images, count=10, seed=0)
  rows = embed(images)
  assert rows.shape == (6, 16 * 16 * 3 + 10)
  np.testing.assert_allclose(rows[:, :768].mean(axis=0), 0, atol=1e-12)
  np.testing.assert_allclose(np.mean(rows[:, :768] ** 2), 1)
  assert (rows[:, 768:] >= 0).all() and (rows[:, 768:] > 0).any()
  first = images[:, :2, :2].mean(axis=(1, 2))
  differences = (rows[:, :3] - rows[:1, :3]) * embed._scale
  np.testing.assert_allclose(differences, first - first[:1], atol=1e-12)


def test_bytes_and_floats_are_the_same_images():
  images = np.random.RandomState(0).randint(0, 256, [5, 8, 8, 1], np.uint8)
  embed = random_relu.RandomRelu(images, 4, 0)
  np.testing.assert_allclose(embed(images), embed(images / 255.0), atol=1e-12)


def test_ridge_is_the_minimum():
  rng = np.random.RandomState(0)
  x, y = rng.randn(30, 4), rng.randn(30, 2)
  penalty = 0.1
  # The penalty is what sqrt(penalty N) I as more rows and 0 as targets cost.
  a = np.concatenate([x - x.mean(axis=0), np.sqrt(penalty * 30) * np.eye(4)])
  b = np.concatenate([y - y.mean(axis=0), np.zeros([4, 2])])
  weights = np.linalg.lstsq(a, b, rcond=None)[0]
  new = rng.randn(7, 4)
  np.testing.assert_allclose(
    random_relu.Ridge(x, y).predict(new, penalty),
    (new - x.mean(axis=0)) @ weights + y.mean(axis=0),
  )
