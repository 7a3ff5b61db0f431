"""Each signal, on rows that were written by hand."""

import math

from compare_gan.watchdogs import probe
from compare_gan.watchdogs import signal
from compare_gan.watchdogs import signals
from compare_gan.watchdogs import states
from compare_gan.watchdogs.signals import diversity
from compare_gan.watchdogs.signals import explosion
from compare_gan.watchdogs.signals import not_finite
from compare_gan.watchdogs.signals import saturation
from compare_gan.watchdogs.signals import sleep
from compare_gan.watchdogs.signals import starvation
import numpy as np
import pytest

_WEIGHTS = {"d": ("d/w",), "g": ("g/w",)}
_LOOK = probe.Look(0, {}, {"d/w": 4.0, "g/w": 9.0}, {"d/w": 2.0}, _WEIGHTS)
_SCORES = probe.Scores(
  real=np.array([3.0, 4.0]),
  fake=np.array([0.0, 3.0]),
  d_loss=1.0,
  flat_loss=1.4,
  d_pull=0.5,
  g_pull=1.0,
  slope=2.0,
  distance=4.0,
)


def _judge(one, rows, patience=2, grace=1, look=_LOOK):
  return one.judge(signal.Curve(rows, patience, grace), look)


def _rows(n=3, **numbers):
  return [{"step": i, **numbers} for i in range(n)]


def test_there_is_one_class_a_file():
  assert len(signals.built_in()) == len(signals.names()) == 6
  assert {one.name for one in signal.make([])} == set(signals.names())


# ---- NaN and Inf -------------------------------------------------------------


def test_a_nan_in_any_variable_is_found_at_once_and_named():
  look = _LOOK._replace(squares={"g/w/g_opt_1": math.nan, "d/w": 1.0})
  one = not_finite.NotFinite()
  found = _judge(one, [{"step": 7, **one.numbers(look)}], look=look)
  assert found.state == "diverged" and "g/w/g_opt_1" in found.reason


def test_a_loss_that_float16_may_skip_is_not_counted():
  scalars = {"loss/g": math.inf, "loss_scale/g": 2.0}
  assert not_finite.bad_losses(scalars) == []
  assert not_finite.bad_losses({"loss/g": math.inf}) == ["loss/g"]


# ---- Explosion ---------------------------------------------------------------


def test_norms_and_singular_values_are_those_of_a_side():
  found = explosion.Explosion().numbers(_LOOK._replace(scores=_SCORES))
  assert found["weights_d"] == 2.0 and found["weights_g"] == 3.0
  assert found["sigma_d"] == 2.0 and "sigma_g" not in found
  assert found["scores"] == pytest.approx(math.sqrt(34 / 4))


def test_weights_that_grow_within_the_window_explode():
  rows = [{"step": 0, "birth": 1, "weights_g": 1.0}, {"weights_g": 11.0}]
  found = _judge(explosion.Explosion(), rows)
  assert found.state == "diverged" and "11 times" in found.reason


def test_weights_that_grow_as_much_over_a_long_time_do_not():
  rows = [{"step": i, "weights_g": 1.3**i} for i in range(20)]
  assert _judge(explosion.Explosion(window=5), rows) is None
  assert _judge(explosion.Explosion(window=10), rows) is not None


def test_gradients_explode_relative_to_all_before():
  calm = _rows(5, gradient_d=2.0)
  assert _judge(explosion.Explosion(), [*calm, *_rows(2, gradient_d=3e3)])
  assert not _judge(explosion.Explosion(), [*calm, *_rows(1, gradient_d=3e3)])


# ---- Sleep -------------------------------------------------------------------


def test_chance_to_tell_counts_ties_half():
  assert sleep.chance_to_tell(_SCORES.real, _SCORES.fake) == 3.5 / 4


@pytest.mark.parametrize(
  "numbers,state",
  [
    ({"scores_deviation": 1e-4, "tells": 0.5}, "asleep"),
    ({"scores_deviation": 0.1, "tells": 0.5}, None),  # has converged
    ({"scores_deviation": 1e-4, "tells": 0.9}, None),  # has clipped weights
    ({"scores_deviation": 0.1, "tells": 0.05}, "asleep"),  # left behind
  ],
)
def test_constant_scores_are_asleep(numbers, state):
  found = _judge(sleep.Sleep(), _rows(**numbers))
  assert (found and found.state) == state


def test_constant_scores_at_the_beginning_are_not():
  rows = _rows(scores_deviation=1e-4, tells=0.5)
  assert _judge(sleep.Sleep(), rows, grace=3) is None


def test_a_single_look_cannot_tell_whether_weights_move():
  rows = [sleep.Sleep().numbers(_LOOK)]
  assert _judge(sleep.Sleep(), rows, patience=1) is None


