"""What a tracker does.

A tracker of your own is a class that overrides what it keeps:

  run_config.trackers = [@MyTracker, "my_package.my_tracker.MyOtherTracker"]

Its constructor says what is missing, before the first step. Whatever fails
after `open` is caught, see board.py: it never ends a training.
"""

from collections.abc import Mapping
from collections.abc import Sequence
import importlib.util
from typing import Any
from typing import NamedTuple
from typing import Optional

import numpy as np

# How a run ends.
FINISHED = "finished"
STOPPED = "stopped"  # A signal asked for it; it may go on later.
FAILED = "failed"


class Run(NamedTuple):
  """The run that a tracker is opened for."""

  model_dir: str
  key: Optional[str]  # what `open` returned the last time; None at first
  is_training: bool = True  # False for the evaluation of a training


class Tracker:
  """Does nothing; override what you keep."""

  @property
  def name(self) -> str:
    """Says where runs go. A model_dir keeps the key of its run by this name."""
    return f"{type(self).__module__}.{type(self).__qualname__}"

  def open(self, run: Run) -> Optional[str]:
    """Begins a run, or goes on with the one that has `run.key`.

    Returns:
      A key by which the run is found when the training resumes, or None.
    """
    del run
    return None

  def params(self, params: Mapping[str, str]) -> None:
    """Takes {name: value as text}, once after each start of a training."""

  def scalars(self, step: int, scalars: Mapping[str, float]) -> None:
    """Takes {name: number} of a step."""

  def image(self, step: int, name: str, image: np.ndarray) -> None:
    """Takes a picture, uint8 [height, width, colors]."""

  def text(self, step: int, name: str, text: str) -> None:
    """Takes Markdown."""

  def table(
    self, step: int, name: str, rows: Sequence[Mapping[str, Any]]
  ) -> None:
    """Takes rows, {column: text or number} each, all with the same columns."""

  def flush(self) -> None:
    """Called when all of a step has been given."""

  def close(self, state: str) -> None:
    """Ends the run, or this part of it: FINISHED, STOPPED or FAILED."""


def require_package(package: str, tracker: str, extra: str) -> None:
  """Raises an ImportError that says what to install if a package is missing."""
  if importlib.util.find_spec(package) is None:
    raise ImportError(
      f"run_config.trackers names @{tracker}, but the package {package} is not "
      f"installed. Run `pip install 'compare_gan[{extra}]'`, or `pip install "
      f"{extra_package(extra)}`; or take @{tracker} out of run_config.trackers."
    )


def extra_package(extra: str) -> str:
  """Returns the package on PyPI that an extra of setup.py stands for."""
  return {"mlflow": "mlflow-skinny"}.get(extra, extra)
