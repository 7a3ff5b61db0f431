"""Copies of the training set are found."""

from compare_gan.metrics.memorization import memorization
import numpy as np
import pytest
from scipy import stats

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


def _sets(n=200):
  return np.random.RandomState(0).randn(3, n, 4)


def test_fresh_samples_are_as_near_as_held_out_ones():
  train, heldout, fake = _sets(400)
  scores = memorization(train, heldout, fake)
  assert scores["memorization"] == pytest.approx(0.5, abs=0.06)
  assert abs(scores["memorization_z_u"]) < 3


def test_copies():
  train, heldout, _ = _sets()
  scores = memorization(train, heldout, train + 1e-6)
  assert scores["memorization"] == 1.0
  assert scores["memorization_z_u"] < -10


def test_more_copies_score_worse():
  train, heldout, fake = _sets()
  scores = []
  for copies in (0, 50, 100, 200):
    mixed = np.concatenate([train[:copies], fake[copies:]])
    scores.append(memorization(train, heldout, mixed)["memorization"])
  assert scores == sorted(scores) and scores[-1] == 1.0


def test_far_fakes_are_not_copies():
  train, heldout, fake = _sets()
  scores = memorization(train, heldout, fake + 100.0)
  assert scores["memorization"] == 0.0
  assert scores["memorization_z_u"] > 10


def test_by_hand():
  # Distances: held-out 1 and 2, fakes 0, 1 and 5: nearer are 1/2 + 0 + 1 + ...
  train = np.float32([[0], [100]])
  heldout = np.float32([[1], [98]])
  fake = np.float32([[0], [101], [5]])
  # Pairs (1, 0) (1, 1) (1, 5) (2, 0) (2, 1) (2, 5): 1 + 1/2 + 0 + 1 + 1 + 0.
  scores = memorization(train, heldout, fake)
  assert scores["memorization"] == pytest.approx(3.5 / 6)
  # (U - mn / 2) / sqrt(mn (m + n + 1) / 12) with U = 6 - 3.5.
  assert scores["memorization_z_u"] == pytest.approx(-0.5 / np.sqrt(3.0))


def test_unequal_numbers_against_scipy():
  train, heldout, fake = _sets()
  heldout = heldout[:70]
  scores = memorization(train, heldout, fake)

  def nearest(x):
    return ((x[:, None] - train) ** 2).sum(-1).min(axis=1)

  u = stats.mannwhitneyu(
    nearest(heldout), nearest(fake), alternative="two-sided"
  ).statistic
  assert scores["memorization"] == pytest.approx(u / (70 * 200), rel=1e-12)


def test_unequal_widths():
  train, heldout, fake = _sets(5)
  with pytest.raises(ValueError, match="Widths differ"):
    memorization(train, heldout, fake[:, :3])


def test_held_out_rows_that_were_trained_on_are_refused():
  """Copies would score 1/2, as fresh samples do."""
  train, _, fake = _sets()
  with pytest.raises(ValueError, match="nothing is held out.*eval_fraction"):
    memorization(train, train[:50], train)
  with_some = np.concatenate([train[:50], fake])
  assert memorization(train, with_some, train)["memorization"] > 0.5
