"""Density and coverage, exact counts."""

from compare_gan.metrics.density_coverage import density_coverage
import numpy as np
import pytest

from tests.metrics import golden_sets

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")

KEYS = golden_sets.keys("prdc/.*/prdc_.*", 21)


@pytest.mark.parametrize(
  "key",
  [
    pytest.param(key, marks=pytest.mark.slow) if "/A2048" in key else key
    for key in KEYS
  ],
)
def test_recorded(key):
  real, fake = golden_sets.pair(key.split("/")[1])
  scores = density_coverage(real, fake, k=5 if "_k5_" in key else 3)
  for name in ("density", "coverage"):
    recorded = golden_sets.VALUES[key][name]
    assert scores[name] == pytest.approx(recorded, rel=1e-12)


def _line(*points):
  return np.float32(points)[:, None]


def test_by_hand():
  # Balls (k = 1): (-1, 1), (0, 2), (1, 3), (2, 18); 0.5 is in two, 2.5 in two.
  scores = density_coverage(_line(0, 1, 2, 10), _line(0.5, 2.5, 40), k=1)
  assert scores == {"density": 4 / 3, "coverage": 1.0}


def test_a_ball_is_without_its_border():
  # (-1, 1), (0, 2) and (1, 5): 1 is in the second, -1 is in none.
  scores = density_coverage(_line(0, 1, 3), _line(-1, 1), k=1)
  assert scores == {"density": 0.5, "coverage": 1 / 3}


def test_a_ball_among_k_duplicates_is_empty():
  x = np.repeat(_line(0, 5, 9), 4, axis=0)
  assert density_coverage(x, x, k=3) == {"density": 0.0, "coverage": 0.0}


@pytest.mark.parametrize("n", [50, 1100])
def test_identical_sets_have_one_of_each(n):
  """The k-th neighbour is on the border: rounding must not let it in."""
  x = np.random.RandomState(0).randn(n, 30).astype(np.float32)
  assert density_coverage(x, x) == {"density": 1.0, "coverage": 1.0}
  assert density_coverage(x, x.copy()) == {"density": 1.0, "coverage": 1.0}


def test_one_real_outlier_matters_little():
  """What the metric is for: precision counts every fake in one large ball."""
  rng = np.random.RandomState(0)
  real = rng.randn(300, 2)
  fake = rng.randn(300, 2) + 6.0
  real[0] = 12.0
  assert density_coverage(real, fake)["density"] < 0.25


def test_collapse_costs_coverage():
  rng = np.random.RandomState(0)
  real, fake = rng.randn(2, 400, 4)
  scores = [
    density_coverage(real, fake[np.arange(400) % n])["coverage"]
    for n in (400, 100, 20, 1)
  ]
  assert scores == sorted(scores, reverse=True)
  assert scores[0] > 0.9 and scores[-1] < 0.1


def test_refusals():
  x = np.zeros([6, 2])
  density_coverage(x, x[:1])
  with pytest.raises(ValueError, match="real_features has 5 rows"):
    density_coverage(x[:5], x)