def test_weights_that_do_not_move_are_asleep():
  one = sleep.Sleep()
  moved = _LOOK._replace(squares={"d/w": 4.0, "g/w": 9.001})
  still = [one.numbers(_LOOK), one.numbers(_LOOK)]
  assert "D's weights" in _judge(one, still).reason
  moving = [one.numbers(_LOOK), one.numbers(moved)]
  assert "D's weights" in _judge(one, moving).reason
  moved = moved._replace(squares={"d/w": 4.001, "g/w": 9.0})
  assert "G's weights" in _judge(one, [still[0], one.numbers(moved)]).reason


# ---- Starvation and saturation -----------------------------------------------


def test_starvation_counts_updates_times_rates():
  scalars = {"learning_rate/d": 4e-4, "learning_rate/g": 1e-4}
  look = _LOOK._replace(scalars=scalars, iterations=(5, 1))
  one = starvation.Starvation()
  assert one.numbers(look)["d_to_g"] == pytest.approx(20.0)
  look = look._replace(scalars={**scalars, "learning_rate/g": 1e-5})
  numbers = {**one.numbers(look), "tells": 1.0, "d_pull": 0.01}
  found = _judge(one, _rows(**numbers), look=look)
  assert found.state == "D winning" and "5 x 0.0004 for D" in found.reason


@pytest.mark.parametrize(
  "numbers,words",
  [
    ({"d_pull": 0.001, "g_pull": 2.0}, "nothing left to learn"),
    ({"d_pull": 0.1, "g_pull": 0.001}, "flat where D is sure"),
    ({"d_pull": 0.1, "g_pull": 1.0, "reach": 0.001}, "flat at the fakes"),
    ({"d_pull": 0.1, "g_pull": 1.0, "reach": 0.1}, None),
    ({"d_pull": 0.001, "tells": 0.99}, None),
  ],
)
def test_saturation(numbers, words):
  found = _judge(saturation.Saturation(), _rows(**{"tells": 1.0, **numbers}))
  assert (found is None) == (words is None)
  if found:
    assert found.state == "D winning" and words in found.reason


def test_reach_is_the_part_of_the_gap_that_the_slope_crosses():
  look = _LOOK._replace(scores=_SCORES)
  numbers = saturation.Saturation().numbers(look)
  assert numbers["gap"] == 2.0
  assert numbers["reach"] == 2.0 * 4.0 / 2.0


# ---- Diversity ---------------------------------------------------------------


def test_equal_groups_are_as_many_kinds():
  groups = np.repeat(10.0 * np.eye(4), 16, axis=0)
  spread, kinds = diversity.measures(groups)
  # Two of 64 are of different groups in 48 of 63 cases; |d|^2 is then 200.
  assert spread == pytest.approx(200 * 48 / 63)
  assert kinds == pytest.approx(4.0, rel=0.01)
  assert diversity.measures(np.full([8, 2], 3.0)) == (0.0, 1.0)


def _spreads(*spreads):
  """Returns the rows of looks whose fakes have these spreads."""
  return [
    row
    for spread in spreads
    for row in _rows(1, spread=spread, kinds=9.0, real_kinds=60.0)
  ]


def test_a_spread_that_falls_is_a_collapse():
  fell = _spreads(0.1, 0.5, 0.01, 0.01)
  found = _judge(diversity.Diversity(), fell, grace=9)
  assert found.state == "collapsed" and "fell from 0.5" in found.reason
  assert _judge(diversity.Diversity(), _spreads(0.01, 0.01, 0.01)) is None


def test_the_noise_of_first_weights_may_fade():
  fading = _spreads(0.9, 0.95, 0.3, 0.05, 0.01, 0.01)
  assert _judge(diversity.Diversity(), fading) is None
  # What G learns after that counts.
  back = _spreads(0.9, 0.3, 0.05, 0.4, 0.01, 0.01)
  assert "fell from 0.4" in _judge(diversity.Diversity(), back).reason


def test_one_image_is_a_collapse_unless_it_is_the_beginning():
  rows = _rows(3, spread=1e-5, kinds=9.0, real_kinds=60.0)
  assert _judge(diversity.Diversity(), rows).state == "collapsed"
  assert _judge(diversity.Diversity(), rows, grace=3) is None


# ---- States ------------------------------------------------------------------


def test_a_cause_names_the_state_before_what_follows_from_it():
  found = [
    states.Finding("diversity", states.COLLAPSED, 4, "", ""),
    states.Finding("sleep", states.ASLEEP, 2, "", ""),
  ]
  assert states.most_telling(found).state == "asleep"
  assert states.name_of(states.most_telling([])) == "healthy"
