"""Runs a study: the runs that have ended determine which come next.

  plan -> runs that have not ended -> executor -> journal -> plan -> ...

All of its state is in the study's folder, so it can be killed at any moment: a
run that has a start but no end is started again, and its training continues
from its last checkpoint.
"""

from collections.abc import Callable
from collections.abc import Iterable
import contextlib
import os
import signal
import time
from typing import Any
from typing import Optional

from compare_gan.storage import files
from compare_gan.study.run import journal
from compare_gan.study.run import ledger
from compare_gan.study.run import process
from compare_gan.study.run import room as room_lib
from compare_gan.study.run import shards
from compare_gan.study.run import signals
from compare_gan.study.run import table

_LOOK_S = 0.5  # between two looks at the executor
_LOOK_AT_OTHERS_S = 2.0  # between two looks at the journals of other shards
_MAX_KILLS = 10  # of one run, from outside


class Stopped(Exception):
  """A signal has ended the conductor; `number` is the signal's number."""

  def __init__(self, number: int, message: str) -> None:
    super().__init__(message)
    self.number = number


class Conductor:
  """Runs a study, or one shard of it.

  Args:
    study: a definition.Study.
    plan: the module; `runs`, `count`, `impossible_cells` and `config_text` are
      used.
    folder: the study's folder; the conductor continues from its content.
    executor: see executors/__init__.py.
    text: the text of the study file.
    shard: the part of the study to run; None for all.
    progress: a progress.Progress, or None.
    command: `command(study, run, folder)` -> the command that trains a run.
    room: the memory for runs; None limits runs by the executor's jobs alone.
  """

  def __init__(
    self,
    study: Any,
    plan: Any,
    folder: str,
    executor: Any,
    text: str = "",
    shard: Optional[shards.Shard] = None,
    progress: Optional[Any] = None,
    command: Callable[[Any, Any, str], Iterable[str]] = process.trainer_command,
    room: Optional[room_lib.Room] = None,
  ) -> None:
    self._study = study
    self._plan = plan
    self._folder = os.path.abspath(folder)
    self._executor = executor
    self._text = text
    self._shard = shard
    self._progress = progress
    self._command = command
    self._room = room
    self._has_described_room = room is None
    self._signals = signals.Signals()
    self._ledger: ledger.Ledger
    self._at_work: dict[str, float] = {}  # {run id: when it was submitted}

  def run(self) -> None:
    """Runs all runs that have not ended, and returns when they have.

    Raises Stopped after a signal, once all runs have ended in good order. A
    second signal ends this process, and with it the runs, at once.
    """
    try:
      files.make_folder(self._folder)
      with journal.conducting(self._folder, self._shard):
        self._ledger = ledger.Ledger(
          self._study, self._plan, self._folder, self._text, self._shard
        )
        with contextlib.closing(self._ledger):
          self._refuse_impossible_runs()
          with self._signals.listening():
            self._loop()
    finally:
      self._executor.cancel()
      self._executor.close()
      if self._progress:
        self._progress.close()

  def _loop(self):
    is_cancelled = False
    while True:
      if self._ledger.has_new_scores():
        self._ledger.list_runs()
        self._refuse_impossible_runs()
        continue  # Other runs may follow from those that were refused.
      waiting = self._waiting_runs()
      if self._signals.noted is None:
        if self._begin(waiting):
          continue  # Runs that could not begin have ended; others may follow.
      elif not is_cancelled:
        self._executor.cancel()
        is_cancelled = True
      self._show()
      if not self._at_work:
        if self._signals.noted is not None:
          raise self._stopped(self._signals.noted)
        if self._ledger.is_complete and not waiting:
          return
      for run_id, outcome in self._wait():
        self._end(run_id, outcome)
      self._look_at_other_shards()

  def _refuse_impossible_runs(self):
    for run_id, reason in self._ledger.impossible_runs():
      self._end(run_id, process.Outcome("refused", reason))

  def _waiting_runs(self):
    return [
      run
      for run in self._ledger.own_runs()
      if run.id not in self._ledger.scores and run.id not in self._at_work
    ]

  def _begin(self, waiting):
    """Starts the runs that there is room for; returns whether one ended."""
    if waiting and not self._has_described_room:
      self._has_described_room = True
      line = self._room.describe(waiting)
      if line:
        print(line, flush=True)
    has_ended = False
    for run in waiting:
      if len(self._at_work) >= self._executor.jobs:
        break
      reason = self._room.why_never(run) if self._room else ""
      if reason:
        self._end(run.id, process.Outcome("memory", reason))
        has_ended = True
      elif self._has_room(run):
        self._submit(run)
      else:
        break  # No other run may start before it.
    return has_ended

  def _has_room(self, run):
    at_work = [self._ledger.run(run_id) for run_id in self._at_work]
    return self._room is None or self._room.has_place(run, at_work)

  def _submit(self, run):
    task = self._task(run, self._ledger.state(run.id).attempts + 1)
    attempt = self._ledger.note_start(run.id)
    self._at_work[run.id] = time.monotonic()
    self._executor.submit(task)
    if self._progress:
      self._progress.started(run, attempt)

  def _task(self, run, attempt):
    folder = table.folder_of(self._folder, run.id)
    files.make_folder(folder)
    files.write_text(
      os.path.join(folder, "run.gin"), self._plan.config_text(run)
    )
    return process.Task(
      run.id,
      folder,
      tuple(self._command(self._study, run, folder)),
      os.getcwd(),
      self._study.score,
      process.environment(self._executor.threads),
      attempt,
      self._study.timeout_s,
      self._study.memory_mb,
    )

  def _wait(self):
    if self._at_work:
      return self._executor.wait(_LOOK_S)
    if self._shard is None:
      raise RuntimeError(
        "The plan waits for scores, but no run is left that could produce them."
      )
    time.sleep(_LOOK_S)  # until a run of another shard ends
    return []

  def _end(self, run_id, outcome):
    state = self._ledger.state(run_id)
    again = outcome.status == "failed" and state.failures < self._study.retries
    if outcome.status == "killed" and state.kills + 1 >= _MAX_KILLS:
      reason = f"{outcome.reason} This happened {_MAX_KILLS} times."
      outcome = outcome._replace(status="failed", reason=reason)
    self._at_work.pop(run_id, None)
    self._ledger.note_end(run_id, outcome, again)
    if self._progress:
      self._show()
      score = self._ledger.scores.get(run_id)
      self._progress.ended(self._ledger.run(run_id), outcome, again, score)

  def _look_at_other_shards(self):
    if self._shard is None:
      return
    if self._ledger.seconds_since_reading() > _LOOK_AT_OTHERS_S:
      self._ledger.read_journals(self._at_work)

  def _show(self):
    if self._progress:
      self._progress.show(
        self._ledger.own_runs(),
        self._ledger.states,
        self._ledger.scores,
        self._at_work,
        self._ledger.count_left(),
        self._executor.jobs,
      )

  def _stopped(self, number):
    name = signal.Signals(number).name
    done = sum(run.id in self._ledger.scores for run in self._ledger.listed)
    return Stopped(
      number,
      f"{name}: the study has stopped in {self._folder}; {done} of "
      f"{self._ledger.described['runs']} runs have ended, and those in "
      "progress have checkpoints. Run the same command to resume.",
    )
