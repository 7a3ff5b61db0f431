"""Gradient penalties of a discriminator with one slope."""

from compare_gan.gans.terms import gradient_penalty
import pytest
import tensorflow as tf

from tests.gans.terms import linear

pytestmark = pytest.mark.versions("tf.GradientTape differentiates twice")


def _value(fn, slope, **options):
  return float(
    fn(
      linear.discriminator(slope),
      linear.IMAGES,
      linear.FAKES,
      None,
      None,
      linear.uniform,
      **options,
    )
  )


@pytest.mark.parametrize(
  "fn,of_3,of_half",
  [
    (gradient_penalty.gradient_penalty, 4.0, 0.25),
    (gradient_penalty.lipschitz_penalty, 4.0, 0.0),
    (gradient_penalty.zero_centered_penalty, 9.0, 0.25),
    (gradient_penalty.max_gradient_penalty, 9.0, 0.25),
  ],
)
@pytest.mark.parametrize("at", ["interpolated", "real", "fake", "perturbed"])
def test_slopes_of_3_and_of_a_half(fn, of_3, of_half, at):
  assert _value(fn, 3.0, at=at) == pytest.approx(of_3, rel=1e-5)
  assert _value(fn, 0.5, at=at) == pytest.approx(of_half, rel=1e-5, abs=1e-6)


def test_unknown_points_are_refused():
  with pytest.raises(ValueError, match="gradient_penalty.at = 'near'"):
    _value(gradient_penalty.gradient_penalty, 1.0, at="near")


def test_noise_is_as_wide_as_the_pixels():
  """Of 0 and 1 the unbiased deviation is sqrt(1/2): 0 + 1 * 0.35355 * 1."""
  x = tf.constant([[[[0.0], [1.0]]]])
  ones = tf.ones_like(x)
  found = gradient_penalty.perturbed(x, ones, ones)
  assert float(found[0, 0, 0, 0]) == pytest.approx(0.5 * 0.5**0.5)


def test_the_largest_of_one_replica_is_its_own():
  assert float(gradient_penalty.largest(tf.constant([1.0, 3.0, 2.0]))) == 3.0
