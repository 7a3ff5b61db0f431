"""Power-function averages and their combinations, by hand."""

from compare_gan.gans import power_ema
from compare_gan.gans.power_ema import Profile
import numpy as np
import pytest

pytestmark = pytest.mark.versions("tf.math.log1p on a CPU")


@pytest.mark.parametrize(
  "sigma_rel, gamma",
  [(0.05, 16.9721986), (0.10, 6.9372039), (0.13, 4.6035968), (0.2, 1.8262138)],
)
def test_a_width_has_an_exponent(sigma_rel, gamma):
  assert power_ema.exponent(sigma_rel) == pytest.approx(gamma, rel=1e-7)
  assert power_ema.relative_width(gamma) == pytest.approx(sigma_rel, rel=1e-7)


def test_the_first_update_is_a_copy_and_later_ones_keep_their_digits():
  assert float(power_ema.gain_at(0, 6.9)) == 1.0
  assert float(power_ema.gain_at(1, 1.0)) == pytest.approx(0.75)
  # 8 / t; in float32, 1 - beta would be off by some percent.
  assert float(power_ema.gain_at(10**7 - 1, 7.0)) == pytest.approx(8e-7)


def test_an_average_weights_by_a_power_of_time():
  """gamma = 1: weights t / (1 + 2 + 3 + 4), nearly: here (2 t - 1) / 16."""
  average = 0.0
  for step, value in enumerate([1.0, 2.0, 3.0, 4.0]):
    gain = float(power_ema.gain_at(step, 1.0))
    average += gain * (value - average)
  assert average == pytest.approx((1 * 1 + 3 * 2 + 5 * 3 + 7 * 4) / 16)


def test_profiles_are_as_alike_whichever_comes_first():
  a, b = Profile(8, 0.05), Profile(16, 0.1)
  assert power_ema.inner_product(a, b) == power_ema.inner_product(b, a)
  same = power_ema.inner_product(Profile(16, 0.1), Profile(16, 0.1))
  assert same == pytest.approx(0.2647131, rel=1e-6)


_SNAPSHOTS = [Profile(t, s) for t in (4, 8, 12, 16) for s in (0.05, 0.1)]


def test_a_snapshot_is_made_of_itself():
  x = power_ema.coefficients(_SNAPSHOTS, Profile(16, 0.05))
  np.testing.assert_allclose(x, [0, 0, 0, 0, 0, 0, 1, 0], atol=1e-9)


def test_coefficients_of_a_constant_sum_to_1():
  x = power_ema.coefficients(_SNAPSHOTS, Profile(16, 0.07))
  assert x.dtype == np.float64 and x.sum() == pytest.approx(1.0)


def test_a_time_without_a_snapshot_is_refused():
  for t in (10, 20):
    with pytest.raises(ValueError, match="up to this time"):
      power_ema.coefficients(_SNAPSHOTS, Profile(t, 0.1))


@pytest.mark.parametrize(
  "sigma_rel, message", [(0.03, "an extrapolation"), (0.28, "outside of 0.015")]
)
def test_a_width_that_is_reconstructed_badly_is_warned_of(sigma_rel, message):
  with pytest.warns(UserWarning, match=message):
    power_ema.coefficients(_SNAPSHOTS, Profile(16, sigma_rel))


@pytest.mark.parametrize("sigma_rel", [0.0, -0.1, 0.29, 1.0])
def test_a_width_that_no_average_has_is_refused(sigma_rel):
  with pytest.raises(ValueError, match="must be above 0 and below 0.2886751"):
    power_ema.exponent(sigma_rel)


def test_a_width_given_twice_is_refused():
  with pytest.raises(ValueError, match="lists a width twice"):
    power_ema.PowerAverages([0.1, 0.1])
