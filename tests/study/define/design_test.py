"""What a study's report will be able to find."""

from compare_gan.study.define import definition
from compare_gan.study.define import design
from compare_gan.study.define import plan
import pytest

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


def _study(**changes):
  axes = {"term": {"none": [], "r1": [], "gp": []}, "loss": {"a": [], "b": []}}
  return definition.Study(base="none.gin", axes=axes, **changes)


def _runs(rates=3, seeds=2):
  return [
    plan.Run("", {"term": t, "loss": x}, {"lr": lr}, seed, "grid", 0, 0, {})
    for t in ("none", "r1", "gp")
    for x in "ab"
    for lr in range(rates)
    for seed in range(seeds)
  ]


def test_settings_and_tests_are_counted():
  lines = design.describe(_study(), _runs())
  assert "term: 3 comparisons, 6 settings x 2 seeds: power" in lines[0]
  assert "loss: 1 comparison, 9 settings x 2 seeds: power" in lines[1]
  assert "after Holm over 4 tests" in lines[2]


def test_a_baseline_leaves_fewer_tests():
  lines = design.describe(_study(baselines={"term": "none"}), _runs())
  assert "term: 2 comparisons with none, 6 settings" in lines[0]
  assert "after Holm over 3 tests" in lines[2]


def test_too_few_settings_have_no_test():
  lines = design.describe(_study(baselines={"loss": "a"}), _runs(rates=1))
  assert lines == [
    "  term: 3 comparisons, 2 settings x 2 seeds: no test",
    "  loss: 1 comparison with a, 3 settings x 2 seeds: no test",
  ]


def test_runs_that_follow_from_scores_are_not_known():
  assert design.describe(_study(), []) == []
