"""Steps that fit into a time, by hand."""

from compare_gan.fit import schedule
from compare_gan.fit.stopwatch import Measured
import pytest

# A step takes 2 s, whatever the first two took.
MEASURED = Measured(
  peak_bytes=10**9,
  steps=(30.0, 9.0, 2.0, 2.5, 3.0),
  cpu=(30.0, 9.0, 2.0, 2.5, 3.0),
  start_s=40.0,
  checkpoint_s=5.0,
  image_s=0.1,
)


def test_a_time_holds_the_start_steps_and_checkpoints():
  plan = schedule.plan(3600.0, MEASURED, 10**6, save_every=100)
  # 40 + 2 (n - 1) + 5 ceil(n / 100) <= 3600
  assert plan.steps == 1736
  assert plan.steps_s == 2 * 1735
  assert plan.checkpoints_s == 5 * 18
  assert plan.evaluations_s == 0


def test_a_card_has_no_more_steps_than_it_says():
  plan = schedule.plan(3600.0, MEASURED, 10, save_every=100)
  assert plan.steps == 10
  assert plan.full_s == 40 + 2 * 9 + 5


def test_a_time_may_be_too_short_for_one_step():
  assert schedule.plan(44.0, MEASURED, 10, save_every=100).steps == 0
  assert schedule.plan(45.0, MEASURED, 10, save_every=100).steps == 1


def test_evaluations_sample_at_step_0_at_multiples_and_at_the_end():
  evaluations = schedule.Evaluations(every_steps=40, runs=3)
  plan = schedule.plan(10**6, MEASURED, 100, 20, evaluations, images=50)
  # Steps 0, 40, 80, 100, each 3 times 50 images.
  assert plan.evaluations_s == pytest.approx(4 * 3 * 50 * 0.1)


def test_in_words():
  plan = schedule.plan(60.0, MEASURED, 100, save_every=100)
  assert plan.steps == 8
  assert schedule.in_words(plan) == (
    "In 0:01:00 fit 8 of the card's 100 steps (8%), with 0:00:40 to start, "
    "0:00:05 for checkpoints. All of them take 0:04:03."
  )
