"""Probabilistic precision and recall, recorded and by hand."""

from compare_gan.metrics.p_precision_recall import p_precision_recall
import numpy as np
import pytest

from tests.metrics import golden2_sets

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


@pytest.mark.parametrize("name", golden2_sets.CASES)
def test_recorded(name):
  sets = golden2_sets.sets(name)
  scores = p_precision_recall(sets["train"], sets["fake"])
  for key, found in scores.items():
    expected = golden2_sets.value(name, f"{key}_a1.2_k4")
    assert found == pytest.approx(expected, rel=1e-9)


def test_by_hand():
  # Nearest neighbours at 1, 1 and 4: radius 2. Those of fakes at 6: radius 6.
  real, fake = np.float32([[0], [1], [5]]), np.float32([[2], [8]])
  scores = p_precision_recall(real, fake, k=1, a=1.0)
  # The fake at 2 is outside with 1 * 1/2 * 1, that at 8 surely.
  assert scores["p_precision"] == pytest.approx(0.25)
  # Real rows are outside with 2/6, 1/6, and 3/6 * 3/6.
  expected = (4 / 6 + 5 / 6 + 3 / 4) / 3
  assert scores["p_recall"] == pytest.approx(expected)


def test_sets_of_duplicates_hold_copies_only():
  real = np.ones([3, 2])
  fake = np.float64([[1, 1], [1, 1], [1, 2]])
  scores = p_precision_recall(real, fake, k=1)
  assert scores["p_precision"] == pytest.approx(2 / 3)


def test_blocks_against_all_pairs():
  rng = np.random.RandomState(0)
  real = rng.standard_normal((1500, 3))
  fake = rng.standard_normal((1100, 3)) + 1.0

  def distances(x, y):
    return np.sqrt(sum((x[:, None, d] - y[:, d]) ** 2 for d in range(3)))

  def radius(x):
    return 1.2 * np.sort(distances(x, x), axis=1)[:, 4].mean()

  between = distances(real, fake)
  outside = np.minimum(between / radius(real), 1.0).prod(axis=0)
  missed = np.minimum(between / radius(fake), 1.0).prod(axis=1)
  scores = p_precision_recall(real, fake)
  assert scores["p_precision"] == pytest.approx(1.0 - outside.mean(), rel=1e-9)
  assert scores["p_recall"] == pytest.approx(1.0 - missed.mean(), rel=1e-9)


def test_refusals():
  x = np.eye(5)
  with pytest.raises(
    ValueError, match="fake_features has 4 rows, but at least"
  ):
    p_precision_recall(x, x[:4])
  with pytest.raises(ValueError, match="p_precision_recall.k is 0"):
    p_precision_recall(x, x, k=0)
  with pytest.raises(ValueError, match="p_precision_recall.a is 0"):
    p_precision_recall(x, x, a=0)
