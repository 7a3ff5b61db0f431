"""Mixtures of isotropic Gaussians: densities, gradients, distances, Adam."""

from compare_gan.metrics import isotropic_mixture
import numpy as np
import pytest
from scipy import stats

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")

_PLAIN = isotropic_mixture.Scale(np.zeros(3), np.ones(3))


def _sets():
  rng = np.random.RandomState(0)
  rows, centres = rng.standard_normal((11, 3)), rng.standard_normal((4, 3))
  return rows, centres, 0.5 * rng.standard_normal(4)


def test_likelihood_against_scipy():
  rows, centres, log_variances = _sets()
  densities = [
    stats.multivariate_normal(centre, np.exp(value)).pdf(rows)
    for centre, value in zip(centres, log_variances)
  ]
  expected = -np.log(np.mean(densities, axis=0)).mean()
  squares = isotropic_mixture.Squares(rows, centres, _PLAIN)
  found = isotropic_mixture.negative_log_likelihood(squares, log_variances)
  constant = 1.5 * np.log(2.0 * np.pi)
  assert found + constant == pytest.approx(expected, rel=1e-12)


def test_gradient_against_differences():
  rows, centres, log_variances = _sets()
  log_weights = np.log([0.1, 0.2, 0.3, 0.9])
  squares = isotropic_mixture.Squares(rows, centres, _PLAIN)

  def evaluate(values):
    parts = (block for _, block in squares)
    return isotropic_mixture.loss_and_gradient(parts, values, log_weights, 3)

  _, gradient = evaluate(log_variances)
  for j in range(4):
    step = 1e-5 * np.eye(4)[j]
    upper, _ = evaluate(log_variances + step)
    lower, _ = evaluate(log_variances - step)
    assert gradient[j] == pytest.approx((upper - lower) / 2e-5, rel=1e-6)


def test_squares_are_the_same_if_they_are_not_kept(monkeypatch):
  rng = np.random.RandomState(0)
  rows, centres = rng.standard_normal((1300, 3)), rng.standard_normal((7, 3))
  rows[40] = centres[2]
  expected = ((rows[:, None] - centres) ** 2).sum(axis=2)
  for kept in (10**8, 600 * 7, 0):  # all, the first block, none
    monkeypatch.setattr(isotropic_mixture, "_KEPT", kept)
    squares = isotropic_mixture.Squares(rows, centres, _PLAIN)
    for _ in range(2):
      found = np.concatenate([block for _, block in squares])
      np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
      assert found[40, 2] == 0.0
    sizes = [x.size for x in squares._kept.values()]
    assert sum(sizes) <= kept


def test_scale_is_of_all_sets_and_over_n_less_1():
  x, y = 1e4 + np.random.RandomState(0).standard_normal((2, 1500, 2))
  x[:, 1] = y[:, 1] = 7.0
  scale = isotropic_mixture.Scale.of(x, y[:3])
  both = np.concatenate([x, y[:3]])
  np.testing.assert_allclose(scale.mean, both.mean(axis=0), rtol=1e-14)
  expected = both.std(axis=0, ddof=1)
  np.testing.assert_allclose(scale.deviation, expected, rtol=1e-9)
  assert not scale(x)[:, 1].any()


def test_first_steps_of_adam_by_hand():
  adam = isotropic_mixture.Adam(2)
  step = adam.step(np.array([3.0, -0.1]), 0.5)
  np.testing.assert_allclose(step, [-0.5, 0.5], rtol=1e-6)
  # First moments .09 * 3 / .19, second .000999 * 9 / .001999.
  step = adam.step(np.zeros(2), 0.5)
  first, second = 0.27 / 0.19, 0.000999 * 9 / 0.001999
  assert step[0] == pytest.approx(-0.5 * first / np.sqrt(second), rel=1e-6)
