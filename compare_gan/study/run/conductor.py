"""Runs a study: what is to be run follows from what has ended.

  plan -> runs that have no end -> executor -> journal -> plan -> ...

All that it knows stands in the study's folder, so that it can be killed at any
moment: a run with a start and without an end is started again, and its training
goes on from its last checkpoint.
"""

from collections.abc import Callable
from collections.abc import Iterable
import contextlib
import datetime
import hashlib
import json
import os
import signal
import sys
import threading
import time
from typing import Any
from typing import Optional

from compare_gan.storage import files
from compare_gan.study.run import journal
from compare_gan.study.run import process
from compare_gan.study.run import room as room_lib
from compare_gan.study.run import table

_LOOK_S = 0.5  # between two looks at the executor
_LOOK_AT_OTHERS_S = 2.0  # between two looks at the journals of other shards
_MOST_KILLS = 10  # of one run, from outside
_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


class Stopped(Exception):
  """A signal has ended the conductor; `number` is the signal's."""

  def __init__(self, number: int, message: str) -> None:
    super().__init__(message)
    self.number = number


class Conductor:
  """Runs a study, or one shard of it.

  Args:
    study: a definition.Study.
    plan: the module; `runs`, `count`, `impossible` and `config_text` are used.
    folder: of the study; what stands there is gone on from.
    executor: see executors/__init__.py.
    text: of the study file.
    shard: (i, n) to do the i-th of n parts, counted from 0; None for all.
    progress: a progress.Progress, or None.
    command: `command(study, run, folder)` -> words that train a run.
    room: a room.Room, which says what the memory has room for; None counts
      the executor's jobs alone.
  """

  def __init__(
    self,
    study: Any,
    plan: Any,
    folder: str,
    executor: Any,
    text: str = "",
    shard: Optional[tuple[int, int]] = None,
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
    self._room = room or room_lib.Room(None, executor.jobs, None)
    self._says_room = room is not None
    self._signal = None
    self._opened = []
    self._flying = {}  # {run id: when it was submitted}
    self._looked = 0.0

  def run(self) -> None:
    """Runs what is left to run, and returns when all of it has ended.

    Raises Stopped after a signal, with all runs ended in good order. A second
    signal ends this process, and with it the runs, at once.
    """
    try:
      process.check_memory_can_be_watched(self._study.memory_mb)
      files.make_folder(self._folder)
      with journal.conducting(self._folder, self._shard):
        self._open()
        with self._listening():
          self._loop()
    finally:
      self._executor.cancel()
      self._executor.close()
      for opened in self._opened:
        opened.close()
      if self._progress:
        self._progress.close()

  # ---- What is known ---------------------------------------------------------

  def _open(self):
    """Makes the folder's files, or reads what they say."""
    self._json, is_changed = _describe(
      self._folder, self._study, self._plan, self._text, self._shard
    )
    planned = table.planned(self._folder)
    known = {run["id"] for run in planned}
    self._journal = journal.Journal(self._folder, self._shard)
    self._opened.append(self._journal)
    self._runs_file = journal.JsonLines(
      journal.path_of(self._folder, "runs", self._shard)
    )
    self._opened.append(self._runs_file)
    self._noted = {}  # {run id: its place}
    for run in journal.read_lines(
      journal.path_of(self._folder, "runs", self._shard)
    ):
      self._noted[run["id"]] = run["order"]
    self._states = {}
    self._scores = {}
    self._read_journals()
    self._keep_what_others_follow_from(known)
    lost = self._lost(known)
    if lost:
      raise ValueError(self._why_lost(planned, lost))
    if is_changed:
      journal.refuse_others_at_work(self._folder, self._shard)
      _write_study(self._folder, self._json, self._text, self._shard)
    self._list()

  def _why_lost(self, planned, lost):
    """Returns why runs that were planned are not those of the study."""
    begun = table.read_study(self._folder)["seeds"]
    if begun != self._study.seeds:
      phases = {run["phase"]: 0 for run in planned if run["id"] in lost}
      return (
        f"study.seeds = {self._study.seeds}, and the study in {self._folder} "
        f"was begun with {begun}: {len(lost)} of its runs, of "
        f"{', '.join(phases)}, follow from the scores of {begun} and would be "
        f"others. Go on with study.seeds = {begun}, or name a new folder by "
        "--out."
      )
    return (
      f"{len(lost)} of the {len(planned)} runs in {self._folder} are not those "
      f"of this study any more, {min(lost)} for one: study.base or a file "
      "that it includes has changed since. Name a new folder by --out, or "
      "give the file its old content."
    )

  def _keep_what_others_follow_from(self, known):
    """Plans by the first end of retried runs if runs were planned by it."""
    retried = {
      run: state for run, state in self._states.items() if state.is_retried
    }
    if not retried or not self._lost(known):
      return
    kept = set(retried)
    if self._lost(known, dict.fromkeys(kept)):
      return  # That is not why.
    for run in retried:
      if not self._lost(known, dict.fromkeys(kept - {run})):
        kept.remove(run)  # Nothing follows from it yet.
    for run in sorted(kept):
      state = self._states[run]
      event = self._journal.keep(run, state.attempts)
      self._states[run] = journal.after(state, event)

  def _lost(self, known, kept=None):
    """Returns the ids among `known` that the plan has no more."""
    scores = {**self._planned_by(), **(kept or {})}
    listed, _ = self._plan.runs(self._study, scores)
    return known - {run.id for run in listed}

  def _planned_by(self):
    """Returns the scores that the plan goes on with."""
    kept = [run for run, state in self._states.items() if state.is_kept]
    return {**self._scores, **dict.fromkeys(kept)}

  def _read_journals(self):
    """Takes over what stands in the journals, those of other shards too."""
    self._looked = time.monotonic()
    happened = journal.events(self._folder)
    self._journal.saw(happened)
    for run, state in journal.states(happened).items():
      if run not in self._flying:
        self._set(run, state)

  def _set(self, run, state):
    self._states[run] = state
    if state.status in journal.FINAL:
      self._scores[run] = state.score

  def _list(self):
    """Asks the plan, and notes the runs that are new."""
    self._scored = len(self._scores)
    self._listed, self._complete = self._plan.runs(
      self._study, self._planned_by()
    )
    new = [
      run
      for run in self._listed
      # With more seeds, those that there were have later places.
      if run.order > self._noted.get(run.id, -1)
    ]
    if new:
      self._runs_file.append(*(run._asdict() for run in new))
      self._noted.update((run.id, run.order) for run in new)
    for run in self._listed:
      self._refuse_if_impossible(run)

  def _refuse_if_impossible(self, run):
    reason = self._json["impossible"].get(title(run.cell))
    if reason and self._is_mine(run) and run.id not in self._scores:
      self._end(run.id, process.Outcome("refused", reason))

  def _is_mine(self, run):
    return (
      self._shard is None
      or shard_of(run.id, self._shard[1]) == (self._shard[0])
    )

  def _state(self, run_id):
    return self._states.get(run_id, journal.State())

  # ---- The loop --------------------------------------------------------------

  def _loop(self):
    cancelled = False
    while True:
      if len(self._scores) > self._scored:
        self._list()
        continue  # What it refuses may lead to more.
      waiting = [
        run
        for run in self._listed
        if run.id not in self._scores
        and run.id not in self._flying
        and self._is_mine(run)
      ]
      if self._signal is None:
        if self._begin(waiting):
          continue  # Of what could not, others may follow.
      elif not cancelled:
        self._executor.cancel()
        cancelled = True
      self._show()
      if not self._flying:
        if self._signal is not None:
          raise self._stopped()
        if self._complete and not waiting:
          return
      for run_id, outcome in self._wait():
        self._end(run_id, outcome)
      self._look_at_others()

  def _begin(self, waiting):
    """Starts the runs that there is room for; returns whether one ended."""
    if waiting and self._says_room:
      self._says_room = False
      for line in filter(None, [self._room.in_words(waiting)]):
        print(line, flush=True)
    has_ended = False
    for run in waiting:
      if len(self._flying) >= self._executor.jobs:
        break
      reason = self._room.why_never(run)
      if reason:
        self._end(run.id, process.Outcome("memory", reason))
        has_ended = True
      elif self._room.has_place(run, [self._run(i) for i in self._flying]):
        self._submit(run)
      else:
        break  # None overtakes it.
    return has_ended

  def _submit(self, run):
    attempt = self._state(run.id).attempts + 1
    task = self._task(run, attempt)
    event = self._journal.start(run.id, attempt)
    self._states[run.id] = journal.after(self._state(run.id), event)
    self._flying[run.id] = time.monotonic()
    self._executor.submit(task)
    if self._progress:
      self._progress.started(run, attempt)

  def _task(self, run, attempt):
    folder = table.folder_of(self._folder, run.id)
    files.make_folder(folder)
    path = os.path.join(folder, "run.gin")
    _write(path, self._plan.config_text(run))
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
    if self._flying:
      return self._executor.wait(_LOOK_S)
    if self._shard is None:
      raise RuntimeError(
        "The plan waits for scores, and there is no run that could bring them."
      )
    time.sleep(_LOOK_S)  # Another shard's run is to end.
    return []

  def _end(self, run_id, outcome):
    state = self._state(run_id)
    if outcome.status == "killed" and state.kills + 1 >= _MOST_KILLS:
      reason = f"{outcome.reason} This was the {_MOST_KILLS}th time."
      outcome = outcome._replace(status="failed", reason=reason)
      again = False
    else:
      again = (
        outcome.status == "failed" and state.failures < self._study.retries
      )
    score = None
    if outcome.status == "ok":
      folder = table.folder_of(self._folder, run_id)
      score = table.value_of_folder(folder, self._json)
    event = self._journal.end(run_id, state.attempts, outcome, again, score)
    self._flying.pop(run_id, None)
    self._set(run_id, journal.after(state, event))
    if self._progress:
      self._progress.ended(
        self._run(run_id), outcome, again, self._scores.get(run_id)
      )

  def _run(self, run_id):
    return next(run for run in self._listed if run.id == run_id)

  def _look_at_others(self):
    if self._shard is None:
      return
    if time.monotonic() - self._looked > _LOOK_AT_OTHERS_S:
      self._read_journals()

  def _show(self):
    if self._progress:
      self._progress.show(
        [run for run in self._listed if self._is_mine(run)],
        self._states,
        self._scores,
        self._flying,
        self._left(),
        self._executor.jobs,
      )

  def _left(self):
    """Returns how many runs are to end here yet, as far as one can know."""
    parts = self._shard[1] if self._shard else 1
    unknown = max(0, self._json["runs"] - len(self._listed)) / parts
    known = sum(
      run.id not in self._scores for run in self._listed if self._is_mine(run)
    )
    return known + round(unknown)

  # ---- Signals ---------------------------------------------------------------

  @contextlib.contextmanager
  def _listening(self):
    if threading.current_thread() is not threading.main_thread():
      yield  # Python has signals in the main thread only.
      return
    numbers = [getattr(signal, n) for n in _SIGNALS if hasattr(signal, n)]
    before = {
      n: signal.signal(n, self._note)
      for n in numbers
      if signal.getsignal(n) not in (signal.SIG_IGN, None)
    }
    try:
      yield
    finally:
      for number, handler in before.items():
        signal.signal(number, handler)

  def _note(self, number, frame):
    del frame
    if self._signal is not None:
      os._exit(128 + number)  # The runs follow, see follow.py.
    self._signal = number

  def _stopped(self):
    name = signal.Signals(self._signal).name
    done = sum(run.id in self._scores for run in self._listed)
    return Stopped(
      self._signal,
      f"{name}: the study stands still in {self._folder}; {done} of "
      f"{self._json['runs']} runs have ended, and those that were at work have "
      "checkpoints. The same command goes on from there.",
    )


def return_to_start(folder: str) -> None:
  """Goes to the folder in which a study was begun, if there is one.

  Relative paths, of images and of gin files, are taken from there, by its runs
  and by its plan. On another machine that folder may not exist: then they are
  taken from here.

  Args:
    folder: of the study.
  """
  if not os.path.exists(os.path.join(folder, "study.json")):
    return
  start = table.read_study(folder).get("cwd")
  if not start or not os.path.isdir(start) or start == os.getcwd():
    return
  print(
    f"The study was begun in {start}: its relative paths are taken from there.",
    flush=True,
  )
  os.chdir(start)
  if start not in sys.path:  # modules of one's own, see __main__.py
    sys.path.insert(0, start)


def as_begun(study: Any, folder: str) -> Any:
  """Returns the study with what a folder goes by that was begun earlier.

  A study that an earlier version has begun minimised its score unless the file
  said otherwise, and its seeds had the same images in the same order; the runs
  that are there follow from that.
  """
  if not os.path.exists(os.path.join(folder, "study.json")):
    return study
  begun = table.read_study(folder)
  minimize = table.is_minimized(begun)
  if minimize != table.is_minimized(study._asdict()):
    print(table.note_on_direction(begun), flush=True)
  return study._replace(
    minimize=minimize, seeds_data=begun.get("seeds_data", False)
  )


def title(cell: dict[str, Any]) -> str:
  """Returns "axis=value axis=value" of a cell."""
  return " ".join(f"{axis}={value}" for axis, value in cell.items())


def shard_of(run_id: str, n: int) -> int:
  """Returns which of n shards a run belongs to, 0 to n - 1."""
  return int(hashlib.sha256(run_id.encode()).hexdigest()[:8], 16) % n


def parse_shard(text: Optional[str]) -> Optional[tuple[int, int]]:
  """Returns (i, n) of "i/n"; None of None."""
  if text is None:
    return None
  first, _, last = text.partition("/")
  if not (first.isdigit() and last.isdigit() and int(first) < int(last)):
    raise ValueError(
      f"--shard={text}: i/n with i from 0 to n - 1 would do; two machines have "
      "--shard=0/2 and --shard=1/2."
    )
  return int(first), int(last)


# ---- Files of a study --------------------------------------------------------


def _describe(folder, study, plan, text, shard):
  """Returns the dict of study.json, and whether the files have another yet.

  Writes study.gin and study.json if there are none. What cannot be built is
  found out here, before the first run.
  """
  stored = files.read_text_if_any(os.path.join(folder, "study.gin"))
  json_path = os.path.join(folder, "study.json")
  if stored is not None and files.read_text_if_any(json_path) is not None:
    return _describe_begun(folder, study, plan, stored, text)
  impossible = plan.impossible(study)
  if impossible and study.on_impossible != "skip":
    reasons = [f"  {cell}: {why}" for cell, why in impossible.items()]
    raise ValueError(
      f"{len(impossible)} cells of the study cannot be trained:\n"
      f"{chr(10).join(reasons)}\n"
      "Leave them out of study.slices, or skip them: study.on_impossible = "
      "'skip'."
    )
  counted = plan.count(study)
  now = datetime.datetime.now(datetime.timezone.utc)
  described = {
    "format": 1,
    "name": study.name,
    "axes": {axis: list(values) for axis, values in study.axes.items()},
    "score": study.score,
    "minimize": table.is_minimized(study._asdict()),
    "checkpoint": study.checkpoint,
    "seeds": study.seeds,
    "seeds_at_first": study.seeds,
    "seeds_data": study.seeds_data,
    "phases": list(counted["phases"]),
    "runs": counted["runs"],
    "top_percent": 5,
    "collapse": {
      "losses": "not finite: the run ends (NanGuard)",
      "pixels": "not finite",
      "score": "not finite",
    },
    "created": now.isoformat(timespec="seconds"),
    "cwd": os.getcwd(),
    "impossible": impossible,
  }
  _write_study(folder, described, text, shard)
  return described, False


def _describe_begun(folder, study, plan, stored, text):
  begun = table.read_study(folder)
  if stored != text:
    from compare_gan.study.define import (
      definition,  # It loads much, for this alone.
    )

    definition.require_same_runs(folder, stored, text)
  if study.seeds < begun["seeds"]:
    raise ValueError(
      f"study.seeds = {study.seeds}, and the study in {folder} has "
      f"{begun['seeds']}. Seeds can be added to it, not taken away."
    )
  if study.seeds == begun["seeds"]:
    return begun, stored != text
  counted = plan.count(study)
  at_first = begun.get("seeds_at_first", begun["seeds"])
  more = {"seeds": study.seeds, "seeds_at_first": at_first}
  return {**begun, **more, "runs": counted["runs"]}, True


def _write_study(folder, described, text, shard):
  path = os.path.join(folder, "study.json")
  _write(path, json.dumps(described, indent=2) + "\n", shard)
  _write(os.path.join(folder, "study.gin"), text, shard)


def _write(path, text, shard=None):
  # Two shards may write the same at once.
  files.write_text(path, text, f"-{shard[0]}" if shard else "")
