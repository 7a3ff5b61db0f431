"""`run_config.trackers`: made ones, makers, and dotted paths."""

from compare_gan.estimator import run_config
from compare_gan.trackers import abstract_tracker
from compare_gan.trackers import choice
import pytest


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
