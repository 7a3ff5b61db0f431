"""Trackers that fail end no training, and runs are found again."""

import json
import warnings

from compare_gan.trackers import abstract_tracker
from compare_gan.trackers import board as board_lib
import pytest

from tests.trackers import given


class Kept(abstract_tracker.Tracker):
  """Keeps the names of its calls; fails while `broken`."""

  def __init__(self, name="kept", broken=False, clock=None, slow=0.0):
    self._name, self.broken = name, broken
    self.calls, self._clock, self._slow = [], clock, slow

  @property
  def name(self):
    return self._name

  def open(self, run):
    if self.broken:
      raise RuntimeError("no server")
    self.calls.append(("open", run.key))
    return f"key of {self._name}"

  def scalars(self, step, scalars):
    self.calls.append(("scalars", step))
    if self._clock:
      self._clock.now += self._slow
    if self.broken:
      raise RuntimeError("connection lost")

  def close(self, state):
    self.calls.append(("close", state))


class Clock:
  now = 0.0

  def __call__(self):
    return self.now


def test_a_run_is_found_again_by_the_tracker_that_had_it(tmp_path):
  folder = str(tmp_path / "a")
  board_lib.open_board([Kept("one"), Kept("two")], folder)
  two, new = Kept("two"), Kept("new")
  board_lib.open_board([two, new], folder)
  assert two.calls == [("open", "key of two")]
  assert new.calls == [("open", None)]
  keys = json.loads((tmp_path / "a" / "trackers.json").read_text())
  assert sorted(keys) == ["new", "one", "two"]


def test_a_failure_is_said_once_and_others_go_on(tmp_path):
  clock, well = Clock(), Kept("well")
  lost = Kept("lost", clock=clock, slow=2.0)
  board = board_lib.Board([lost, well], clock)
  board.open(given.run(tmp_path))
  lost.broken = True
  with pytest.warns(
    UserWarning, match="lost failed: .*connection lost"
  ) as said:
    board.scalars(1, {})  # It ends at 2 s, and rests until 40 s.
    clock.now = 39.0
    board.scalars(2, {})
    clock.now = 41.0
    board.scalars(3, {})
  assert len(said) == 1
  assert [step for _, step in lost.calls[1:]] == [1, 3]
  assert [step for _, step in well.calls[1:]] == [1, 2, 3]


def test_a_new_run_that_cannot_begin_is_an_error(tmp_path):
  with pytest.raises(OSError, match="run_config.trackers: kept .*no server"):
    board_lib.open_board([Kept(broken=True)], str(tmp_path))


def test_a_known_run_that_cannot_go_on_is_a_warning(tmp_path):
  board_lib.open_board([Kept()], str(tmp_path))
  broken = Kept(broken=True)
  with pytest.warns(UserWarning, match="no server.*is not tracked"):
    board = board_lib.open_board([broken], str(tmp_path))
  board.scalars(1, {})
  assert not broken.calls


@pytest.mark.parametrize(
  "error,state",
  [
    (None, abstract_tracker.FINISHED),
    (KeyboardInterrupt, abstract_tracker.STOPPED),
    (FloatingPointError, abstract_tracker.FAILED),
  ],
)
def test_trackers_learn_how_a_run_ended(error, state):
  kept = Kept()
  try:
    with board_lib.closing(board_lib.Board([kept]), KeyboardInterrupt):
      if error:
        raise error
  except (KeyboardInterrupt, FloatingPointError) as raised:
    assert type(raised) is error
  assert kept.calls == [("close", state)]


def test_a_failing_close_is_no_error():
  kept = Kept()
  kept.close = lambda state: 1 / 0
  with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    with board_lib.closing(board_lib.Board([kept])):
      pass
  assert len(said) == 1
