"""Settings and their costs, on tables written by hand."""

import math

from compare_gan.study.report.statistics import settings as settings_lib
import pytest

from tests.study.examples import row
from tests.study.examples import table

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


def test_value_of_a_setting_is_the_median_over_its_seeds():
  rows = [
    row(score, {"norm": "sn"}, {"lr": 1}, s)
    for s, score in enumerate([3.0, 9.0, 4.0])
  ]
  rows.append(row(7.0, {"norm": "sn"}, {"lr": 2}))
  first, second = settings_lib.ended_settings(table(rows))
  assert (first.value, first.n, first.n_ok) == (4.0, 3, 3)
  assert (second.value, second.settings) == (7.0, {"lr": 2})


def test_failures_and_collapses_cost_infinity():
  rows = [
    row(3.0, seed=0),
    row(None, seed=1),
    row(1.0, seed=2, status="collapsed"),
    row(float("nan"), seed=3),
  ]
  [setting] = settings_lib.ended_settings(table(rows))
  assert setting.costs == (3.0, math.inf, math.inf, math.inf)
  assert (setting.value, setting.n_ok, setting.n) == (math.inf, 1, 4)


def test_fresh_seeds_are_those_of_repeat_best():
  rows = [
    row(1.0, settings={"lr": 1}, seed=0),
    row(3.0, settings={"lr": 1}, seed=1, phase="repeat_best"),
    row(2.0, settings={"lr": 2}, seed=0, phase="repeat_best"),
  ]
  first, second = settings_lib.ended_settings(table(rows))
  assert first.fresh == (3.0,)
  assert second.fresh == ()  # Nothing else was there to choose it.


def test_what_has_not_ended_or_was_refused_does_not_count():
  rows = [
    row(3.0),
    row(None, seed=1, status="running"),
    row(None, seed=2, status="waiting"),
    row(None, seed=3, status="refused"),
  ]
  [setting] = settings_lib.ended_settings(table(rows))
  assert setting.costs == (3.0,)


def test_where_more_is_better_costs_are_negative():
  [setting] = settings_lib.ended_settings(table([row(8.0)], minimize=False))
  assert setting.value == -8.0


def test_setting_belongs_to_its_first_phase():
  rows = [
    row(2.0, seed=1, phase="repeat_best", order=9),
    row(1.0, seed=0, phase="fixed_sets", order=1),
  ]
  [setting] = settings_lib.ended_settings(table(rows))
  assert (setting.phase, setting.n) == ("fixed_sets", 2)
