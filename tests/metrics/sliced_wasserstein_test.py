"""SWD against TF-GAN."""

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


def test_more_images_than_a_batch():
  images = np.random.RandomState(0).rand(70, 16, 16, 1)
  found = swd._descriptors(images, 16, 2, 7, np.random.RandomState(0))
  assert found[16].shape == (140, 49)
  np.testing.assert_allclose(found[16].mean(axis=1), 0.0, atol=1e-12)
  np.testing.assert_allclose(found[16].std(axis=1), 1.0)


def test_unequal_numbers_are_refused():
  x = np.zeros([4, 16, 16, 3], np.uint8)
  with pytest.raises(ValueError, match="as many images of the same size"):
    swd.sliced_wasserstein(x, x[:3])
