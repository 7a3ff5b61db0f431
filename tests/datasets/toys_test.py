"""Points around known modes, and how they are counted."""

import hashlib

from compare_gan.datasets import toys
import numpy as np
import pytest

pytestmark = pytest.mark.versions("tf.data or an older tfds reads it")

_CORNERS = [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)]


def test_ring8_is_a_circle():
  offsets = toys.ring8().modes - 0.5
  np.testing.assert_allclose(np.hypot(*offsets.T), 0.375)
  angles = np.sort(np.arctan2(offsets[:, 1], offsets[:, 0]))
  np.testing.assert_allclose(np.diff(angles), np.pi / 4)


def test_grid25_is_a_grid():
  modes = toys.grid25().modes
  assert len(np.unique(modes, axis=0)) == 25
  for axis in (0, 1):
    np.testing.assert_array_equal(
      np.unique(modes[:, axis]), np.array([2, 5, 8, 11, 14]) / 16
    )


@pytest.mark.parametrize("make", [toys.ring8, toys.grid25])
def test_points_are_gaussians_around_their_modes(make):
  dataset = make()
  images, labels = dataset.load("train")
  assert images.shape == (50000, 1, 1, 2) and images.dtype == np.float32
  assert 0 < images.min() and images.max() < 1
  assert np.ptp(np.bincount(labels)) == 0
  noise = (images[:, 0, 0] - dataset.modes[labels]) / dataset.stddev
  np.testing.assert_allclose(noise.mean(axis=0), 0.0, atol=0.02)
  np.testing.assert_allclose(np.cov(noise.T), np.eye(2), atol=0.02)


@pytest.mark.parametrize(
  "make,split,sha256",
  [
    (
      toys.ring8,
      "train",
      "e7ad6778b3bcaf4395c5fb01ce7bfb7f9cdf06a500d9c536671ac3f77d0cc194",
    ),
    (
      toys.ring8,
      "eval",
      "8bc2ae2b1dc86ca4699a65eb5cd1477098356a626c70ba03fd6e3ef58810a370",
    ),
    (
      toys.grid25,
      "train",
      "c5887274fe18d879ef4d9842ac83ea74fea72cc2076d2d978ca8ea973cfadc1e",
    ),
    (
      toys.grid25,
      "eval",
      "70eeac15c978aa3de255915675c58d93e6cd969914dee9007120b126f8a2a7ce",
    ),
  ],
)
def test_points_are_the_same_bytes_everywhere(make, split, sha256):
  images, _ = make().load(split)
  assert hashlib.sha256(images.tobytes()).hexdigest() == sha256


@pytest.mark.parametrize("make", [toys.ring8, toys.grid25])
def test_real_points_cover_all_modes_in_high_quality(make):
  dataset = make()
  points = dataset.load("eval")[0].reshape(-1, 2)
  known = dataset.modes, dataset.stddev
  assert toys.modes_covered(points, *known) == len(dataset.modes)
  share = toys.high_quality_share(points, *known)
  assert share == pytest.approx(1 - np.exp(-4.5), abs=0.003)


def test_three_standard_deviations_count_and_more_do_not():
  samples = [(0.0, 0.375), (1.0, 0.5), (0.5, 0.5), (0.25, 0.25)]
  # 3 stddev = 0.375: the first at exactly that, the last at 0.354 of (0, 0).
  assert toys.modes_covered(samples, _CORNERS, 0.125) == 1
  assert toys.high_quality_share(samples, _CORNERS, 0.125) == 0.5
  samples.append((0.875, 1.0))
  assert toys.modes_covered(samples, _CORNERS, 0.125) == 2
  assert toys.high_quality_share(samples, _CORNERS, 0.125) == 0.6


def test_samples_that_are_not_numbers_are_not_near_anything():
  samples = [(np.nan, 0.0), (0.0, 0.0)]
  assert toys.modes_covered(samples, _CORNERS, 0.1) == 1
  assert toys.high_quality_share(samples, _CORNERS, 0.1) == 0.5
