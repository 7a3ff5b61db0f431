"""The trackers of `run_config.trackers`."""

from collections.abc import Sequence
from typing import Any
from typing import Callable
from typing import Union

from compare_gan.configuration import dotted_path
from compare_gan.trackers import abstract_tracker

Named = Union[abstract_tracker.Tracker, Callable[[], abstract_tracker.Tracker]]
_PARAMETER = "run_config.trackers"
_EXAMPLE = "[@mlflow_tracker(), 'my_package.my_tracker.MyTracker']"


def check(named: Any) -> None:
  """Refuses what is not a list of trackers, or of what makes them.

  Raises:
    ValueError: an item is neither a tracker, nor a callable or the path of one.
  """
  _makers(named)


def make(named: Any) -> list[abstract_tracker.Tracker]:
  """Returns the trackers that `run_config.trackers` names.

  Raises:
    ValueError: an item is no tracker and makes none.
    ImportError: the package of a tracker is not installed.
  """
  made = [maker() for maker in _makers(named)]
  for one in made:
    if not isinstance(one, abstract_tracker.Tracker):
      raise ValueError(
        f"{_PARAMETER} names {one!r}. It must be a "
        f"{abstract_tracker.__name__}.Tracker, or a class or function that "
        "makes one."
      )
  return made


def _makers(named):
  """Returns a callable for each item; @mlflow_tracker() is made already."""
  if not isinstance(named, Sequence) or isinstance(named, str):
    return dotted_path.callables(_PARAMETER, named, _EXAMPLE)  # Raises.
  return [
    (lambda made=item: made)
    if isinstance(item, abstract_tracker.Tracker)
    else dotted_path.callables(_PARAMETER, [item], _EXAMPLE)[0]
    for item in named
  ]
