"""Improved precision and recall, exact counts."""

from compare_gan.metrics.precision_recall import precision_recall
import numpy as np
import pytest

from tests.metrics import golden_sets

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")

KEYS = golden_sets.keys("prdc/.*", 35)


@pytest.mark.parametrize(
  "key",
  [
    pytest.param(key, marks=pytest.mark.slow) if "/A2048" in key else key
    for key in KEYS
  ],
)
def test_recorded(key):
  real, fake = golden_sets.pair(key.split("/")[1])
  scores = precision_recall(real, fake, k=5 if "_k5_" in key else 3)
  recorded = golden_sets.VALUES[key]
  # Exact counts; torch-fidelity's are cast to float32.
  for name in ("precision", "recall"):
    assert scores[name] == pytest.approx(recorded[name], rel=1e-7)
  if "f_score" in recorded:
    f = 2.0 / (1.0 / scores["precision"] + 1.0 / scores["recall"])
    assert f == pytest.approx(recorded["f_score"], rel=1e-6)


def _line(*points):
  return np.float32(points)[:, None]


def test_by_hand():
  # Balls of the real set (k = 1): [-1, 1], [0, 2], [1, 3], [2, 18].
  # Balls of the fakes: 3.5 +- 5.5, 9 +- 5.5, 100 +- 91.
  scores = precision_recall(_line(0, 1, 2, 10), _line(3.5, 9, 100), k=1)
  assert scores == {"precision": 2 / 3, "recall": 1.0}
  scores = precision_recall(_line(3.5, 9, 100), _line(0, 1, 2, 10), k=1)
  assert scores == {"precision": 1.0, "recall": 2 / 3}


def test_a_ball_contains_its_border():
  scores = precision_recall(_line(0, 1), _line(2, 50), k=1)
  assert scores["precision"] == 0.5


def test_duplicates_find_one_another():
  x = np.repeat(np.random.RandomState(0).randn(40, 6) + 3.0, 5, axis=0)
  assert precision_recall(x, x) == {"precision": 1.0, "recall": 1.0}
  assert precision_recall(x, x[::-1] + 1e-3)["precision"] == 0.0


def test_sets_of_unequal_size_and_several_blocks():
  rng = np.random.RandomState(0)
  real, fake = rng.randn(1300, 2), rng.randn(2100, 2)
  scores = precision_recall(real, fake)
  squares = ((real[:, None] - fake) ** 2).sum(-1)

  def radii(x):
    return np.sort(((x[:, None] - x) ** 2).sum(-1), axis=1)[:, 3]

  assert scores == {
    "precision": (squares <= radii(real)[:, None]).any(0).mean(),
    "recall": (squares <= radii(fake)).any(1).mean(),
  }


def test_noise_costs_precision_and_collapse_costs_recall():
  rng = np.random.RandomState(0)
  real, fake = rng.randn(2, 400, 4)
  same = precision_recall(real, fake)
  noisy = precision_recall(real, 3.0 * fake)
  narrow = precision_recall(real, 0.2 * fake)
  assert noisy["precision"] < same["precision"] - 0.2
  assert narrow["recall"] < same["recall"] - 0.2
  assert narrow["precision"] > same["precision"]


def test_too_few_rows():
  x = np.zeros([4, 2])
  precision_recall(x, x)
  with pytest.raises(ValueError, match="3 rows, but at least 4"):
    precision_recall(x, x[:3])
