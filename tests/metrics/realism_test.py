"""Realism of single images against recorded values, and by hand."""

from compare_gan.metrics import realism as realism_lib
from compare_gan.metrics.realism import realism
import numpy as np
import pytest

from tests.metrics import golden2_sets

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")

_CASES = golden2_sets.cases_with("realism_k3_mean")


@pytest.mark.parametrize("k", [3, 5])
@pytest.mark.parametrize("name", _CASES)
def test_recorded(name, k):
  sets = golden2_sets.sets(name)
  images = realism_lib.realism_of_images(sets["train"], sets["fake"], k)
  found = [images.mean(), np.median(images), *images[:4]]
  expected = [
    golden2_sets.value(name, f"realism_k{k}_mean"),
    golden2_sets.value(name, f"realism_k{k}_median"),
    *golden2_sets.value(name, f"realism_k{k}_first_4"),
  ]
  np.testing.assert_allclose(found, expected, rtol=1e-9)
  scores = realism(sets["train"], sets["fake"], k)
  assert scores["realism"] == np.median(images)
  assert scores["realism_share"] == np.mean(images >= 1.0)


def test_by_hand():
  # Radii 1, 1, 3, 4 of nearest neighbours, of which 2 is the median.
  real = np.float32([[0], [1], [4], [8]])
  # 1 / 2 from 1; 1 / 1 from 0, on the border; 1 / 7 from 1, not 4 / 0 from 8.
  fake = np.float32([[3], [-1], [8]])
  images = realism_lib.realism_of_images(real, fake, k=1)
  np.testing.assert_allclose(images, [1 / 2, 1, 1 / 7], rtol=1e-12)
  scores = realism(real, fake, k=1)
  assert scores == {
    "realism": pytest.approx(0.5),
    "realism_share": pytest.approx(1 / 3),
  }


def test_copies_are_infinitely_real():
  real = np.float32([[0], [1], [4], [8]])
  scores = realism(real, real[:2], k=1)
  assert scores == {"realism": np.inf, "realism_share": 1.0}


def test_equal_radii_all_count():
  """The published code has no row with a radius below the median here."""
  real = np.arange(6.0)[:, None]
  images = realism_lib.realism_of_images(real, np.array([[7.0]]), k=1)
  np.testing.assert_allclose(images, [0.5], rtol=1e-12)


def test_blocks_against_all_pairs():
  rng = np.random.RandomState(0)
  real, fake = rng.standard_normal((1500, 3)), rng.standard_normal((1100, 3))

  def distances(x, y):
    return np.sqrt(sum((x[:, None, d] - y[:, d]) ** 2 for d in range(3)))

  radii = np.sort(distances(real, real), axis=1)[:, 3]
  dense = radii < np.median(radii)
  expected = (radii[dense] / distances(fake, real[dense])).max(axis=1)
  found = realism_lib.realism_of_images(real, fake)
  np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_refusals():
  x = np.eye(3)
  with pytest.raises(
    ValueError, match="real_features has 3 rows, but at least"
  ):
    realism(x, x, k=3)
  with pytest.raises(ValueError, match="realism.k is 0"):
    realism(x, x, k=0)
