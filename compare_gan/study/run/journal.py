"""The journal of a study: what happened to its runs, in append-only files.

  {"sequence": 1, "time": .., "run": id, "event": "start", "attempt": 1}
  {.., "event": "end", "attempt": 1, "status": "failed", "reason": ..,
   "log_tail": [..], "seconds": 3.2, "host": .., "score": null, "again": true}
  {.., "event": "retry", "attempt": 1, "was": "failed"}
  {.., "event": "keep", "attempt": 1}

A sequence number is higher than those of all lines that the writer has seen,
in this file and in those of other shards.

"retry" makes a run that has ended badly wait again. "keep" says that other runs
have been planned from that end, so the plan keeps it whatever the result of the
retry. A line is on the disk when `append` returns. A process that dies while it
writes leaves part of a line; readers ignore it, and the next conductor that
opens the file cuts it off. A start without an end is an interrupted run.
"""

import collections
from collections.abc import Iterable
from collections.abc import Iterator
import contextlib
import datetime
import errno
import fnmatch
import json
import os
import re
import time
from typing import Any
from typing import NamedTuple
from typing import Optional
import warnings

from compare_gan.storage import files
from compare_gan.storage import locks
from compare_gan.study.run import shards

# A run with such a status is not started again, except that "failed" may have
# retries left.
FINAL = ("ok", "failed", "timeout", "memory", "collapsed", "refused")

_INSTEAD = "choose another folder with --out"


class JsonLines:
  """Adds JSON lines to a file, each of them as a whole or not at all."""

  def __init__(self, path: str) -> None:
    self._path = path
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND
    with files.refusals(path):
      self._file = files.call(os.open, path, flags, 0o644)
      try:
        self._cut_off_torn_line()
        files.sync_folder(path)
      except OSError:
        self.close()
        raise

  def append(self, *records: dict[str, Any]) -> None:
    """Adds lines; they are on the disk when it returns."""
    lines = "".join(json.dumps(record) + "\n" for record in records).encode()
    with files.refusals(self._path, len(lines), _INSTEAD):
      size = os.fstat(self._file).st_size
      try:
        if files.call(os.write, self._file, lines) < len(lines):
          raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        files.call(os.fsync, self._file)
      except OSError:
        # If this fails too, the next writer of the file cuts the line off.
        with contextlib.suppress(OSError):
          files.call(os.ftruncate, self._file, size)
        raise

  def close(self) -> None:
    os.close(self._file)

  def _cut_off_torn_line(self):
    text = files.read_bytes(self._path)
    whole = text.rfind(b"\n") + 1
    if whole < len(text):
      files.call(os.ftruncate, self._file, whole)
      files.call(os.fsync, self._file)


def read_lines(path: str) -> list[dict[str, Any]]:
  """Returns the records of a file of JSON lines, without a torn last line."""
  try:
    lines = files.read_bytes(path).split(b"\n")[:-1]
  except FileNotFoundError:
    return []
  records = []
  for number, line in enumerate(lines, 1):
    try:
      records.append(json.loads(line))
    except ValueError:
      warnings.warn(
        f"{path}, line {number} is not JSON and is skipped.", stacklevel=2
      )
  return records


# ---- Files of a study --------------------------------------------------------


def path_of(
  folder: str, name: str, shard: Optional[shards.Shard] = None
) -> str:
  """Returns journal.jsonl, or journal-<i>.jsonl of the i-th shard."""
  part = "" if shard is None else f"-{shard.number}"
  return os.path.join(folder, f"{name}{part}.jsonl")


def read_all(folder: str, name: str) -> list[dict[str, Any]]:
  """Returns the records of <name>.jsonl and of all its shards."""
  return [record for part in _read_parts(folder, name) for record in part]


def _read_parts(folder, name):
  """Returns the records of each file, [[record]]."""
  names = fnmatch.filter(files.names(folder), f"{name}*.jsonl")
  return [read_lines(os.path.join(folder, each)) for each in names]


