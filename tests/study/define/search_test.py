"""Which settings are tried: counts, ranges, reproducibility, the bandit."""

import math

from compare_gan.study.define import search
import numpy as np
import pytest

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")

_ALL = search.Group("all", lambda line: False, frozenset())
_NO_LAMBA = search.Group("none", lambda line: False, frozenset(["lamba"]))
_L2 = search.Group("l2", lambda line: line == "penalty.fn = @l2", frozenset())


def _settings(phase, group=_ALL, trials=(), round_=0, seed=123):
  return phase.settings(search.History(group, list(trials)), round_, seed)


def test_fixed_sets_of_the_literature():
  settings = _settings(search.FixedSets())
  assert len(settings) == 3 * 2 * 4
  assert settings[0] == {
    "lr": 2e-4,
    "lamba": 1,
    "beta1": 0.5,
    "beta2": 0.9,
    "disc_iters": 5,
  }


def test_inert_settings_leave_half_of_the_fixed_sets():
  settings = _settings(search.FixedSets(), _NO_LAMBA)
  assert len(settings) == search.FixedSets().size(_NO_LAMBA) == 12
  assert not any("lamba" in setting for setting in settings)


def test_where_changes_values_for_groups_that_have_the_binding():
  phase = search.FixedSets(where={"penalty.fn = @l2": {"lamba": [0.01]}})
  assert {s["lamba"] for s in _settings(phase, _L2)} == {0.01}
  assert {s["lamba"] for s in _settings(phase)} == {1, 10}


def test_adam_is_a_triple():
  with pytest.raises(ValueError, match=r"holds \(0.5, 0.9\)"):
    search.FixedSets(adam=[(0.5, 0.9)])


def test_fixed_sets_where_knows_its_names():
  with pytest.raises(ValueError, match="'lambda'.*@grid"):
    search.FixedSets(where={"x": {"lambda": [1]}})


def test_grid_is_a_product_whose_last_name_changes_fastest():
  settings = _settings(search.Grid({"lr": [1, 2], "lamba": [3, 4]}))
  assert settings[:2] == [{"lr": 1, "lamba": 3}, {"lr": 1, "lamba": 4}]
  assert len(settings) == 4


def test_listed_where_replaces_the_list():
  phase = search.Listed([{"lr": 1}], {"penalty.fn = @l2": [{"lr": 2}]})
  assert _settings(phase) == [{"lr": 1}]
  assert _settings(phase, _L2) == [{"lr": 2}]
  assert phase.names() == ["lr"]


@pytest.mark.parametrize(
  "given,u,value",
  [
    (("log", 1e-5, 1e-1), 0.5, 1e-3),
    (("linear", 2.0, 4.0), 0.25, 2.5),
    (("discrete", [1, 3, 5]), 0.99, 5),
    (("discrete", [1, 3, 5]), 0.34, 3),
  ],
)
def test_ranges(given, u, value):
  range_ = search._range("x", given)
  assert range_.at(u) == pytest.approx(value)
  assert range_.at(range_.place(range_.at(u))) == range_.at(u)


def test_the_end_of_a_linear_range_is_not_in_it():
  assert search._range("beta1", ("linear", 0.0, 1.0)).at(1.0 - 1e-12) < 1.0


def test_values_outside_have_no_place():
  assert search._range("x", ("log", 1e-3, 1.0)).place(2.0) is None
  assert search._range("x", ("discrete", [1, 2])).place(3) is None


@pytest.mark.parametrize(
  "given",
  [("log", 0.0, 1.0), ("linear", 1.0, 1.0), ("cubic", 0.0, 1.0), ("log",), 3],
)
def test_ranges_that_are_none(given):
  with pytest.raises(ValueError, match="range of lr.*would do"):
    search.RandomSearch(n=3, ranges={"lr": given})


_RANGES = {"lr": ("log", 1e-5, 1e-2), "lamba": ("log", 1e-1, 1e2)}


def test_random_search_follows_from_the_seed_and_the_name():
  phase = search.RandomSearch(100, _RANGES)
  settings = _settings(phase)
  assert len(settings) == 100
  assert settings == _settings(search.RandomSearch(100, _RANGES))
  assert settings != _settings(phase, seed=124)
  assert settings != _settings(search.RandomSearch(100, _RANGES, name="other"))
  assert all(1e-5 <= s["lr"] <= 1e-2 for s in settings)
  # Uniform in the logarithm: as many below the middle as above.
  below = sum(s["lr"] < 10**-3.5 for s in settings)
  assert 35 < below < 65


def test_random_draws_are_the_same_in_all_groups():
  phase = search.RandomSearch(5, _RANGES)
  with_lamba, without = _settings(phase), _settings(phase, _NO_LAMBA)
  assert [s["lr"] for s in with_lamba] == [s["lr"] for s in without]
  assert "lamba" not in without[0]


def test_the_default_comes_first_and_counts():
  first = {"lr": 3.0, "lamba": 10}
  settings = _settings(search.RandomSearch(100, _RANGES, first=first))
  assert settings[0] == first and len(settings) == 100


def test_first_settings_of_random_search_stay():
  """What a study has run must be found again by the next version."""
  settings = _settings(search.RandomSearch(2, _RANGES))
  assert settings == [
    {"lamba": 0.6295, "lr": 0.000418816},
    {"lamba": 2.54973, "lr": 0.000233969},
  ]


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
    for setting in _settings(phase, trials=trials, round_=round_, seed=seed):
      trials.append((setting, _bowl(setting)))
  assert len(trials) == rounds * batch
  return min(value for _, value in trials)


