"""CMMD against recorded values and sums over all pairs."""

from compare_gan.metrics.cmmd import cmmd
import numpy as np
import pytest

from tests.metrics import golden2_sets

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


@pytest.mark.parametrize("key", ["cmmd", "cmmd_unbiased"])
@pytest.mark.parametrize("name", golden2_sets.CASES)
def test_recorded(name, key):
  sets = golden2_sets.sets(name)
  found = cmmd(sets["train"], sets["fake"])[key]
  # The recorded sums have the ones inside: about 1e-12 is lost.
  expected = golden2_sets.value(name, key)
  assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_by_hand():
  """Two directions at a right angle: |x - y|^2 is 2 between sets."""
  x = np.float32([[1, 0], [5, 0]])
  y = np.float32([[0, 2], [0, 3]])
  expected = 1000.0 * (1.0 + 1.0 - 2.0 * np.exp(-1.0 / 100.0))
  scores = cmmd(x, y)
  assert scores["cmmd"] == pytest.approx(expected, rel=1e-12)
  # All kernels within a set are 1, with or without the diagonal.
  assert scores["cmmd_unbiased"] == pytest.approx(expected, rel=1e-12)


def test_unbiased_leaves_the_diagonal_out():
  x, y = np.eye(2), np.eye(2)[:, ::-1]
  k = np.exp(-1.0)  # sigma 1, right angles
  scores = cmmd(x, y, sigma=1.0, scale=1.0)
  assert scores["cmmd"] == pytest.approx(0.0, abs=1e-15)
  expected = k + k - 2.0 * (1.0 + k) / 2.0
  assert scores["cmmd_unbiased"] == pytest.approx(expected, rel=1e-12)


def test_opposite_rows_score_the_most():
  x = np.ones([3, 4])
  most = 2000.0 * (1.0 - np.exp(-4.0 / 200.0))
  assert cmmd(x, -x)["cmmd"] == pytest.approx(most, rel=1e-12)


def test_blocks_of_rows_do_not_change_the_sum():
  """Three blocks against two, and one matrix of all pairs."""
  rng = np.random.RandomState(0)
  x, y = rng.standard_normal((2100, 4)), rng.standard_normal((1100, 4)) + 0.1

  def mean(a, b):
    a, b = (r / np.linalg.norm(r, axis=1, keepdims=True) for r in (a, b))
    return np.exp((a @ b.T - 1.0) / 100.0).mean()

  expected = 1000.0 * (mean(x, x) + mean(y, y) - 2.0 * mean(x, y))
  assert cmmd(x, y)["cmmd"] == pytest.approx(expected, rel=1e-9)


def test_refusals():
  x = np.eye(3)
  with pytest.raises(ValueError, match="fake_features is all zeros in row 2"):
    cmmd(x, x * [[1], [1], [0]])
  with pytest.raises(ValueError, match="Widths differ"):
    cmmd(x, np.eye(4))
  with pytest.raises(ValueError, match="cmmd.sigma is 0"):
    cmmd(x, x, sigma=0)
