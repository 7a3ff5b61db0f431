"""MS-SSIM against compare_gan and tf.image."""

from compare_gan.metrics import ms_ssim
from compare_gan.metrics import pixels
import numpy as np
import pytest

from tests.metrics import golden_sets

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")

_PAIRS = golden_sets.keys(
  "msssim/I[^[]*/(compare_gan_.*|tf1.15_tf.image.ssim_multiscale)", 6
)
_MEANS = golden_sets.keys("msssim/.*_mean_over_all_pairs/compare_gan", 2)
KEYS = _PAIRS + _MEANS


@pytest.mark.parametrize("key", _PAIRS)
def test_recorded(key):
  first, second = key.split("/")[1].split("_")
  x = golden_sets.get(first)
  y = {
    "I64b": lambda: golden_sets.get("I64b"),
    "shift1": lambda: np.roll(x, 1, axis=0),
    "I256noisy": lambda: golden_sets.noisy(x, 4005),
    "I64anoisy": lambda: golden_sets.noisy(x, 4006),
  }[second]()
  found = ms_ssim.similarity(pixels.to_255(x), pixels.to_255(y))
  recorded = golden_sets.VALUES[key]
  np.testing.assert_allclose(found.mean(), recorded["value"], atol=2e-5)
  np.testing.assert_allclose(found[:4], recorded["first4"], atol=2e-5)


@pytest.mark.parametrize("key", _MEANS)
def test_recorded_mean_over_pairs(key):
  images = golden_sets.get(key.split("/")[1].split("[")[0])[:16]
  found = ms_ssim.ms_ssim(images)["ms_ssim"]
  np.testing.assert_allclose(found, golden_sets.value(key), atol=2e-5)


def test_constant_images_differ_in_luminance_alone():
  """(2 a b + c1) / (a^2 + b^2 + c1) to the power of the coarsest scale."""
  x, y = np.full([1, 32, 32, 1], 100.0), np.full([1, 32, 32, 1], 50.0)
  c1 = 2.55**2
  expected = ((2 * 5000 + c1) / (12500 + c1)) ** 0.1333
  found = ms_ssim.similarity(x, y)
  np.testing.assert_allclose(found, [expected], rtol=1e-9)


@pytest.mark.parametrize("size", [28, 31, 32, 33])
def test_an_image_is_itself(size):
  x = np.random.RandomState(0).uniform(0, 255, size=[2, size, size + 2, 3])
  np.testing.assert_allclose(ms_ssim.similarity(x, x), 1.0, rtol=1e-12)


def test_wide_and_high_images_are_alike():
  x, y = np.random.RandomState(0).uniform(0, 255, size=[2, 1, 60, 24, 3])
  y = 0.9 * x + 0.1 * y
  found = ms_ssim.similarity(x, y)
  turned = ms_ssim.similarity(x.swapaxes(1, 2), y.swapaxes(1, 2))
  assert 0.5 < found < 0.99999
  np.testing.assert_allclose(turned, found, rtol=1e-9)


def test_odd_sizes_repeat_the_last_row():
  x = np.random.RandomState(0).uniform(0, 255, size=[1, 31, 31, 1])
  # At the next scale 31 and 32 pixels become the same 16.
  padded = np.pad(x, [(0, 0), (0, 1), (0, 1), (0, 0)], mode="edge")
  np.testing.assert_array_equal(ms_ssim._halve(x), ms_ssim._halve(padded))
  assert ms_ssim._halve(x).shape == (1, 16, 16, 1)


def test_alike_images_score_higher():
  rng = np.random.RandomState(0)
  base = rng.uniform(0.3, 0.7, size=[1, 32, 32, 3])
  scores = [
    ms_ssim.ms_ssim(np.clip(base + s * rng.randn(6, 32, 32, 3), 0, 1))[
      "ms_ssim"
    ]
    for s in (0.0, 0.05, 0.2)
  ]
  assert scores[0] == pytest.approx(1.0)
  assert scores == sorted(scores, reverse=True)


def test_random_pairs_are_of_different_images():
  """Two images in three are alike: one pair of three scores 1."""
  rng = np.random.RandomState(0)
  images = rng.randint(0, 256, size=(3, 16, 16, 1)).astype(np.uint8)
  images[1] = images[0]
  scores = [ms_ssim.ms_ssim(images, 1, s)["ms_ssim"] for s in range(60)]
  assert 0.15 < np.isclose(scores, 1.0).mean() < 0.55
  everything = ms_ssim.ms_ssim(images)["ms_ssim"]
  assert everything == pytest.approx((1.0 + 2.0 * min(scores)) / 3.0)


def test_one_image_has_no_pair():
  with pytest.raises(ValueError, match="pairs need two"):
    ms_ssim.ms_ssim(np.zeros([1, 32, 32, 3], np.uint8))
