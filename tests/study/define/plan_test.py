"""From studies to runs: names, slices, duplicates, barriers."""

import dataclasses
import math

from compare_gan.configuration import gin_files
from compare_gan.gans import options
from compare_gan.study.define import outline
from compare_gan.study.define import plan
import gin
import pytest

from tests.study import small


def _runs(study, scores=()):
  return plan.runs(study, dict(scores))


# ---- Configurations ----------------------------------------------------------


def test_a_run_is_base_common_bundles_overrides_settings_and_seed(load):
  study = load("""
study.common = ["options.z_dim = 3", "options.batch_size = 4"]
study.axes = {"batch": {"6": ["options.batch_size = 6"]},
              "lr": {"a": ["ModularGAN.g_lr = 1.0"]}}
study.overrides = [({"batch": "6"}, ["options.z_dim = 9"])]
study.search = [@grid()]
grid.values = {"lr": [0.5]}
""")
  [run], complete = _runs(study)
  assert complete
  assert run.cell == {"batch": "6", "lr": "a"}
  assert run.bindings["options.z_dim"] == "9"
  assert run.bindings["options.batch_size"] == "6"
  assert run.bindings["ModularGAN.g_lr"] == "0.5"
  assert run.bindings["ModularGAN.d_lr"] == "0.5"
  assert run.bindings["run_config.tf_random_seed"] == "1"
  assert run.bindings["dataset.seed"] == "1"
  assert list(run.bindings) == sorted(run.bindings)


def test_the_order_of_images_follows_the_seed_unless_it_is_bound(load):
  def seeds_of_data(study):
    one = [r for r in _runs(study)[0] if r.cell == _runs(study)[0][0].cell]
    return [run.bindings.get("dataset.seed") for run in one]

  study = load("study.seeds = 3")
  assert seeds_of_data(study) == ["1", "2", "3"]
  bound = load("study.seeds = 3\nstudy.common = ['dataset.seed = 547']")
  assert seeds_of_data(bound) == ["547"] * 3
  # As an earlier version had it: other bindings would be other runs.
  assert seeds_of_data(study.with_the_same_images_for_all_seeds()) == [None] * 3


def test_gin_reads_the_file_of_a_run(load, tmp_path):
  base = small.BASE + (
    "import tests.architectures.own_architecture\n"
    "SIZE = 8\n"
    "options.batch_size = %SIZE\n"
    "g/orthogonal_penalty.factor = 0.5\n"
    "evaluate.metrics = [@fid, @kid]\n"
  )
  study = load("", base=base)
  run = _runs(study)[0][-1]
  path = tmp_path / "run.gin"
  path.write_text(plan.config_text(run))
  gin_files.parse([str(path)])
  chosen = options.options()
  assert (chosen.batch_size, chosen.z_dim) == (8, 2)
  assert chosen.architecture == "tests.architectures.own_architecture"
  assert gin.query_parameter("D.layer_norm") is True
  assert gin.query_parameter("g/orthogonal_penalty.factor") == 0.5
  assert "tests.architectures.own_architecture" in plan.config_text(run)


def test_ids_hang_on_what_is_bound_alone(load):
  """Names, comments, order and ways to write a number do not matter."""
  first = _runs(load())[0]
  again = _runs(
    load(base="# The same.\n" + small.BASE.replace("= 2", "=   2"))
  )[0]
  assert [run.id for run in first] == [run.id for run in again]
  renamed = load("", "study.name = 'x'", "study.score = 'fid'")
  assert [run.id for run in _runs(renamed)[0]] == [run.id for run in first]
  other = _runs(load(base=small.BASE.replace("z_dim = 2", "z_dim = 3")))[0]
  assert not {run.id for run in first} & {run.id for run in other}


def test_an_id_stays(load):
  """Folders of runs are found again by the next version."""
  assert _runs(load())[0][0].id == "4e18a55cb01471bd"
  begun_earlier = load().with_the_same_images_for_all_seeds()
  assert _runs(begun_earlier)[0][0].id == "3e485926a7e7ee20"


def test_seeds_begin_at_the_first_one(load):
  study = load("study.seeds = 2\nstudy.first_seed = 3")
  runs, _ = _runs(study)
  assert {run.seed for run in runs} == {3, 4}
  assert plan.count(study)["runs"] == len(runs)
  first_two, _ = _runs(load("study.seeds = 2"))
  assert not {run.id for run in runs} & {run.id for run in first_two}


def test_seeds_are_runs(load):
  runs, _ = _runs(load("study.seeds = 3"))
  assert len({run.id for run in runs}) == len(runs) == 9 * 3
  assert [run.seed for run in runs[:3]] == [1, 2, 3]
  assert runs[0].cell == runs[2].cell


# ---- Slices and duplicates ---------------------------------------------------


def test_no_slices_are_the_product(load):
  assert len(_runs(load())[0]) == 9


