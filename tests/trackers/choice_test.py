"""`run_config.trackers`: made ones, makers, and dotted paths."""

from compare_gan.checks import check
from compare_gan.estimator import run_config
from compare_gan.trackers import abstract_tracker
from compare_gan.trackers import choice
import pytest

from tests.trackers import given


def test_trackers_makers_and_paths():
  made = abstract_tracker.Tracker()
  path = "compare_gan.trackers.board.Board"
  found = choice.make([made, abstract_tracker.Tracker, path])
  assert found[0] is made
  assert [type(one).__name__ for one in found] == [
    "Tracker",
    "Tracker",
    "Board",
  ]


@pytest.mark.parametrize("named", ["mlflow", [3], ["no_such.Tracker"], None])
def test_other_things_are_refused_with_an_example(named):
  with pytest.raises(ValueError, match=r"run_config.trackers .*mlflow_tracker"):
    run_config.RunConfig(trackers=named)


def test_a_maker_of_something_else_is_refused():
  with pytest.raises(ValueError, match="run_config.trackers names {}"):
    choice.make([dict])


@pytest.mark.parametrize("name", ["@mlflow_tracker", "@mlflow_tracker()"])
def test_a_tracker_may_be_named_with_brackets_and_without(name, monkeypatch):
  given.stand_in(monkeypatch, "mlflow")
  lines = [f"run_config.trackers = [{name}]", "mlflow_tracker.uri = 'file:a'"]
  found = check.find([], lines)
  assert not [one for one in found if "tracker" in one.name]
