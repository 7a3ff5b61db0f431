"""All chosen trackers of a run as one, which cannot end the run.

  trackers.json    in a model_dir: {tracker's name: key of its run}

A tracker that cannot begin a new run is an error, before the first step. From
then on a failure, such as a full disk or a lost connection, is a warning, once.
After each failure the tracker is left alone for a while: a server that answers
nobody would otherwise stop the training each time until the tracker gives up.
"""

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
import contextlib
import json
import os
import time
from typing import Any
from typing import Optional
import warnings

from compare_gan.console import messages
from compare_gan.storage import files
from compare_gan.trackers import abstract_tracker
from compare_gan.trackers import tensorboard
from compare_gan.trackers.abstract_tracker import Tracker
import numpy as np

_KEYS = "trackers.json"
_EVAL = "eval"  # as TensorFlow's Estimator called it
# Failures take 1 / (1 + this) of a training's time, at most.
_REST = 19.0


class Board(Tracker):
  """Hands on to all trackers what it gets.

  Args:
    trackers: what `choice.make` returns.
    clock: returns seconds.
  """

  def __init__(
    self,
    trackers: Sequence[Tracker] = (),
    clock: Callable[[], float] = time.monotonic,
  ) -> None:
    self._trackers = list(trackers)
    self._clock = clock
    self._warned: set[int] = set()
    self._rests_until: dict[int, float] = {}

  def open(self, run: abstract_tracker.Run) -> Optional[str]:
    """Opens all trackers, each with the key that the model_dir has of it."""
    keys = _read_keys(run.model_dir)
    opened = []
    for tracker in self._trackers:
      known = keys.get(tracker.name)
      if self._open_one(tracker, run._replace(key=known), keys):
        opened.append(tracker)
    self._trackers = opened
    return None

  def _open_one(self, tracker, run, keys):
    """Opens a tracker and writes its key; returns whether it is open."""
    try:
      key = tracker.open(run)
    except Exception as error:  # noqa: BLE001, each package has its own
      if run.key is None:
        raise OSError(
          f"run_config.trackers: {tracker.name} cannot begin a run: "
          f"{_in_words(error)}"
        ) from error
      self._warn(tracker, error, "this start of the training is not tracked")
      return False
    if key is not None and key != run.key:
      keys[tracker.name] = key
      files.make_folder(run.model_dir)
      files.write_text(
        os.path.join(run.model_dir, _KEYS), json.dumps(keys, indent=1) + "\n"
      )
    return True

  def params(self, params: Mapping[str, str]) -> None:
    self._each(lambda tracker: tracker.params(params))

  def scalars(self, step: int, scalars: Mapping[str, float]) -> None:
    self._each(lambda tracker: tracker.scalars(step, scalars))

  def image(self, step: int, name: str, image: np.ndarray) -> None:
    self._each(lambda tracker: tracker.image(step, name, image))

  def text(self, step: int, name: str, text: str) -> None:
    self._each(lambda tracker: tracker.text(step, name, text))

  def table(
    self, step: int, name: str, rows: Sequence[Mapping[str, Any]]
  ) -> None:
    self._each(lambda tracker: tracker.table(step, name, rows))

  def flush(self) -> None:
    self._each(lambda tracker: tracker.flush())

  def close(self, state: str) -> None:
    self._rests_until.clear()  # A run that ended must not look as if it ran.
    self._each(lambda tracker: tracker.close(state))

  def _each(self, call):
    for tracker in self._trackers:
      began = self._clock()
      if began < self._rests_until.get(id(tracker), began):
        continue
      try:
        call(tracker)
      except Exception as error:  # noqa: BLE001, no reason to end a training
        now = self._clock()
        self._rests_until[id(tracker)] = now + _REST * (now - began)
        self._warn(
          tracker, error, "what it is given until it works again is lost"
        )

  def _warn(self, tracker, error, loss):
    if id(tracker) in self._warned:
      return
    self._warned.add(id(tracker))
    warnings.warn(
      f"{tracker.name} failed: {_in_words(error)} The run goes on, and {loss}. "
      "scalars.csv, scores.csv and TensorBoard's files have everything.",
      stacklevel=2,
    )


def open_board(
  trackers: Sequence[Tracker], model_dir: str, is_training: bool = True
) -> Board:
  """Returns a board of trackers, all of them open."""
  board = Board(trackers)
  board.open(abstract_tracker.Run(model_dir, None, is_training))
  return board


@contextlib.contextmanager
def closing(board: Board, *stops: type[BaseException]) -> Iterator[None]:
  """Closes a board with the state in which the context ends.

  Args:
    board: is open.
    stops: what is raised if the run was asked to stop.
  """
  state = abstract_tracker.FAILED
  try:
    yield
    state = abstract_tracker.FINISHED
  except stops:
    state = abstract_tracker.STOPPED
    raise
  finally:
    board.close(state)


@contextlib.contextmanager
def of_evaluation(
  trackers: Sequence[Tracker], model_dir: str
) -> Iterator[Board]:
  """Opens trackers, and TensorBoard in eval/, for the scores of a training."""
  in_eval = tensorboard.TensorBoard(os.path.join(model_dir, _EVAL))
  board = open_board([in_eval, *trackers], model_dir, is_training=False)
  with closing(board, KeyboardInterrupt):
    yield board


def _read_keys(model_dir):
  text = files.read_text_if_any(os.path.join(model_dir, _KEYS))
  return {} if text is None else json.loads(text)


def _in_words(error):
  return f"{messages.with_kind(error).rstrip('.')}."