def test_slices_are_joined_and_what_they_share_is_made_once(load):
  study = load("study.slices = [{'norm': 'none'}, {'penalty': 'none'}]")
  runs, _ = _runs(study)
  assert len(runs) == 3 + 3 - 1
  counted = plan.count(study)
  assert counted["runs"] == 5 and counted["cells"] == 5
  assert counted["duplicates"] == 1
  assert [s["runs"] for s in counted["slices"]] == [3, 2]
  assert [s["cells"] for s in counted["slices"]] == [3, 3]


def test_one_at_a_time(load):
  study = load("study.slices = 'one_at_a_time'")
  cells = [tuple(run.cell.values()) for run in _runs(study)[0]]
  assert cells == [
    ("none", "none"),
    ("gp", "none"),
    ("l2", "none"),
    ("none", "sn"),
    ("none", "ln"),
  ]


def test_values_that_bind_the_same_are_one(load):
  study = load("""
study.axes = {"norm": {"none": [], "off": ["penalty.fn = @no_penalty"]}}
""")
  assert [run.cell for run in _runs(study)[0]] == [{"norm": "none"}]
  assert plan.count(study)["duplicates"] == 1


_FIXED = """
study.search = [@fixed_sets()]
study.seeds = 5
"""


def test_inert_settings_are_left_out_and_counted(load):
  study = load(_FIXED + "study.slices = [{'norm': 'none'}]")
  counted = plan.count(study)
  assert counted["runs"] == 5 * (12 + 24 + 24)
  assert counted["duplicates"] == 5 * 12
  plain = [run for run in _runs(study)[0] if run.cell["penalty"] == "none"]
  assert len(plain) == 60
  assert not any("lamba" in run.settings for run in plain)


def test_inert_can_be_switched_off(load):
  study = load(_FIXED, "study.inert = {}", "study.slices = [{'norm': 'none'}]")
  assert plan.count(study)["runs"] == 5 * 3 * 24


def test_a_setting_that_two_phases_try_is_made_once(load):
  study = load("""
study.slices = [{"norm": "none", "penalty": "gp"}]
study.search = [@grid(), @listed()]
grid.values = {"lamba": [1, 2]}
listed.settings = [{"lamba": 2}, {"lamba": 3}]
""")
  runs, _ = _runs(study)
  assert [run.settings["lamba"] for run in runs] == [1, 2, 3]
  assert [run.phase for run in runs] == ["grid", "grid", "listed"]
  assert plan.count(study)["phases"] == {"grid": 2, "listed": 1}
  assert plan.count(study)["duplicates"] == 1


def test_where_knows_cells_by_their_bindings(load):
  study = load("""
study.slices = [{"norm": "none", "penalty": ["gp", "l2"]}]
study.search = [@grid()]
grid.values = {"lamba": [1]}
grid.where = {"penalty.fn=@l2_penalty": {"lamba": [0.01]}}
""")
  found = {
    run.cell["penalty"]: run.settings["lamba"] for run in _runs(study)[0]
  }
  assert found == {"gp": 1, "l2": 0.01}


def test_two_scopes_are_two_phases(load):
  study = load("""
study.slices = [{"norm": "none", "penalty": "none"}]
study.search = [@a/grid(), @b/grid()]
a/grid.name = "coarse"
a/grid.values = {"lr": [1.0]}
b/grid.values = {"lr": [2.0]}
""")
  assert [run.phase for run in _runs(study)[0]] == ["coarse", "grid"]


# ---- Rounds ------------------------------------------------------------------

_BANDIT = """
study.slices = [{"norm": "none", "penalty": ["none", "gp"]}]
study.search = [@grid(), @gp_bandit(), @repeat_best()]
study.seeds = 2
grid.values = {"lr": [1e-4, 1e-3]}
gp_bandit.ranges = {"lr": ("log", 1e-5, 1e-2), "lamba": ("log", 0.1, 10.0)}
gp_bandit.rounds = 2
gp_bandit.batch = 3
repeat_best.k = 4
"""


def _score(run):
  return abs(math.log10(run.settings["lr"]) + 3.5) + 0.01 * run.seed


def _finish(study, order):
  """Runs a whole study; `order(waiting)` picks the run that ends next.

  Returns the final list of runs; on the way nothing may change its place.
  """
  scores, listed = {}, []
  while True:
    runs, complete = plan.runs(study, scores)
    kept = {run.id for run in listed}
    assert [run for run in runs if run.id in kept] == listed
    listed = runs
    waiting = [run for run in runs if run.id not in scores]
    if not waiting:
      assert complete
      return runs, scores
    run = order(waiting)
    scores[run.id] = _score(run)


def test_rounds_do_not_hang_on_the_order_of_ends(load):
  study = load(_BANDIT)
  first, _ = _finish(study, lambda waiting: waiting[0])
  last, _ = _finish(study, lambda waiting: waiting[-1])
  assert first == last
  orders = [run.order for run in first]
  assert orders == sorted(set(orders))
  assert {run.phase for run in first} == {"grid", "gp_bandit", "repeat_best"}


