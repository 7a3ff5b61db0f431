"""MIND against recorded values and the definition of Wasserstein distances."""

from compare_gan.metrics import mind as mind_lib
from compare_gan.metrics.mind import mind
import numpy as np
import pytest

from tests.metrics import golden2_sets

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")

_KEY = "mind_200_directions_seed_7"


@pytest.mark.parametrize("name", golden2_sets.CASES)
def test_recorded(name):
  sets = golden2_sets.sets(name)
  found = mind(sets["train"], sets["fake"], directions=200, seed=7)["mind"]
  expected = golden2_sets.value(name, _KEY)
  assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
  "name", golden2_sets.cases_with(f"{_KEY}_first_n_rows")
)
def test_recorded_for_equal_numbers(name):
  real, fake = (golden2_sets.sets(name)[role] for role in ("train", "fake"))
  n = min(len(real), len(fake))
  found = mind(real[:n], fake[:n], directions=200, seed=7)["mind"]
  expected = golden2_sets.value(name, f"{_KEY}_first_n_rows")
  assert found == pytest.approx(expected, rel=1e-9)


def test_one_feature_by_hand():
  """On a line every direction is +-1: (1^2 + 3^2) / 2 times 3 D = 3."""
  real, fake = np.float32([[0], [1]]), np.float32([[4], [1]])
  scores = mind(real, fake, directions=7)
  assert scores["mind"] == pytest.approx(3.0 * (1.0 + 9.0) / 2.0, rel=1e-12)


def test_step_functions_of_unequal_numbers_by_hand():
  """0, 0, 0 | 6, 6, 6 against 1, 1 | 2, 2 | 7, 7 in sixths."""
  x, y = np.array([[6.0, 0.0]]), np.array([[2.0, 7.0, 1.0]])
  expected = (1 + 1 + 4 + 16 + 1 + 1) / 6.0
  found = mind_lib.squared_wasserstein(x, y)
  np.testing.assert_allclose(found, [expected], rtol=1e-15)


def test_repeating_rows_changes_nothing():
  rng = np.random.RandomState(0)
  x, y = rng.standard_normal((5, 3)), rng.standard_normal((7, 3))
  scores = [mind(x, y), mind(np.repeat(x, 7, axis=0), np.repeat(y, 5, axis=0))]
  assert scores[0]["mind"] == pytest.approx(scores[1]["mind"], rel=1e-12)


def test_a_shift_scores_three_times_its_square():
  x = np.random.RandomState(0).standard_normal((50, 8))
  shift = np.array([2.0] + [0.0] * 7)
  scores = [mind(x, x + shift, 20000, seed=s)["mind"] for s in (0, 1)]
  np.testing.assert_allclose(scores, 12.0, rtol=0.03)
  assert scores[0] != scores[1]


def test_blocks_of_rows_and_directions_against_one_product():
  rng = np.random.RandomState(0)
  x, y = rng.standard_normal((1500, 3)), rng.standard_normal((1500, 3)) * 1.1
  directions = np.random.RandomState(0).standard_normal((120, 3))
  directions /= np.linalg.norm(directions, axis=1, keepdims=True)
  gaps = np.sort(x @ directions.T, axis=0) - np.sort(y @ directions.T, axis=0)
  expected = 9.0 * np.mean(gaps**2)
  assert mind(x, y, 120)["mind"] == pytest.approx(expected, rel=1e-12)


def test_refusals():
  x = np.eye(3)
  with pytest.raises(ValueError, match="mind.directions is 0"):
    mind(x, x, directions=0)
  with pytest.raises(ValueError, match="Widths differ"):
    mind(x, np.eye(4))
