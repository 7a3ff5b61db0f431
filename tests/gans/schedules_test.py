"""Schedules of our own, with sums done by hand."""

from compare_gan.gans import schedules
import gin
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("tf.function traces a schedule")


def _values(schedule, *steps):
  return [float(schedule(step)) for step in steps]


def test_a_number_is_a_constant_schedule():
  assert schedules.value_at(0.25, 7).numpy() == 0.25
  assert schedules.value_at(lambda step: 2 * step, 7).dtype == tf.float32


def test_a_cosine_is_at_the_mean_in_its_middle():
  """R3GAN's gamma, 0.05 -> 0.005."""
  cosine = schedules.cosine_schedule(0.05, 0.005, total=20000)
  np.testing.assert_allclose(
    _values(cosine, 0, 10000, 20000, 40000), [0.05, 0.0275, 0.005, 0.005]
  )


def test_a_cosine_may_rise_and_hold_before_it_falls():
  cosine = schedules.cosine_schedule(
    4.0, 0.0, total=14, warmup=4, warmup_from=2.0, hold=2
  )
  values = _values(cosine, 0, 2, 4, 6, 10, 14)
  np.testing.assert_allclose(values, [2, 3, 4, 4, 2, 0], atol=1e-6)


def test_a_line_has_two_ends():
  line = schedules.linear_schedule(1.0, 3.0, over=10, begin=5)
  assert _values(line, 0, 5, 10, 15, 99) == [1.0, 1.0, 2.0, 3.0, 3.0]


def test_points_hold_until_the_next_one_or_are_joined():
  points = [(0, 1.0), (10, 3.0), (20, 0.0)]
  steps = schedules.piecewise_schedule(points)
  assert _values(steps, 0, 9, 10, 19, 20, 99) == [1, 1, 3, 3, 0, 0]
  joined = schedules.piecewise_schedule(points, interpolate=True)
  assert _values(joined, 0, 5, 10, 15, 20, 99) == [1, 2, 3, 1.5, 0, 0]


def test_a_warm_up_is_laid_over_another_schedule():
  line = schedules.linear_schedule(4.0, 0.0, over=8)
  warm = schedules.warmup_schedule(line, over=4)
  # 0 of 4, half of 3, all of 2.
  assert _values(warm, 0, 2, 4, 8) == [0.0, 1.5, 2.0, 0.0]


def test_images_are_steps_times_the_batch_size_that_gin_knows():
  gin.parse_config("options.batch_size = 32")
  line = schedules.linear_schedule(0.0, 1.0, over=64, unit="images")
  assert _values(line, 0, 1, 2) == [0.0, 0.5, 1.0]
  own = schedules.linear_schedule(0, 1, over=64, unit="images", batch_size=16)
  assert _values(own, 1) == [0.25]


@gin.configurable(module="schedules_test")
def _receive(rate=None, other=None):
  return rate, other


def test_scopes_keep_two_schedules_apart():
  gin.parse_config("""
    options.batch_size = %batch
    batch = 10
    schedules_test._receive.rate = @a/linear_schedule()
    schedules_test._receive.other = @b/linear_schedule()
    linear_schedule.first = 1.0
    linear_schedule.over = 20
    linear_schedule.unit = "images"
    a/linear_schedule.last = 0.0
    b/linear_schedule.last = 2.0
  """)
  rate, other = _receive()
  assert _values(rate, 1) + _values(other, 1) == [0.5, 1.5]


def test_a_schedule_can_be_traced():
  cosine = schedules.cosine_schedule(1.0, 0.0, total=10, warmup=2)
  traced = tf.function(cosine)
  assert traced(tf.constant(1, tf.int64)).numpy() == 0.5


def test_top_k_falls_once_an_epoch():
  found = [int(schedules.top_k(epoch, 64)) for epoch in range(6)]
  assert found == [64, 63, 62, 62, 61, 60]
  assert int(schedules.top_k(tf.constant(10**6), 64)) == 32
  assert int(schedules.top_k(5, 64, gamma=1)) == 64


@pytest.mark.parametrize(
  "make, message",
  [
    (
      lambda: schedules.cosine_schedule(1, 0, total=5, warmup=3, hold=2),
      "cosine_schedule.total = 5; it must be above warmup . hold = 5",
    ),
    (
      lambda: schedules.cosine_schedule(1, 0, total=5, warmup=-1),
      "cosine_schedule.warmup = -1; it must be 0 or more",
    ),
    (
      lambda: schedules.linear_schedule(1, 0, over=0),
      "linear_schedule.over = 0; it must be above 0",
    ),
    (
      lambda: schedules.linear_schedule(1, 0, over=1, unit="kimg"),
      "linear_schedule.unit = 'kimg'; it must be 'steps' or 'images'",
    ),
    (
      lambda: schedules.linear_schedule(1, 0, over=1, unit="images"),
      "in a step is None. Bind options.batch_size or linear_schedule.batch_siz",
    ),
    (
      lambda: schedules.piecewise_schedule([(1, 1.0)]),
      "piecewise_schedule.points = .* the first n is 0",
    ),
    (
      lambda: schedules.piecewise_schedule([(0, 1.0), (0, 2.0)]),
      "each n is above the one before",
    ),
    (
      lambda: schedules.warmup_schedule("fast", over=1),
      "warmup_schedule.schedule = 'fast'; it must be a number or a schedule",
    ),
    (
      lambda: schedules.warmup_schedule(lambda step: lambda step: 1, over=1),
      r"must be called in the gin file, with \(\)",
    ),
    (
      lambda: schedules.top_k(0, 8, nu=0),
      r"top_k: nu = 0; it must be in \(0, 1\]",
    ),
  ],
)
def test_what_cannot_work_is_refused_at_once(make, message):
  with pytest.raises(ValueError, match=message):
    make()
