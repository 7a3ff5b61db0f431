"""Dimension of lines and squares, and recorded ones."""

from compare_gan.metrics.fractal_dimension import fractal_dimension
import numpy as np
import pytest

from tests.metrics import golden_sets

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")

_SETS = golden_sets.keys("fractal/.*/compare_gan_.*", 4)
_TF115 = golden_sets.keys("fractal/.*/tf115venv_.*", 2)
KEYS = _SETS + _TF115


@pytest.mark.parametrize("key", _SETS)
def test_recorded(key):
  name = key.split("/")[1].split("[")[0]
  # The first rows of the 2048 columns, without making all 5000.
  rows = (
    golden_sets._features(2001, 1000, 2048)
    if name == "A2048"
    else golden_sets.get(name)[:1000]
  )
  anchors = 50 if "seeds50" in key else 100
  recorded = golden_sets.VALUES[key]
  for seed, field in enumerate(["value", "npseed1", "npseed2"]):
    found = fractal_dimension(rows, anchors, seed=seed)["fractal_dimension"]
    assert found == pytest.approx(recorded[field], rel=1e-6)
    if name == "A2048":
      break  # The distances of one seed take half a second.


@pytest.mark.parametrize("key", _TF115)
def test_recorded_with_another_scipy(key):
  images = golden_sets.get(key.split("/")[1])
  found = fractal_dimension(images, 50)["fractal_dimension"]
  assert found == pytest.approx(golden_sets.value(key), rel=1e-10)


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_dimension_of_cubes(dimension):
  rows = np.zeros([4000, 10])
  rows[:, :dimension] = np.random.RandomState(0).rand(4000, dimension)
  found = fractal_dimension(rows)["fractal_dimension"]
  assert found == pytest.approx(dimension, rel=0.1)


def test_scale_and_place_do_not_matter():
  rows = np.random.RandomState(0).rand(500, 3)
  found = fractal_dimension(rows)["fractal_dimension"]
  moved = fractal_dimension(1000.0 * rows + 5.0)["fractal_dimension"]
  assert moved == pytest.approx(found, rel=1e-9)


def test_images_are_rows():
  images = np.random.RandomState(0).rand(50, 4, 4, 3)
  assert fractal_dimension(images) == fractal_dimension(images.reshape(50, 48))


def test_refusals():
  with pytest.raises(ValueError, match="The 5 fake_images are all alike"):
    fractal_dimension(np.ones([5, 2, 2, 1]))
  with pytest.raises(ValueError, match="NaN or infinity in row 0"):
    fractal_dimension(np.full([5, 2], np.nan))
