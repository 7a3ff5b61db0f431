"""Intervals that hold the truth as often as they say."""

from compare_gan.metrics import bootstrap
from compare_gan.metrics import fid
from compare_gan.metrics import kid
import numpy as np
import pytest

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


def _mean(fake_features):
  return {"mean": float(fake_features.mean())}


def test_width_for_a_mean():
  x = np.random.RandomState(0).randn(400, 1)
  low, high = bootstrap.intervals(_mean, {"fake_features": x}, resamples=4000)[
    "mean"
  ]
  error = x.std() / np.sqrt(400)
  assert high - low == pytest.approx(2 * 1.96 * error, rel=0.06)
  assert (high + low) / 2 == pytest.approx(x.mean(), abs=0.1 * error)


def test_level():
  x = {"fake_features": np.random.RandomState(0).randn(400, 1)}
  wide, narrow = (
    np.ptp(bootstrap.intervals(_mean, x, 1000, level)["mean"])
    for level in (0.99, 0.5)
  )
  assert wide == pytest.approx(narrow * 2.576 / 0.674, rel=0.15)


@pytest.mark.parametrize("metric,truth", [(fid.fid, 0.5), (kid.kid, 1.890625)])
def test_intervals_hold_the_truth(metric, truth):
  """Two normal distributions in 2-D, one moved by (1/2, 1/2).

  E (1 + x.y / 2)^3 is 2.5 between two of the one, 5.140625 between two of the
  other, and 2.875 between both.
  """
  (name,) = metric(np.eye(2), np.eye(2))
  hits = 0
  for seed in range(40):
    rng = np.random.RandomState(seed)
    sets = {
      "real_features": rng.randn(300, 2),
      "fake_features": rng.randn(300, 2) + 0.5,
    }
    low, high = bootstrap.intervals(metric, sets, resamples=40)[name]
    hits += low <= truth <= high
  assert hits >= 35
  assert high - low < 2 * truth  # Not by being endless.


def test_bias_of_fid_is_taken_away():
  """FID of equal distributions is 0; 8 columns make 0.1 of it."""
  rng = np.random.RandomState(0)
  sets = {
    "real_features": rng.randn(200, 8),
    "fake_features": rng.randn(200, 8),
  }
  low, high = bootstrap.intervals(fid.fid, sets, resamples=50)["fid"]
  assert fid.fid(**sets)["fid"] > high > 0 > low - 0.05


def test_sets_of_the_same_rows_are_drawn_together():
  seen = []

  def metric(fake_features, fake_labels, real_features):
    assert (fake_features[:, 0] == fake_labels).all()
    assert len(np.unique(fake_labels)) == len(fake_labels)  # No row twice.
    seen.append((len(fake_labels), len(real_features)))
    return {"zero": 0.0}

  sets = {
    "fake_features": np.arange(20.0)[:, None],
    "fake_labels": np.arange(20),
    "real_features": np.zeros([7, 1]),
  }
  assert bootstrap.intervals(metric, sets, 3) == {"zero": (0.0, 0.0)}
  assert seen == [(10, 3)] * 3 + [(20, 7)]


def test_refusals():
  with pytest.raises(ValueError, match=r"The sets fake_\* have \[5, 6\] rows"):
    bootstrap.intervals(
      _mean, {"fake_features": np.zeros([5, 1]), "fake_labels": np.zeros(6)}
    )
