"""The bandit: where it searches, reproducibly."""

import math

from compare_gan.study.define import search
from compare_gan.study.define.search import gp_bandit
from compare_gan.study.define.search import ranges
import numpy as np
import pytest

from tests.study.define.search import groups

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


def _bowl(setting):
  """The smallest value, 0, is at x = 0.3, y = 10^-3.2."""
  return (setting["x"] - 0.3) ** 2 + (
    0.25 * (math.log10(setting["y"]) + 3.2)
  ) ** 2


_BOWL = {"x": ("linear", 0.0, 1.0), "y": ("log", 1e-5, 1e-1)}


def _best_of_bandit(seed, rounds=5, batch=4):
  phase = search.GpBandit(_BOWL, rounds, batch)
  trials = []
  for round_ in range(rounds):
    for setting in groups.settings(
      phase, trials=trials, round_=round_, seed=seed
    ):
      trials.append((setting, _bowl(setting)))
  assert len(trials) == rounds * batch
  return min(value for _, value in trials)


def test_bandit_finds_the_optimum_better_than_chance():
  bandit = [_best_of_bandit(seed) for seed in range(8)]
  chance = [
    min(map(_bowl, groups.settings(search.RandomSearch(20, _BOWL), seed=seed)))
    for seed in range(8)
  ]
  assert np.median(bandit) < 0.2 * np.median(chance)
  assert max(bandit) < np.median(chance)


def _some_trials(n=12):
  random = np.random.RandomState(0)
  settings = [
    {"x": float(random.uniform()), "y": float(10 ** random.uniform(-5, -1))}
    for _ in range(n)
  ]
  return [(setting, _bowl(setting)) for setting in settings]


def test_bandit_is_reproducible():
  phase = search.GpBandit(_BOWL, rounds=3, batch=3)
  trials = _some_trials()
  first = groups.settings(phase, trials=trials, round_=1)
  assert first == groups.settings(phase, trials=trials, round_=1)
  assert first != groups.settings(phase, trials=trials, round_=1, seed=5)


def test_bandit_of_another_group_starts_elsewhere():
  phase = search.GpBandit(_BOWL)
  assert groups.settings(phase) != groups.settings(phase, groups.L2)


def test_a_batch_has_different_settings():
  batch = groups.settings(search.GpBandit(_BOWL, 3, 10), trials=_some_trials())
  assert len({tuple(s.values()) for s in batch}) == 10


def test_failed_runs_count_as_the_worst():
  x, y = gp_bandit._points(
    [("x", ranges.Linear(0.0, 1.0))],
    [({"x": 0.1}, 3.0), ({"x": 0.2}, math.inf), ({"x": 0.3}, 5.0)],
  )
  assert y.tolist() == [3.0, 5.0, 5.0]
  assert x.ravel().tolist() == [0.1, 0.2, 0.3]


def test_bandit_keeps_away_from_where_all_failed():
  """Everything on the left fails, a little on the right works."""
  trials = [({"x": u / 20, "y": 1e-3}, math.inf) for u in range(10)]
  trials += [({"x": u / 20, "y": 1e-3}, 20 - u) for u in range(10, 20)]
  batch = groups.settings(
    search.GpBandit(_BOWL, 3, 6, kappa=0.5), trials=trials
  )
  assert np.mean([s["x"] for s in batch]) > 0.6


def test_bandit_without_any_score_spreads_out():
  trials = [({"x": 0.5, "y": 1e-3}, math.inf)] * 3
  batch = groups.settings(search.GpBandit(_BOWL, 3, 5), trials=trials)
  assert sorted(int(5 * s["x"]) for s in batch) == [0, 1, 2, 3, 4]


def test_bandit_minds_ranks_not_sizes():
  trials = _some_trials()
  phase = search.GpBandit(_BOWL, 3, 3)
  stretched = [(setting, math.exp(30 * value)) for setting, value in trials]
  assert groups.settings(phase, trials=trials) == groups.settings(
    phase, trials=stretched
  )


def test_bandit_leaves_inert_settings_out():
  phase = search.GpBandit(groups.RANGES)
  assert set(groups.settings(phase, groups.NO_LAMBA)[0]) == {"lr"}
  only = search.GpBandit({"lamba": ("log", 1e-1, 1e2)})
  with pytest.raises(ValueError, match="nothing to search in none"):
    groups.settings(only, groups.NO_LAMBA)


def test_bandit_uses_discrete_values():
  ranges = {"disc_iters": ("discrete", [1, 2, 5])}
  trials = [({"disc_iters": k}, float(k)) for k in (1, 2, 5)]
  batch = groups.settings(
    search.GpBandit(ranges, 2, 4), trials=trials, round_=1
  )
  assert {s["disc_iters"] for s in batch} <= {1, 2, 5}


def test_bandit_ends():
  assert groups.settings(search.GpBandit(_BOWL, 2, 3), round_=2) is None
  assert search.GpBandit(_BOWL, 12, 10).size(groups.ALL) == 120