def test_a_new_start_goes_on_from_the_scores_alone(load):
  runs, scores = _finish(load(_BANDIT), lambda waiting: waiting[0])
  outline._last.clear()
  assert plan.runs(load(_BANDIT), scores) == (runs, True)
  half = dict(list(scores.items())[: len(scores) // 2])
  fewer, complete = plan.runs(load(_BANDIT), half)
  assert not complete and fewer == [run for run in runs if run in fewer]


def test_a_round_waits_for_its_own_group_only(load):
  study = load(_BANDIT)
  runs, complete = plan.runs(study, {})
  assert not complete and len(runs) == 2 * 2 * 2
  scores = {r.id: _score(r) for r in runs if r.cell["penalty"] == "gp"}
  more, complete = plan.runs(study, scores)
  new = [run for run in more if run not in runs]
  assert not complete
  assert [run.cell["penalty"] for run in new] == ["gp"] * 3
  assert [(run.phase, run.round) for run in new] == [("gp_bandit", 0)] * 3
  held_back = dict(list(scores.items())[1:])
  assert plan.runs(study, held_back)[0] == runs


def test_repeat_best_counts_what_there_is(load):
  runs, scores = _finish(load(_BANDIT), lambda waiting: waiting[0])
  of_group = [run for run in runs if run.cell["penalty"] == "gp"]
  earlier = [run for run in of_group if run.phase != "repeat_best"]
  values = {}
  for run in earlier:
    values.setdefault(str(run.settings), []).append(scores[run.id])
  best = min(values, key=lambda s: sorted(values[s])[len(values[s]) // 2])
  same = [run for run in of_group if str(run.settings) == best]
  assert sorted(run.seed for run in same) == [1, 2, 3, 4]


def test_count_is_an_upper_bound(load):
  study = load(_BANDIT)
  counted = plan.count(study)
  assert counted["phases"] == {"grid": 8, "gp_bandit": 12, "repeat_best": 8}
  runs, _ = _finish(study, lambda waiting: waiting[0])
  assert len(runs) <= counted["runs"] == 28


def test_larger_scores_can_be_better(load):
  def best_lr(study):
    runs, _ = plan.runs(study, {})
    scores = {run.id: run.settings["lr"] for run in runs}
    return [r for r in plan.runs(study, scores)[0] if r.phase == "repeat_best"]

  text = """
study.slices = [{"norm": "none", "penalty": "none"}]
study.search = [@grid(), @repeat_best()]
grid.values = {"lr": [1.0, 2.0, 3.0]}
repeat_best.k = 2
"""
  assert best_lr(load(text))[0].settings == {"lr": 1.0}
  larger = load(text, "study.minimize = False")
  assert best_lr(larger)[0].settings == {"lr": 3.0}


@pytest.mark.parametrize(
  "scores,value",
  [
    ([3.0, 1.0, 2.0], 2.0),
    ([None, 1.0, 2.0], 2.0),
    ([None, math.nan, 2.0], math.inf),
  ],
)
def test_value_is_the_median_and_failures_are_infinite(scores, value):
  ids = {0: ["a", "b", "c"]}
  assert plan._value(ids, dict(zip("abc", scores)), True) == value


def test_value_is_the_mean_over_cells():
  ids = {0: ["a"], 1: ["b"]}
  assert plan._value(ids, {"a": 1.0, "b": 4.0}, True) == 2.5
  assert plan._value(ids, {"a": 1.0, "b": 4.0}, False) == -2.5


def test_cells_of_one_group_get_the_same_settings(load):
  study = load(_BANDIT + "study.groups = ['norm']\nstudy.inert = {}")
  runs, scores = _finish(study, lambda waiting: waiting[0])
  by_cell = {}
  for run in runs:
    of_cell = by_cell.setdefault(run.cell["penalty"], [])
    of_cell.append((run.phase, run.round, run.seed, str(run.settings)))
  assert by_cell["none"] == by_cell["gp"]


def test_a_group_has_inert_settings_only_if_all_its_cells_have(load):
  study = load(_FIXED + "study.slices = [{'norm': 'none'}]\nstudy.groups = []")
  assert all("lamba" in run.settings for run in _runs(study)[0])


# ---- In words ----------------------------------------------------------------


def test_describe_says_how_many(load):
  text = plan.describe(load(_BANDIT))
  for part in (
    "Study mine: 28 runs at most, 2 cells",
    "gp_bandit: 12 runs, 1 seed per setting, follows from scores",
    "norm=none penalty=none|gp: 2 cells, 28 runs",
    "Duplicates left out: 0",
  ):
    assert part in text


def test_more_seeds_keep_all_runs_and_move_no_place_forward(load):
  study = load("""
study.search = [@grid()]
grid.values = {"lamba": [1.0, 2.0]}
study.seeds = 2
""")
  places = {run.id: run.order for run in _runs(study)[0]}
  more = {
    run.id: run.order for run in _runs(dataclasses.replace(study, seeds=3))[0]
  }
  assert len(more) == len(places) * 3 // 2
  assert all(more[id_] >= place for id_, place in places.items())
