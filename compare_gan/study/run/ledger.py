"""What is known about a study's runs: the plan, the journals, the scores.

All of it follows from the files in the study's folder, so a conductor that was
killed loses nothing.
"""

from collections.abc import Collection
import contextlib
import time
from typing import Any
from typing import Optional

from compare_gan.study.run import journal
from compare_gan.study.run import process
from compare_gan.study.run import shards
from compare_gan.study.run import study_files
from compare_gan.study.run import table


class Ledger:
  """Reads and writes the files of a study, for one conductor.

  Args:
    study: a definition.Study.
    plan: the module; `runs`, `count` and `impossible_cells` are used.
    folder: the study's folder. Its files are made if they do not exist.
    text: the text of the study file.
    shard: the part of the study that this process runs; None for all.

  Attributes:
    described: the content of study.json.
    listed: [plan.Run], the runs that are known so far.
    is_complete: whether no other run will follow from scores.
    states: {run id: journal.State}.
    scores: {run id: score or None} of runs that have ended.
  """

  def __init__(
    self,
    study: Any,
    plan: Any,
    folder: str,
    text: str,
    shard: Optional[shards.Shard],
  ) -> None:
    self._study = study
    self._plan = plan
    self._folder = folder
    self._shard = shard
    self.described, is_changed = study_files.describe(
      folder, study, plan, text, shard
    )
    self.states: dict[str, journal.State] = {}
    self.scores: dict[str, Optional[float]] = {}
    self._looked = 0.0
    planned = table.planned_runs(folder)
    path = journal.path_of(folder, "runs", shard)
    with contextlib.ExitStack() as opened:
      self._journal = journal.Journal(folder, shard)
      opened.callback(self._journal.close)
      self._runs_file = journal.JsonLines(path)
      opened.callback(self._runs_file.close)
      self._noted = {
        run["id"]: run["order"] for run in journal.read_lines(path)
      }
      self.read_journals()
      self._require_planned_runs(planned)
      if is_changed:
        journal.refuse_others_at_work(folder, shard)
        study_files.write(folder, self.described, text, shard)
      self.list_runs()
      self._opened = opened.pop_all()

  def close(self) -> None:
    self._opened.close()

  # ---- Runs that were planned earlier ----------------------------------------

  def _require_planned_runs(self, planned):
    """Raises ValueError if the plan has lost runs that were planned earlier."""
    known = {run["id"] for run in planned}
    self._keep_ends_needed_by_others(known)
    lost = self._lost(known)
    if lost:
      raise ValueError(self._why_lost(planned, lost))

  def _why_lost(self, planned, lost):
    begun = table.read_study(self._folder)["seeds"]
    if begun != self._study.seeds:
      phases = {run["phase"]: 0 for run in planned if run["id"] in lost}
      return (
        f"study.seeds = {self._study.seeds}, and the study in {self._folder} "
        f"was begun with {begun}: {len(lost)} of its runs, of "
        f"{', '.join(phases)}, depend on the scores of {begun} seeds and "
        f"would change. Continue with study.seeds = {begun}, or give a new "
        "folder with --out."
      )
    return (
      f"{len(lost)} of the {len(planned)} runs in {self._folder}, for example "
      f"{min(lost)}, are no longer runs of this study: study.base or a file "
      "that it includes has changed since. Give a new folder with --out, or "
      "restore the file's old content."
    )

  def _keep_ends_needed_by_others(self, known):
    """Makes the plan keep the first end of retried runs if others need it.

    A run that is retried has no score for now. Runs of a later phase may have
    been planned from its first end, without a score; the plan must not lose
    them.
    """
    retried = {
      run: state for run, state in self.states.items() if state.is_retried
    }
    if not retried or not self._lost(known):
      return
    kept = set(retried)
    if self._lost(known, kept):
      return  # The retries are not the reason.
    for run in retried:
      if not self._lost(known, kept - {run}):
        kept.remove(run)  # Nothing follows from it yet.
    for run in sorted(kept):
      state = self.states[run]
      event = self._journal.keep(run, state.attempts)
      self.states[run] = journal.next_state(state, event)

  def _lost(self, known, kept: Collection[str] = ()):
    """Returns the ids among `known` that the plan no longer has.

    Args:
      known: ids of runs that were planned.
      kept: ids of runs that count as ended without a score.
    """
    scores = {**self._planned_scores(), **dict.fromkeys(kept)}
    listed, _ = self._plan.runs(self._study, scores)
    return known - {run.id for run in listed}

  def _planned_scores(self):
    """Returns the scores that the plan continues from."""
    kept = [run for run, state in self.states.items() if state.is_kept]
    return {**self.scores, **dict.fromkeys(kept)}

  # ---- Journals --------------------------------------------------------------

  def read_journals(self, at_work: Collection[str] = ()) -> None:
    """Updates the states from the journals, including those of other shards.

    Args:
      at_work: ids of runs at work here, whose states are known already.
    """
    self._looked = time.monotonic()
    happened = journal.events(self._folder)
    self._journal.number_after(happened)
    for run, state in journal.states(happened).items():
      if run not in at_work:
        self._set(run, state)

  def seconds_since_reading(self) -> float:
    return time.monotonic() - self._looked

  def state(self, run_id: str) -> journal.State:
    return self.states.get(run_id, journal.State())

  def note_start(self, run_id: str) -> int:
    """Writes that a run starts; returns the number of the attempt."""
    state = self.state(run_id)
    attempt = state.attempts + 1
    event = self._journal.start(run_id, attempt)
    self.states[run_id] = journal.next_state(state, event)
    return attempt

  def note_end(
    self, run_id: str, outcome: process.Outcome, again: bool = False
  ) -> None:
    """Writes how a run has ended.

    Args:
      run_id: the id of the run.
      outcome: how it ended; the score is read from its folder.
      again: whether it failed and will be tried again.
    """
    score = None
    if outcome.status == "ok":
      folder = table.folder_of(self._folder, run_id)
      score = table.value_of_folder(folder, self.described)
    state = self.state(run_id)
    event = self._journal.end(run_id, state.attempts, outcome, again, score)
    self._set(run_id, journal.next_state(state, event))

  def _set(self, run, state):
    self.states[run] = state
    if state.status in journal.FINAL:
      self.scores[run] = state.score

  # ---- The plan --------------------------------------------------------------

  def list_runs(self) -> None:
    """Asks the plan for all runs, and adds new ones to runs.jsonl."""
    self._scored = len(self.scores)
    self.listed, self.is_complete = self._plan.runs(
      self._study, self._planned_scores()
    )
    self._by_id = {run.id: run for run in self.listed}
    new = [
      run
      for run in self.listed
      # Adding seeds moves known runs to later places.
      if run.order > self._noted.get(run.id, -1)
    ]
    if new:
      self._runs_file.append(*(run._asdict() for run in new))
      self._noted.update((run.id, run.order) for run in new)

  def has_new_scores(self) -> bool:
    """Returns whether runs have ended since `list_runs`."""
    return len(self.scores) > self._scored

  def own_runs(self) -> list[Any]:
    """Returns the listed runs that belong to this shard."""
    return [run for run in self.listed if shards.is_in(run.id, self._shard)]

  def impossible_runs(self) -> list[tuple[str, str]]:
    """Returns [(id, reason)] of runs of this shard that cannot be built."""
    reasons = self.described["impossible"]
    titles = {run.id: table.cell_title(run.cell) for run in self.own_runs()}
    return [
      (run_id, reasons[title])
      for run_id, title in titles.items()
      if title in reasons and run_id not in self.scores
    ]

  def run(self, run_id: str) -> Any:
    return self._by_id[run_id]

  def count_left(self) -> int:
    """Returns the expected number of runs of this shard that have not ended."""
    parts = self._shard.total if self._shard else 1
    unknown = max(0, self.described["runs"] - len(self.listed)) / parts
    known = sum(run.id not in self.scores for run in self.own_runs())
    return known + round(unknown)
