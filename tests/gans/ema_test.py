"""Decays of the moving average, and what it copies."""

from compare_gan.gans import ema
from compare_gan.gans import power_ema
from compare_gan.gans import schedules
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.gans import tiny

pytestmark = pytest.mark.versions("tf.function and tf.GradientTape make a step")


def test_a_half_life_of_20000_images():
  decay = ema.HalfLife(20000, batch_size=64)
  assert float(decay(0)) == pytest.approx(0.9977844)


def test_a_ramp_up_shortens_the_first_averages():
  """n = 64000 images, of which 5 % are less than the half-life."""
  decay = ema.HalfLife(500000, ramp_up=0.05, batch_size=64)
  assert float(decay(1000)) == pytest.approx(0.9862327)
  assert float(decay(0)) == 0.0  # a copy


def test_a_long_half_life_is_not_rounded():
  """ln 2 / 156250; in float32, 1 - decay is wrong by 1 % there."""
  decay = ema.HalfLife(10000000, batch_size=64)
  assert float(decay.gain(0)) == pytest.approx(4.436132e-6, rel=1e-5)


def test_a_half_life_may_be_a_schedule():
  half_life = schedules.linear_schedule(0.0, 128.0, over=2)
  decay = ema.HalfLife(half_life, batch_size=64)
  # 0; 64 images, which are one step; 128.
  found = [float(decay(step)) for step in (0, 1, 2)]
  np.testing.assert_allclose(found, [0.0, 0.5, 0.5**0.5], rtol=1e-6)


_HALF_LIFE = """
options.batch_size = 2
ModularGAN.g_use_ema = True
ModularGAN.ema_start_step = 0
ModularGAN.ema_decay = @ema_half_life()
ema_half_life.half_life = 2
ema_half_life.ramp_up = 1.0
"""


def _values_after_steps(gan, steps):
  step, seen = tf.function(gan.train_step), []
  for _ in range(steps):
    step(tiny.batches(1))
    seen.append(tiny.values(gan))
  return seen


def test_gin_chooses_a_half_life():
  gin.parse_config(_HALF_LIFE)
  copied, moved = _values_after_steps(tiny.gan(), 2)
  name = "generator/out/kernel"
  shadow = f"{name}{ema.SUFFIX}"
  np.testing.assert_array_equal(copied[shadow], copied[name])
  expected = 0.5 * copied[shadow] + 0.5 * moved[name]  # H = min(2, n) = 2
  np.testing.assert_allclose(moved[shadow], expected, rtol=1e-5)


def test_what_is_not_trained_is_the_originals():
  gin.parse_config(_HALF_LIFE + "G.batch_norm_fn = @batch_norm")
  gan = tiny.gan()
  average, own = gan.averaged_generator, gan.generator
  state = [v for v in own.variables if not v.trainable]
  assert state and {id(v) for v in state} <= {id(v) for v in average.variables}


def test_averages_of_two_widths_are_tracked_beside_it():
  gin.parse_config(
    _HALF_LIFE + "post_hoc_ema.sigma_rel = [0.1, 0.2]\nModularGAN.g_lr = 0.1"
  )
  gan = tiny.gan()
  first, second = _values_after_steps(gan, 2)
  name = "generator/out/kernel"
  for width in (0.1, 0.2):
    average = f"{name}{power_ema.suffix_of(width)}"
    np.testing.assert_allclose(first[average], first[name], rtol=1e-6)
    beta = 0.5 ** (power_ema.exponent(width) + 1.0)
    expected = beta * first[name] + (1.0 - beta) * second[name]
    np.testing.assert_allclose(second[average], expected, rtol=1e-5)


def test_no_average_is_tracked_unless_gin_asks_for_it():
  gin.parse_config(_HALF_LIFE)
  assert not [n for n in tiny.values(tiny.gan()) if power_ema.SUFFIX in n]


def test_an_average_stays_where_the_weights_do():
  gin.parse_config(_HALF_LIFE + "post_hoc_ema.sigma_rel = [0.1]")
  gan = tiny.gan()
  before = tiny.values(gan)
  for w in gan.weights_of("g"):
    w.assign(w + 1.0)
  gan.averages.move(tf.constant(5), stays=tf.constant(True))
  after = tiny.values(gan)
  for name in before:
    if "Average" in name:
      np.testing.assert_array_equal(after[name], before[name])


@pytest.mark.parametrize(
  "make, message",
  [
    (lambda: ema.HalfLife(-1, batch_size=1), "half_life = -1; it must be 0 or"),
    (lambda: ema.HalfLife(1, 0, batch_size=1), "ramp_up = 0; it must be above"),
    (lambda: ema.HalfLife("long", batch_size=1), "ema_half_life.half_life = "),
    (lambda: ema.HalfLife(1), "in a step is None. Bind options.batch_size"),
    (lambda: ema.Averages("0.9", 0), "ModularGAN.ema_decay = '0.9'; it must"),
    (lambda: ema.Averages(ema.HalfLife, 0), "ema_decay|counts images"),
  ],
)
def test_what_cannot_work_is_refused_at_once(make, message):
  with pytest.raises(ValueError, match=message):
    make()
