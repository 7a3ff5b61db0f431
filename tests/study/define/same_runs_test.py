"""How the file of a study that was begun may change."""

from compare_gan.study.define import same_runs
import pytest


@pytest.mark.parametrize(
  "begun,text",
  [
    ("study.seeds = 2", "study.seeds = 3"),
    ("", "study.seeds = 3"),
    ("N = 2\nstudy.seeds = %N", "N = 3\nstudy.seeds = %N"),
    ("study.timeout_s = 60", "study.timeout_s = 90.5"),
    ("study.timeout_s = 60", ""),
    ("study.memory_mb = 60", "study.memory_mb = None"),
    ("study.retries = 0", ""),
    ("study.score = 'a'  # one", "# two\nstudy.score = 'a'"),
  ],
)
def test_a_study_that_was_begun_may_be_extended(begun, text):
  same_runs.require("out", begun, text)


@pytest.mark.parametrize(
  "begun,text,difference",
  [
    ("study.seeds = 3", "study.seeds = 2", "study.seeds is 3 in its study.gin"),
    ("", "study.timeout_s = 60", "study.timeout_s is not set .* and 60 here"),
    ("study.timeout_s = 90", "study.timeout_s = 60", "study.timeout_s is 90"),
    ("study.seeds = 3", "study.seeds = @f()", "and @f.. here"),
    ("grid.seeds = None", "", "grid.seeds is None .* and not set here"),
    ("grid.seeds = 3", "grid.seeds = 4", "grid.seeds is 3"),
    ("study.eval_runs = 1", "study.eval_runs = 2", "study.eval_runs is 1"),
    ("include 'a.gin'", "", "include is .* in its study.gin and not set here"),
    (
      "study.axes = {'a': {'x': [], 'y': []}}",
      "study.axes = {'a': {'x': [], 'y': ['b.c = 1']}}",
      r"study.axes\['a'\]\['y'\] is \[\] in its .* and \['b.c = 1'\] here",
    ),
  ],
)
def test_what_would_change_runs_is_named(begun, text, difference):
  with pytest.raises(ValueError, match=f"out holds another.*{difference}"):
    same_runs.require("out", begun, text)
