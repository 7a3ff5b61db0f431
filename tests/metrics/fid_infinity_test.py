"""FID_inf of equal distributions, whose FID is 0."""

from compare_gan.metrics import fid
from compare_gan.metrics.fid_infinity import fid_infinity
import numpy as np
import pytest

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


def _unit(seed, n, d=16):
  """Rows with a mean of 0 and a covariance of 1, exactly, if seed is None."""
  if seed is None:
    return fid.Gaussian(np.zeros(d), np.eye(d))
  return np.random.RandomState(seed).standard_normal((n, d))


def _known_fid(real):
  return fid.frechet_distance(
    fid.Moments().add(real).gaussian(), _unit(None, 0)
  )


def test_nearer_to_the_truth_than_fid():
  real = _unit(0, 4000)
  truth = _known_fid(real)
  fakes = [_unit(seed, 500) for seed in range(1, 9)]
  biased = [fid.fid(real, x)["fid"] - truth for x in fakes]
  found = [fid_infinity(real, x)["fid_infinity"] - truth for x in fakes]
  assert min(biased) > 0.1
  assert np.max(np.abs(found)) < min(biased)
  assert abs(np.mean(found)) < 0.2 * np.mean(biased)


def test_a_line_is_read_at_zero():
  """Two points: the intercept is (N2 FID2 - N1 FID1) / (N2 - N1)."""
  real, fake = _unit(0, 300), _unit(1, 200) * 1.1
  found = fid_infinity(real, fake, points=2, smallest=0.5, seed=3)
  first = np.random.RandomState(3).permutation(200)[:100]
  half, full = fid.fid(real, fake[first])["fid"], fid.fid(real, fake)["fid"]
  assert found["fid_infinity"] == pytest.approx(2 * full - half, rel=1e-9)


def test_worse_fakes_score_worse():
  real = _unit(0, 1000)
  scores = [
    fid_infinity(real, _unit(1, 500) + shift, points=5)["fid_infinity"]
    for shift in (0.0, 0.2, 0.5)
  ]
  assert scores == sorted(scores)


def test_too_few_fakes():
  with pytest.raises(ValueError, match="subsets of 1 to 10 fakes"):
    fid_infinity(_unit(0, 30), _unit(1, 10))