def test_bandit_finds_the_optimum_better_than_chance():
  bandit = [_best_of_bandit(seed) for seed in range(8)]
  chance = [
    min(map(_bowl, _settings(search.RandomSearch(20, _BOWL), seed=seed)))
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
  first = _settings(phase, trials=trials, round_=1)
  assert first == _settings(phase, trials=trials, round_=1)
  assert first != _settings(phase, trials=trials, round_=1, seed=5)


def test_bandit_of_another_group_starts_elsewhere():
  phase = search.GpBandit(_BOWL)
  assert _settings(phase) != _settings(phase, _L2)


def test_a_batch_has_different_settings():
  batch = _settings(search.GpBandit(_BOWL, 3, 10), trials=_some_trials())
  assert len({tuple(s.values()) for s in batch}) == 10


def test_failed_runs_count_as_the_worst():
  x, y = search._points(
    [("x", search.Range("linear", 0.0, 1.0))],
    [({"x": 0.1}, 3.0), ({"x": 0.2}, math.inf), ({"x": 0.3}, 5.0)],
  )
  assert y.tolist() == [3.0, 5.0, 5.0]
  assert x.ravel().tolist() == [0.1, 0.2, 0.3]


def test_bandit_keeps_away_from_where_all_failed():
  """Everything on the left fails, a little on the right works."""
  trials = [({"x": u / 20, "y": 1e-3}, math.inf) for u in range(10)]
  trials += [({"x": u / 20, "y": 1e-3}, 20 - u) for u in range(10, 20)]
  batch = _settings(search.GpBandit(_BOWL, 3, 6, kappa=0.5), trials=trials)
  assert np.mean([s["x"] for s in batch]) > 0.6


def test_bandit_without_any_score_spreads_out():
  trials = [({"x": 0.5, "y": 1e-3}, math.inf)] * 3
  batch = _settings(search.GpBandit(_BOWL, 3, 5), trials=trials)
  assert sorted(int(5 * s["x"]) for s in batch) == [0, 1, 2, 3, 4]


def test_bandit_minds_ranks_not_sizes():
  trials = _some_trials()
  phase = search.GpBandit(_BOWL, 3, 3)
  stretched = [(setting, math.exp(30 * value)) for setting, value in trials]
  assert _settings(phase, trials=trials) == _settings(phase, trials=stretched)


def test_bandit_leaves_inert_settings_out():
  phase = search.GpBandit(_RANGES)
  assert set(_settings(phase, _NO_LAMBA)[0]) == {"lr"}
  only = search.GpBandit({"lamba": ("log", 1e-1, 1e2)})
  with pytest.raises(ValueError, match="nothing to search in none"):
    _settings(only, _NO_LAMBA)


def test_bandit_uses_discrete_values():
  ranges = {"disc_iters": ("discrete", [1, 2, 5])}
  trials = [({"disc_iters": k}, float(k)) for k in (1, 2, 5)]
  batch = _settings(search.GpBandit(ranges, 2, 4), trials=trials, round_=1)
  assert {s["disc_iters"] for s in batch} <= {1, 2, 5}


def test_bandit_ends():
  assert _settings(search.GpBandit(_BOWL, 2, 3), round_=2) is None
  assert search.GpBandit(_BOWL, 12, 10).size(_ALL) == 120


def test_likelihood_is_that_of_a_normal():
  """Two points far apart are independent, of variance 1 + noise."""
  x, y = np.array([[0.0], [1e6]]), np.array([1.0, -2.0])
  expected = -0.5 * 5.0 / 1.5 - math.log(1.5) - math.log(2.0 * math.pi)
  assert search._log_likelihood(x, y, 1.0, 0.5) == pytest.approx(expected)


def test_posterior_passes_through_what_is_known():
  x, y = np.array([[0.2], [0.8]]), np.array([1.0, -1.0])
  at = np.array([[0.2], [0.5], [100.0]])
  mean, deviation = search._posterior(x, y, at, 0.4, 1e-9)
  np.testing.assert_allclose(mean, [1.0, 0.0, 0.0], atol=1e-6)
  np.testing.assert_allclose(deviation[[0, 2]], [0.0, 1.0], atol=1e-3)


def test_repeat_best_repeats_the_best():
  phase = search.RepeatBest(k=7)
  trials = [({"lr": 1}, 5.0), ({"lr": 2}, 3.0), ({"lr": 3}, math.inf)]
  assert _settings(phase, trials=trials) == [{"lr": 2}]
  assert phase.seeds == 7
  assert _settings(phase, trials=[({"lr": 1}, math.inf)]) is None


@pytest.mark.parametrize(
  "make",
  [
    lambda: search.RandomSearch(0, _RANGES),
    lambda: search.GpBandit(_BOWL, rounds=0),
    lambda: search.GpBandit(_BOWL, batch=2.5),
    lambda: search.RepeatBest(k=0),
    lambda: search.Grid({"lr": [1]}, seeds=0),
  ],
)
def test_counts_are_ints_of_one_or_more(make):
  with pytest.raises(ValueError, match="an int of 1 or more would do"):
    make()