def events(folder: str) -> list[dict[str, Any]]:
  """Returns all events of a study, each one after those that led to it.

  The lines of a file keep their order, and so do the attempts of a run. Then
  sequence numbers decide; lines of earlier versions have none. Times decide
  last, because the clocks of machines may disagree.
  """
  parts = [collections.deque(part) for part in _read_parts(folder, "journal")]
  # {run: the steps of its events that are not merged yet, the first one last}
  remaining: dict[str, list[tuple[int, int]]] = {}
  for part in parts:
    for event in part:
      remaining.setdefault(event["run"], []).append(_step(event))
  for steps in remaining.values():
    steps.sort(reverse=True)
  merged = []
  while any(parts):
    first = [part for part in parts if part]
    due = [p for p in first if _step(p[0]) == remaining[p[0]["run"]][-1]]
    # If a file contradicts itself, no event is due; then use the file's order.
    part = min(due or first, key=_sequence_and_time)
    event = part.popleft()
    remaining[event["run"]].remove(_step(event))
    merged.append(event)
  return merged


_STEPS = ("start", "end", "retry", "keep")  # events of an attempt


def _step(event):
  """Returns the place of an event among those of its run."""
  return event.get("attempt") or 0, _STEPS.index(event["event"])


def _sequence_and_time(part):
  return part[0].get("sequence") or 0, part[0]["time"]


class Journal:
  """Writes events to the journal of a study, or of one of its shards.

  Args:
    folder: the study's folder.
    shard: the part of the study that this process runs; None for all.
  """

  def __init__(self, folder: str, shard: Optional[shards.Shard] = None) -> None:
    self._sequence = 0
    self.number_after(events(folder))
    self._lines = JsonLines(path_of(folder, "journal", shard))

  def number_after(self, happened: Iterable[dict[str, Any]]) -> None:
    """Makes the numbers of later events higher than those of these events."""
    known = [event.get("sequence") or 0 for event in happened]
    self._sequence = max([self._sequence, len(known), *known])

  def start(self, run: str, attempt: int) -> dict[str, Any]:
    """Writes that a run is started; returns the event."""
    return self._add(run, "start", attempt)

  def end(
    self,
    run: str,
    attempt: int,
    outcome: Any,
    again: bool = False,
    score: Optional[float] = None,
  ) -> dict[str, Any]:
    """Writes an Outcome, see process.py; returns the event.

    Args:
      run: the id of the run.
      attempt: the number of the attempt that has ended.
      outcome: how it ended.
      again: whether it failed and will be tried again.
      score: the score that the plan continues with.
    """
    return self._add(
      run,
      "end",
      attempt,
      status=outcome.status,
      reason=outcome.reason,
      log_tail=list(outcome.log_tail),
      seconds=round(outcome.seconds, 3),
      host=outcome.host,
      score=score,
      **({"again": True} if again else {}),
    )

  def retry(self, run: str, attempt: int, was: str) -> dict[str, Any]:
    """Writes that a run waits again; returns the event.

    Args:
      run: the id of the run.
      attempt: the number of its last attempt.
      was: the status that it ended with.
    """
    return self._add(run, "retry", attempt, was=was)

  def keep(self, run: str, attempt: int) -> dict[str, Any]:
    """Writes that the plan keeps a run's end; returns the event."""
    return self._add(run, "keep", attempt)

  def close(self) -> None:
    self._lines.close()

  def _add(self, run, event, attempt, **more):
    now = datetime.datetime.now(datetime.timezone.utc)
    record = {
      "sequence": self._sequence + 1,
      "time": now.isoformat(timespec="microseconds"),
      "run": run,
      "event": event,
      "attempt": attempt,
      **more,
    }
    self._lines.append(record)
    self._sequence += 1
    return record


# ---- The states of runs ------------------------------------------------------


class State(NamedTuple):
  """The state of a run."""

  status: str = "waiting"  # "running" from a start to its end, or one of FINAL
  reason: str = ""
  log_tail: tuple = ()
  seconds: float = 0.0  # of all attempts whose end was seen
  attempts: int = 0
  failures: int = 0  # faults of the run itself; study.retries limits them
  kills: int = 0  # by a signal from outside
  score: Optional[float] = None
  is_retried: bool = False  # and has not started again yet
  is_kept: bool = False  # The plan treats it as ended without a score.


