"""What decides a study is known, and refused, before anything is trained."""

import dataclasses

from compare_gan.study.define import plan
from compare_gan.study.define import scores
from compare_gan.study.run import table
import pytest

from tests.study import small

_FEATURES = "evaluate.features = @random_filters\n"
_OWN = """
from compare_gan.metrics import contract
import gin


@gin.configurable(denylist=["fake_features"])
@contract.declare(contract.Score("spread", "higher", low=0.0))
def own_spread(fake_features):
  return {"spread": float(fake_features.std())}


@gin.configurable(denylist=["fake_features"])
def own_silent(fake_features):
  return {"silent": 1.0}
"""


@pytest.fixture
def load_scored(load, tmp_path, monkeypatch):
  """Returns `load` of a study on @random_filters, with metrics of one's own."""
  (tmp_path / "metrics_of_ones_own.py").write_text(_OWN)
  monkeypatch.syspath_prepend(str(tmp_path))
  base = (
    f"import metrics_of_ones_own\n{small.BASE}{_FEATURES}"
    "evaluate.metrics = [@fid, @precision_recall, @own_spread, @own_silent]\n"
  )
  return lambda text, *bindings: load(text, *bindings, base=base)


@pytest.mark.parametrize(
  "score,minimize",
  [
    ("fid_random_filters", True),
    ("recall_random_filters", False),
    ("spread_random_filters", False),
  ],
)
def test_the_metric_says_which_way(load_scored, score, minimize):
  study = load_scored(f"study.score = {score!r}")
  assert study.minimize is None
  assert plan.with_declared_direction(study).minimize is minimize


@pytest.mark.parametrize(
  "score", ["fid", "fid_classifier", "kid_random_filters", "fd_random_filters"]
)
def test_a_score_that_no_metric_returns_is_refused(load_scored, score):
  with pytest.raises(ValueError) as refused:
    plan.with_declared_direction(load_scored(f"study.score = {score!r}"))
  assert (
    f"study.score = {score!r} is not a score that evaluate.metrics return with "
    "these evaluate.features. There are fid_random_filters, "
    "precision_random_filters, recall_random_filters, spread_random_filters."
  ) in str(refused.value)
  assert "own_silent declares no scores" in str(refused.value)
  assert "(cell penalty=none norm=none)" in str(refused.value)


def test_a_score_that_one_cell_lacks_is_refused(load_scored):
  study = load_scored(
    "study.score = 'fid_random_filters'",
    "study.overrides = [({'norm': 'sn'}, ['evaluate.metrics = [@kid]'])]",
  )
  with pytest.raises(ValueError, match="There are kid_random_.*norm=sn"):
    plan.with_declared_direction(study)


def test_flags_of_the_trainings_count(load_scored):
  flags = ["--run_config=cpu", "--myevalinception", "i.tgz"]
  study = load_scored("study.score = 'fid'", f"study.flags = {flags}")
  assert plan.with_declared_direction(study).minimize is True
  assert scores.lines_of_flags(
    ["-gin_bindings=a.b = 1", "--myevalinception=x", "--gin_config=c.gin"]
  ) == [
    "include 'c.gin'",
    "inception.path = 'x'",
    "evaluate.features = @inception",
    "a.b = 1",
  ]
  assert scores.lines_of_flags(
    ["--tfds_data_dir=data", "--data_fake_dataset", "--run_config=cpu"]
  ) == ["dataset.tfds_data_dir = 'data'", "dataset.fake = True"]
  assert scores.lines_of_flags(["--data_fake_dataset=false"]) == []


def test_a_direction_that_the_file_gives_counts_and_is_noted(
  load_scored, capsys
):
  lines = "study.score = 'fid_random_filters'", "study.minimize = False"
  assert plan.with_declared_direction(load_scored(*lines)).minimize is False
  assert "its metric declares 'lower'" in capsys.readouterr().out
  study = load_scored(lines[0], "study.minimize = True")
  assert plan.with_declared_direction(study).minimize is True
  assert capsys.readouterr().out == ""


def test_a_metric_without_declaration_needs_the_files_direction(load_scored):
  line = "study.score = 'silent_random_filters'"
  with pytest.raises(ValueError, match="own_silent declares no scores"):
    plan.with_declared_direction(load_scored(line))
  study = plan.with_declared_direction(
    load_scored(line, "study.minimize = False")
  )
  assert study.minimize is False


def test_cells_must_agree_which_way(load_scored, tmp_path):
  own = (tmp_path / "metrics_of_ones_own.py").read_text()
  again = own.replace("own_", "other_").replace('"higher"', '"lower"')
  (tmp_path / "metrics_of_another.py").write_text(again)
  other = ["import metrics_of_another", "evaluate.metrics = [@other_spread]"]
  study = load_scored(
    "study.score = 'spread_random_filters'",
    f"study.overrides = [({{'norm': 'sn'}}, {other})]",
  )
  with pytest.raises(ValueError, match="is better higher in .*, but lower in"):
    plan.with_declared_direction(study)
  assert (
    plan.with_declared_direction(
      dataclasses.replace(study, minimize=True)
    ).minimize
    is True
  )


def test_searches_go_by_the_direction_of_the_metric(load_scored):
  text = """
study.slices = [{"norm": "none", "penalty": "none"}]
study.search = [@grid(), @repeat_best()]
grid.values = {"lr": [1.0, 2.0, 3.0]}
repeat_best.k = 2
study.score = "spread_random_filters"
"""
  study = plan.with_declared_direction(load_scored(text))
  runs, _ = plan.runs(study, {})
  found = {run.id: run.settings["lr"] for run in runs}
  again = [r for r in plan.runs(study, found)[0] if r.phase == "repeat_best"]
  assert again[0].settings == {"lr": 3.0}
  assert "highest spread_random_filters wins" in plan.describe(study)


def test_the_metrics_of_the_package_are_known_without_a_plan():
  assert table.is_minimized({"score": "fid_classifier"})
  assert not table.is_minimized({"score": "recall_x", "minimize": None})
  assert table.is_minimized({"score": "recall_x", "minimize": True})
