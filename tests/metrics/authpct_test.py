"""AuthPct against recorded values, and by hand."""

from compare_gan.metrics.authpct import authpct
import numpy as np
import pytest

from tests.metrics import golden2_sets

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


@pytest.mark.parametrize("name", golden2_sets.CASES)
def test_recorded(name):
  sets = golden2_sets.sets(name)
  scores = authpct(sets["train"], sets["heldout"], sets["fake"])
  expected = golden2_sets.value(name, "authpct")
  assert scores["authpct"] == pytest.approx(expected, rel=1e-12)


def test_by_hand():
  # Nearest other rows are at 2, 2 and 8.
  train = np.float32([[0], [2], [10]])
  # At 3 from 0 (2 < 3), at 1 from 2, at 2 from 2 (not 2 < 2), at 7 from 10.
  fake = np.float32([[-3], [3], [4], [17]])
  heldout = np.float32([[-5], [19]])  # at 5 and at 9
  scores = authpct(train, heldout, fake)
  assert scores == {"authpct": 25.0, "authpct_heldout": 100.0}


def test_copies_are_not_authentic():
  train = np.random.RandomState(0).standard_normal((50, 4))
  scores = authpct(train, train[:9] + 100.0, train)
  assert scores == {"authpct": 0.0, "authpct_heldout": 100.0}


def test_blocks_against_all_pairs():
  rng = np.random.RandomState(0)
  train, fake = rng.standard_normal((1500, 3)), rng.standard_normal((1200, 3))

  def squares(x, y):
    return sum((x[:, None, d] - y[:, d]) ** 2 for d in range(3))

  own = squares(train, train)
  np.fill_diagonal(own, np.inf)
  between = squares(fake, train)
  is_authentic = own.min(axis=1)[between.argmin(axis=1)] < between.min(axis=1)
  expected = 100.0 * is_authentic.mean()
  assert 20.0 < expected < 80.0
  assert authpct(train, fake, fake)["authpct"] == pytest.approx(expected)


def test_refusals():
  x = np.eye(3)
  with pytest.raises(ValueError, match="train_features has 1 rows"):
    authpct(x[:1], x, x)
  with pytest.raises(ValueError, match="fake_features has 0 rows"):
    authpct(x, x, x[:0])
