"""R1 and R2: half a squared slope."""

from compare_gan.gans import seen
from compare_gan.gans.terms import r1
import pytest
import tensorflow as tf

from tests.gans.terms import linear

pytestmark = pytest.mark.versions("tf.GradientTape differentiates twice")


def _slopes(slope, wanted):
  d = linear.discriminator(slope)
  slopes = seen.Slopes(wanted, linear.IMAGES, linear.FAKES)
  with slopes.watching():
    real, fake = d(linear.IMAGES, None), d(linear.FAKES, None)
  return slopes, seen.Scored(tf.zeros([]), tf.zeros([]), real, fake, {})


def test_half_of_3_squared():
  slopes, scored = _slopes(3.0, ["real_slopes"])
  assert float(r1.r1(slopes.real(scored))) == pytest.approx(4.5)


def test_both_from_one_backward_pass():
  slopes, scored = _slopes(3.0, ["real_slopes", "fake_slopes"])
  both = r1.r1_r2(slopes.real(scored), slopes.fake(scored))
  assert float(both) == pytest.approx(9.0)
  assert float(r1.r2(slopes.fake(scored))) == pytest.approx(4.5)


def test_the_old_penalty_is_of_pixels_in_0_to_1():
  """A slope of 3 in the papers' pixels is one of 6 here: 18, not 4.5."""
  value = r1.r1_penalty(linear.discriminator(3.0), linear.IMAGES, None)
  assert float(value) == pytest.approx(18.0)
