"""SWD against TF-GAN."""

import tracemalloc

from compare_gan.metrics import sliced_wasserstein as swd
import numpy as np
import pytest
from scipy import stats

from tests.metrics import golden_sets

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")

_PYRAMID = golden_sets.keys("swd/I64a/tfgan2_laplacian_pyramid_abs_mean", 1)
_IMAGES = golden_sets.keys("swd/I64a_.*", 2)
_ROWS = golden_sets.keys("swd/RS6001_.*/(tfgan2_random|numpy).*", 2)
KEYS = _PYRAMID + _IMAGES + _ROWS


def test_recorded_pyramid():
  levels = swd.laplacian_pyramid(golden_sets.get("I64a").astype(np.float64))
  recorded = golden_sets.VALUES[_PYRAMID[0]]
  assert [list(x.shape) for x in levels] == recorded["shapes"]
  np.testing.assert_allclose(
    [np.abs(x).mean() for x in levels], recorded["value"], rtol=1e-4
  )
  # The sums of details nearly cancel, in float32 to 1e-5.
  np.testing.assert_allclose(
    [x.mean() for x in levels], recorded["mean"], rtol=1e-4, atol=1e-5
  )


@pytest.mark.parametrize("key", _IMAGES)
def test_recorded_images(key):
  """Columns of the record: real against real, and against fake images."""
  names = key.split("/")[1].split("_")
  real, fake = map(golden_sets.get, names)
  recorded = golden_sets.VALUES[key]
  for column, other in enumerate([real, fake]):
    scores = swd.sliced_wasserstein(real, other, projections=300)
    gaps = [
      abs(scores[f"swd_{size}"] - value[column])
      for size, value in zip((64, 32, 16), recorded["value"])
    ]
    allowed = 4.0 * np.array(recorded["std_over_5seeds"])[:, column]
    assert (gaps < allowed).all()


@pytest.mark.parametrize("key", _ROWS)
def test_recorded_rows(key):
  x = np.random.RandomState(6001).standard_normal((512, 147))
  y = 1.5 * np.random.RandomState(6002).standard_normal((512, 147)) + 0.1
  found = swd.distance(x, y, 4000, np.random.RandomState(0))
  assert found == pytest.approx(golden_sets.value(key), abs=4 * 0.00136)


def test_one_column_is_the_wasserstein_distance():
  x, y = np.random.RandomState(0).randn(2, 50, 1)
  found = swd.distance(x, y + 0.3, 5, np.random.RandomState(0))
  expected = stats.wasserstein_distance(x[:, 0], y[:, 0] + 0.3)
  assert found == pytest.approx(expected, rel=1e-12)


def test_levels_add_up_to_the_image():
  """Each level plus the next one, doubled in size, is the level before."""
  x = np.random.RandomState(0).uniform(0, 255, size=[2, 32, 48, 1])
  details, rest = swd.laplacian_pyramid(x)
  assert rest.shape == (2, 16, 24, 1)
  grown = np.zeros_like(x)
  grown[:, ::2, ::2] = 4.0 * rest
  np.testing.assert_allclose(details + swd._smooth(grown), x, atol=1e-9)


def test_flat_images_have_no_details():
  levels = swd.laplacian_pyramid(np.full([1, 64, 64, 3], 7.0))
  inside = levels[0][:, 4:-4, 4:-4]
  np.testing.assert_allclose(inside, 0.0, atol=1e-12)
  np.testing.assert_allclose(levels[-1], 7.0)


@pytest.mark.parametrize(
  "size,sizes", [(28, [28]), (48, [48, 24]), (33, [33, 17])]
)
def test_sizes_that_are_no_powers_of_two(size, sizes):
  images = np.random.RandomState(0).rand(3, size, size, 1)
  scores = swd.sliced_wasserstein(images, images)
  assert list(scores) == ["swd"] + [f"swd_{s}" for s in sizes]


def test_patches_of_one_colour_are_finite():
  """Where the deviation is 0 TF-GAN returns NaN."""
  images = np.full([4, 32, 32, 3], 9, np.uint8)
  other = np.random.RandomState(0).randint(0, 256, images.shape)
  scores = swd.sliced_wasserstein(images, other.astype(np.uint8))
  assert np.isfinite(list(scores.values())).all() and scores["swd"] > 0.3
  assert swd.sliced_wasserstein(images, images)["swd"] == 0.0


def test_worse_fakes_score_worse():
  real, fake = golden_sets.get("I32")[:32], golden_sets.get("I32")[32:]
  noise = np.random.RandomState(0).randint(0, 256, fake.shape)
  stripes = np.sort(fake, axis=1)
  same, *worse = (
    swd.sliced_wasserstein(real, x)["swd"]
    for x in (fake, noise.astype(np.uint8), stripes)
  )
  assert min(worse) > 1.1 * same


def _descriptors(images, rng, coarsest=16, patches=64, size=7):
  """Returns {height of level: rows}, all in memory, as it once was."""
  found = {}
  for start in range(0, len(images), 64):
    batch = images[start : start + 64].astype(np.float64)
    for level in swd.laplacian_pyramid(batch, coarsest):
      n, height, width, _ = level.shape
      top = rng.randint(height - size + 1, size=(n * patches, 1, 1))
      left = rng.randint(width - size + 1, size=(n * patches, 1, 1))
      rows = swd._patches(level, top, left, size)
      found.setdefault(height, []).append(rows)
  return {height: np.concatenate(rows) for height, rows in found.items()}


@pytest.mark.parametrize("directions_at_a_time", [147, 50, 20])
def test_passes_make_no_difference(monkeypatch, directions_at_a_time):
  """70 images are two batches; 40 x 33 pixels make two levels."""
  of_one = 2 * 2 * 70 * 64 * 8
  monkeypatch.setattr(swd, "_BYTES", directions_at_a_time * of_one)
  images = np.random.RandomState(0).randint(0, 256, [140, 40, 33, 1], np.uint8)
  real, fake = images[:70], np.sort(images[70:], axis=1)
  rng = np.random.RandomState(3)
  rows = [_descriptors(x, rng) for x in (real, fake)]
  expected = {
    f"swd_{height}": swd.distance(rows[0][height], rows[1][height], 147, rng)
    for height in (40, 20)
  }
  expected["swd"] = np.mean(list(expected.values()))
  found = swd.sliced_wasserstein(real, fake, seed=3)
  assert found == pytest.approx(expected, rel=1e-12)


def test_memory_does_not_grow_with_the_number_of_directions(monkeypatch):
  """A direction of 1024 images takes 1 MiB; the patches would take 50."""
  monkeypatch.setattr(swd, "_BYTES", 2**21)
  images = np.zeros([1024, 16, 16, 1], np.uint8)
  tracemalloc.start()
  swd.sliced_wasserstein(images, images, projections=6)
  _, peak = tracemalloc.get_traced_memory()
  tracemalloc.stop()
  assert peak < 16 * 2**20


def test_patches_are_normalised():
  images = np.random.RandomState(0).rand(3, 16, 16, 1)
  top = left = np.arange(6)[:, None, None]
  rows = swd._patches(images, top, left, 7)
  assert rows.shape == (6, 49)
  np.testing.assert_allclose(rows.mean(axis=1), 0.0, atol=1e-12)
  np.testing.assert_allclose(rows.std(axis=1), 1.0)


def test_unequal_numbers_are_refused():
  x = np.zeros([4, 16, 16, 3], np.uint8)
  with pytest.raises(
    ValueError, match="equal numbers of images of the same size"
  ):
    swd.sliced_wasserstein(x, x[:3])
