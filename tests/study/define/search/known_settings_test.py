"""Settings that a study file lists."""

from compare_gan.study.define import search
import pytest

from tests.study.define.search import groups


def test_fixed_sets_of_the_literature():
  settings = groups.settings(search.FixedSets())
  assert len(settings) == 3 * 2 * 4
  assert settings[0] == {
    "lr": 2e-4,
    "lamba": 1,
    "beta1": 0.5,
    "beta2": 0.9,
    "disc_iters": 5,
  }


def test_inert_settings_leave_half_of_the_fixed_sets():
  settings = groups.settings(search.FixedSets(), groups.NO_LAMBA)
  assert len(settings) == search.FixedSets().size(groups.NO_LAMBA) == 12
  assert not any("lamba" in setting for setting in settings)


def test_where_changes_values_for_groups_that_have_the_binding():
  phase = search.FixedSets(where={"penalty.fn = @l2": {"lamba": [0.01]}})
  assert {s["lamba"] for s in groups.settings(phase, groups.L2)} == {0.01}
  assert {s["lamba"] for s in groups.settings(phase)} == {1, 10}


def test_adam_is_a_triple():
  with pytest.raises(ValueError, match=r"holds \(0.5, 0.9\)"):
    search.FixedSets(adam=[(0.5, 0.9)])


def test_fixed_sets_where_knows_its_names():
  with pytest.raises(ValueError, match="'lambda'.*@grid"):
    search.FixedSets(where={"x": {"lambda": [1]}})


def test_grid_is_a_product_whose_last_name_changes_fastest():
  settings = groups.settings(search.Grid({"lr": [1, 2], "lamba": [3, 4]}))
  assert settings[:2] == [{"lr": 1, "lamba": 3}, {"lr": 1, "lamba": 4}]
  assert len(settings) == 4


def test_listed_where_replaces_the_list():
  phase = search.Listed([{"lr": 1}], {"penalty.fn = @l2": [{"lr": 2}]})
  assert groups.settings(phase) == [{"lr": 1}]
  assert groups.settings(phase, groups.L2) == [{"lr": 2}]
  assert phase.names() == ["lr"]
