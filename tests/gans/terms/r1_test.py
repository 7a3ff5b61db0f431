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
    slopes.show(linear.IMAGES, linear.FAKES)
    real, fake = d(linear.IMAGES, None), d(linear.FAKES, None)
  return slopes, seen.Scored(tf.zeros([]), tf.zeros([]), real, fake, {})


def test_half_of_3_squared():
  slopes, scored = _slopes(3.0, ["real_slopes"])
  assert float(r1.r1(slopes.of("real_slopes", scored))) == pytest.approx(4.5)


def test_both_from_one_backward_pass():
  wanted = ["real_slopes", "fake_slopes"]
  slopes, scored = _slopes(3.0, wanted)
  real, fake = (slopes.of(name, scored) for name in wanted)
  assert float(r1.r1_r2(real, fake)) == pytest.approx(9.0)
  assert float(r1.r2(fake)) == pytest.approx(4.5)


def test_the_old_penalty_is_of_pixels_in_0_to_1():
  """A slope of 3 in the papers' pixels is one of 6 here: 18, not 4.5."""
  wanted = ["x_slopes", "x_fake_slopes"]
  slopes, scored = _slopes(3.0, wanted)
  real, fake = (slopes.of(name, scored) for name in wanted)
  assert float(r1.r1_penalty(real)) == pytest.approx(18.0)
  assert float(r1.r2_penalty(fake)) == pytest.approx(18.0)


def test_slopes_before_and_after_augmentation_are_not_added_up():
  wanted = ["real_slopes", "x_slopes"]
  slopes, scored = _slopes(3.0, wanted)
  assert float(r1.r1(slopes.of("real_slopes", scored))) == pytest.approx(4.5)
  value = r1.r1_penalty(slopes.of("x_slopes", scored))
  assert float(value) == pytest.approx(18.0)
