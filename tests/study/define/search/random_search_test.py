"""Random settings: counts, distribution, reproducibility."""

from compare_gan.study.define import search
import pytest

from tests.study.define.search import groups

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


def test_random_search_follows_from_the_seed_and_the_name():
  phase = search.RandomSearch(100, groups.RANGES)
  settings = groups.settings(phase)
  assert len(settings) == 100
  assert settings == groups.settings(search.RandomSearch(100, groups.RANGES))
  assert settings != groups.settings(phase, seed=124)
  assert settings != groups.settings(
    search.RandomSearch(100, groups.RANGES, name="other")
  )
  assert all(1e-5 <= s["lr"] <= 1e-2 for s in settings)
  # Uniform in the logarithm: as many below the middle as above.
  below = sum(s["lr"] < 10**-3.5 for s in settings)
  assert 35 < below < 65


def test_random_draws_are_the_same_in_all_groups():
  phase = search.RandomSearch(5, groups.RANGES)
  with_lamba, without = (
    groups.settings(phase),
    groups.settings(phase, groups.NO_LAMBA),
  )
  assert [s["lr"] for s in with_lamba] == [s["lr"] for s in without]
  assert "lamba" not in without[0]


def test_the_default_comes_first_and_counts():
  first = {"lr": 3.0, "lamba": 10}
  settings = groups.settings(
    search.RandomSearch(100, groups.RANGES, first=first)
  )
  assert settings[0] == first and len(settings) == 100


def test_first_settings_of_random_search_stay():
  """What a study has run must be found again by the next version."""
  settings = groups.settings(search.RandomSearch(2, groups.RANGES))
  assert settings == [
    {"lamba": 0.6295, "lr": 0.000418816},
    {"lamba": 2.54973, "lr": 0.000233969},
  ]
