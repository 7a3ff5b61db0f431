"""The approximate sliced Wasserstein distance."""

from compare_gan.metrics.sw_approx import sw_approx
import numpy as np
import pytest

from tests.metrics import golden2_sets

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


@pytest.mark.parametrize("name", golden2_sets.CASES)
def test_recorded(name):
  sets = golden2_sets.sets(name)
  found = sw_approx(sets["train"], sets["fake"])["sw_approx"]
  expected = golden2_sets.value(name, "sw_approx")
  assert found == pytest.approx(expected, rel=1e-9)


def test_by_hand():
  """Means (0, 0) and (3, 0); mean squares 1 and 9 of two features."""
  real = np.float32([[1, 1], [-1, -1]])
  fake = np.float32([[6, 3], [0, -3]])
  expected = np.sqrt(9.0 / 2.0 + (1.0 - 3.0) ** 2)
  assert sw_approx(real, fake)["sw_approx"] == pytest.approx(expected)


def test_blocks_against_numpy():
  rng = np.random.RandomState(0)
  x, y = 1e3 + rng.standard_normal((2500, 3)), 1e3 + rng.standard_normal((9, 3))
  shift = np.mean((x.mean(axis=0) - y.mean(axis=0)) ** 2)
  x_spread, y_spread = (np.sqrt(r.var(axis=0).mean()) for r in (x, y))
  expected = np.sqrt(shift + (x_spread - y_spread) ** 2)
  found = sw_approx(x, y)["sw_approx"]
  assert found == pytest.approx(expected, rel=1e-9)


def test_refusals():
  with pytest.raises(ValueError, match="fake_features has NaN"):
    sw_approx(np.eye(2), np.eye(2) * np.nan)
