"""PRD curves of histograms exactly, of features by tolerance."""

from compare_gan.metrics import prd
import numpy as np
import pytest

from tests.metrics import golden_sets

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")

_HISTOGRAMS = golden_sets.keys("prd_hist/.*", 3)
_FEATURES = golden_sets.keys("prd/.*", 2)
KEYS = _HISTOGRAMS + _FEATURES

_BINS = {
  "h1": [0.1, 0.2, 0.3, 0.4],
  "h2": [0.4, 0.3, 0.2, 0.1],
  "h3": [0.5, 0.5, 0.0, 0.0],
  "h4": [0.0, 0.25, 0.25, 0.5],
}


@pytest.mark.parametrize("key", _HISTOGRAMS)
def test_recorded_histograms(key):
  fake, real = key.split("/")[1].split("(")[0].split("_")
  precision, recall = prd.curve(_BINS[real], _BINS[fake])
  recorded = golden_sets.VALUES[key]
  found = [prd.f_score(precision, recall, b) for b in (8, 1 / 8)]
  np.testing.assert_allclose(found, recorded["value"], rtol=1e-12)
  np.testing.assert_allclose(
    [precision.sum(), precision[500], recall[500]],
    [
      recorded[k]
      for k in ("precision_sum", "precision_at_500", "recall_at_500")
    ],
    rtol=1e-12,
  )
  np.testing.assert_allclose(
    [precision.max(), recall.max()], [recorded["max_p"], recorded["max_r"]]
  )


@pytest.mark.parametrize("key", _FEATURES)
def test_recorded_features(key):
  """Clusters of another library: equal up to their randomness."""
  scores = prd.prd(*golden_sets.pair(key.split("/")[1]))
  recorded = golden_sets.VALUES[key]
  gaps = np.abs(
    [scores["prd_f8"], scores["prd_f1_8"]] - np.array(recorded["value"])
  )
  assert (gaps < 4.0 * np.array(recorded["std_over_3seeds"]) + 0.01).all()


def test_by_hand():
  # Half of the fakes are where a quarter of the real images are.
  precision, recall = prd.curve([0.25, 0.75, 0.0], [0.5, 0.0, 0.5], angles=3)
  # At 45 degrees lambda = 1: sum of min(0.25, 0.5).
  np.testing.assert_allclose([precision[1], recall[1]], 0.25)
  # The ends: all precision there is, and all recall.
  np.testing.assert_allclose([precision[2], recall[0]], [0.5, 0.25])


def test_disjoint_histograms_score_nothing():
  precision, recall = prd.curve([1.0, 0.0], [0.0, 1.0])
  assert prd.f_score(precision, recall, 8) == 0.0


def _blobs(seed, modes):
  """200 rows in modes that are far apart."""
  rng = np.random.RandomState(seed)
  x = 0.1 * rng.randn(200, 3)
  x[:, 0] += 100.0 * np.asarray(modes)[np.arange(200) % len(modes)]
  return x.astype(np.float32)


def _prd(real, fake):
  scores = prd.prd(real, fake, clusters=4, runs=3)
  return scores["prd_f8"], scores["prd_f1_8"]


def test_dropped_modes_cost_recall_and_invented_ones_precision():
  real = _blobs(0, [0, 1, 2, 3])
  np.testing.assert_allclose(_prd(real, real), 1.0, atol=1e-9)
  # F_8 >= recall / (recall + ...): half the modes give about 1/2.
  f8, f1_8 = _prd(real, _blobs(1, [0, 1]))
  assert f8 == pytest.approx(0.5, abs=0.02) and f1_8 > 0.95
  f8, f1_8 = _prd(_blobs(0, [0, 1]), _blobs(1, [0, 1, 2, 3]))
  assert f1_8 == pytest.approx(0.5, abs=0.02) and f8 > 0.95


def test_unequal_numbers_of_rows():
  real = _blobs(0, [0, 1, 2, 3])
  np.testing.assert_allclose(_prd(real, real[:80]), 1.0, atol=1e-9)


def test_worse_fakes_score_worse():
  rng = np.random.RandomState(0)
  real, fake = rng.randn(2, 500, 4)
  f8 = [prd.prd(real, fake + s, runs=2)["prd_f8"] for s in (0.0, 0.5, 1.5)]
  assert f8 == sorted(f8, reverse=True)


def test_fewer_different_rows_than_clusters():
  real, fake = np.zeros([30, 2]), np.ones([30, 2])
  scores = prd.prd(real, fake, runs=1)
  assert scores["prd_f8"] < 1e-9
  assert prd.prd(real, real, runs=1)["prd_f8"] == pytest.approx(1.0)


def test_centres_are_means_of_their_rows():
  real, fake = _blobs(0, [0, 1]), _blobs(1, [0, 1])
  rows = np.concatenate([real, fake]).astype(np.float64)
  expected = [rows[rows[:, 0] < 50].mean(0), rows[rows[:, 0] > 50].mean(0)]
  found = prd._k_means((real, fake), 2, np.random.RandomState(0))
  np.testing.assert_allclose(found[np.argsort(found[:, 0])], expected)


def test_centres_without_rows_stay():
  rows = np.repeat([[5.0, 5.0], [7.0, 7.0]], 10, axis=0)
  found = prd._k_means((rows, rows), 4, np.random.RandomState(0))
  assert set(found.ravel()) == {5.0, 7.0}


def test_clusters_are_those_of_the_seed():
  real, fake = np.random.RandomState(0).randn(2, 100, 3)
  assert prd.prd(real, fake, runs=1) == prd.prd(real, fake, runs=1)
  assert prd.prd(real, fake, runs=1) != prd.prd(real, fake, runs=1, seed=1)


def test_too_few_rows():
  with pytest.raises(ValueError, match="fake_features has 19 rows"):
    prd.prd(np.zeros([20, 2]), np.zeros([19, 2]))