def states(happened: Iterable[dict[str, Any]]) -> dict[str, State]:
  """Returns {run id: State} of events that are in order."""
  found: dict[str, State] = {}
  for event in happened:
    state = found.get(event["run"], State())
    found[event["run"]] = next_state(state, event)
  return found


def next_state(state: State, event: dict[str, Any]) -> State:
  """Returns the State that an event leads to."""
  if event["event"] == "start":
    return state._replace(
      status="running", attempts=event["attempt"], is_retried=False
    )
  if event["event"] == "retry":
    return state._replace(
      status="waiting", failures=0, kills=0, score=None, is_retried=True
    )
  if event["event"] == "keep":
    return state._replace(is_kept=True)
  status = event["status"]
  is_final = status in FINAL and not event.get("again")
  return state._replace(
    status=status if is_final else "waiting",
    reason=event.get("reason") or "",
    log_tail=tuple(event.get("log_tail") or ()),
    seconds=state.seconds + (event.get("seconds") or 0.0),
    attempts=max(state.attempts, event.get("attempt") or 0),
    failures=state.failures + (status == "failed"),
    kills=state.kills + (status == "killed"),
    score=event.get("score"),
  )


# ---- One conductor at a time -------------------------------------------------

_PATIENCE = 1.0  # seconds, because `is_alive` holds the lock for a moment


@contextlib.contextmanager
def conducting(
  folder: str, shard: Optional[shards.Shard] = None
) -> Iterator[None]:
  """Locks the folder for a conductor; OSError names the one that holds it.

  Shards share the folder's lock, and each of them also has a separate lock.
  """
  with contextlib.ExitStack() as held:
    whole = held.enter_context(locks.Lock(os.path.join(folder, "LOCK")))
    _take(whole, folder, shared=shard is not None)
    if shard is not None:
      _refuse_other_shards(folder, shard)
      own = os.path.join(folder, f"LOCK-{shard.number}-of-{shard.total}")
      _take(held.enter_context(locks.Lock(own)), folder)
    yield


def _take(lock, folder, shared=False):
  limit = time.monotonic() + _PATIENCE
  while not lock.acquire(shared):
    if time.monotonic() > limit:
      raise OSError(
        f"The study in {folder} is being run by {lock.holder()} (or by its "
        f"shards), which holds {lock.path}. Wait for it or end it; "
        "`compare_gan study status` shows how far it is."
      )
    time.sleep(0.05)


def _shard_locks(folder):
  """Returns {path: n} of the locks of all shards that have ever run here."""
  found = {}
  for name in files.names(folder):
    match = re.fullmatch(r"LOCK-\d+-of-(\d+)", name)
    if match:
      found[os.path.join(folder, name)] = int(match[1])
  return found


def _refuse_other_shards(folder, shard):
  for path, n in _shard_locks(folder).items():
    if n != shard.total and locks.is_held(path):
      raise OSError(
        f"--shard={shard.number}/{shard.total}: {locks.Lock(path).holder()} "
        f"runs a shard of {n} of the same study, so some runs belong to both. "
        f"All machines need the same n: --shard=i/{n}."
      )


def refuse_others_at_work(folder: str, shard: Optional[shards.Shard]) -> None:
  """Raises OSError if other shards than this one are at work."""
  own = None if shard is None else f"LOCK-{shard.number}-of-{shard.total}"
  for path in _shard_locks(folder):
    if os.path.basename(path) != own and locks.is_held(path):
      raise OSError(
        f"The study file has changed since {locks.Lock(path).holder()} began a "
        f"shard of the study in {folder}, which holds {path}. End all shards, "
        "and start them again with the changed file, one after the other."
      )


def is_alive(folder: str) -> bool:
  """Returns whether a conductor of the study or of a shard is at work."""
  paths = [os.path.join(folder, "LOCK"), *_shard_locks(folder)]
  return any(locks.is_held(path) for path in paths)
