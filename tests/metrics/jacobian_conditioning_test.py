"""Conditioning of known Jacobians."""

from compare_gan.metrics.jacobian_conditioning import jacobian_conditioning
import numpy as np
import pytest

from tests.metrics import golden_sets

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")

KEYS = golden_sets.keys("jacobian/.*", 2)


def _recorded_jacobians():
  draws = np.random.RandomState(5001).standard_normal((4, 48, 8))
  return draws / np.arange(1.0, 9.0)


@pytest.mark.parametrize("key", KEYS)
def test_recorded(key):
  jacobians, values = _recorded_jacobians(), golden_sets.value(key)
  for jacobian, value in zip(jacobians, values):
    scores = jacobian_conditioning(jacobian[None])
    assert scores["jacobian_conditioning"] == pytest.approx(value, rel=1e-9)
  scores = jacobian_conditioning(jacobians)
  assert list(scores.values()) == pytest.approx(
    [np.mean(values), np.std(values)], rel=1e-9
  )


def test_by_hand():
  jacobians = np.zeros([2, 5, 2])
  jacobians[0, [1, 3], [0, 1]] = 6.0, 2.0
  jacobians[1, [0, 4], [0, 1]] = 1.0, 1.0
  scores = jacobian_conditioning(jacobians)
  assert scores["jacobian_conditioning"] == pytest.approx(np.log(9.0) / 2)
  assert scores["jacobian_conditioning_std_over_z"] == pytest.approx(np.log(3))


def test_the_small_singular_value_survives():
  """J^T J would hold 1 and 1e-20, of which float64 sees the first alone."""
  turn = np.array([[0.6, -0.8], [0.8, 0.6]])
  jacobian = turn @ np.diag([1.0, 1e-10]) @ turn.T
  scores = jacobian_conditioning(jacobian[None])
  expected = 2.0 * np.log(1e10)
  assert scores["jacobian_conditioning"] == pytest.approx(expected, rel=1e-6)


def test_a_dead_direction_is_infinite():
  scores = jacobian_conditioning(np.diag([1.0, 0.0])[None])
  assert scores["jacobian_conditioning"] == np.inf


def test_a_jacobian_of_zeros_is_infinite_too():
  scores = jacobian_conditioning(np.zeros([1, 3, 2]))
  assert scores["jacobian_conditioning"] == np.inf


def test_refusals():
  with pytest.raises(ValueError, match="not .N, pixels, z_dim."):
    jacobian_conditioning(np.zeros([3, 2]))
  with pytest.raises(ValueError, match="NaN or infinity"):
    jacobian_conditioning(np.full([1, 3, 2], np.nan))
