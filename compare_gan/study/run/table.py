"""The table of a study: a row for each run, read from plain files.

Reading it changes nothing, so it can be read while the study runs. It needs
neither TensorFlow nor gin, so it can be read on any machine. Only rows of
earlier versions, which do not record whether lower or higher scores are better,
make it load the metrics to find out.
"""

from collections.abc import Sequence
import json
import math
import os
from typing import Any
from typing import NamedTuple
from typing import Optional

from compare_gan.evaluation import protocol
from compare_gan.metrics import contract
from compare_gan.storage import files
from compare_gan.storage.score_row import ScoreRow
from compare_gan.study.run import journal


class Row(NamedTuple):
  """What is known about a run."""

  run: str  # its id
  cell: dict[str, Any]  # {axis: value}
  settings: dict[str, float]
  seed: int
  phase: str
  round: int
  order: int  # its place in the plan
  status: str  # see verdict.py; or "refused", "running", "waiting"
  reason: str
  log_tail: list[str]
  seconds: float  # of all attempts
  attempts: int
  # {metric: {"last": x, "best": x, "min": x}}
  scores: dict[str, dict[str, float]]
  checkpoints: list[dict[str, Any]]  # [{"step": n, "scores": {metric: x}}]
  protocol: str  # digest of the protocol card
  folder: str  # model_dir


class Table(NamedTuple):
  """A study (study.json) and its rows in the order of the plan."""

  study: dict[str, Any]
  rows: list[Row]


def read(study_dir: str) -> Table:
  """Returns the Table of a study's folder."""
  study = read_study(study_dir)
  states = journal.states(journal.events(study_dir))
  running = journal.is_alive(study_dir)
  rows = [
    _row(study_dir, study, run, states.get(run["id"], journal.State()), running)
    for run in planned_runs(study_dir)
  ]
  return Table(study, rows)


def read_study(study_dir: str) -> dict[str, Any]:
  """Returns the dict of study.json."""
  path = os.path.join(study_dir, "study.json")
  text = files.read_text_if_any(path)
  if text is None:
    raise FileNotFoundError(
      f"{study_dir!r} is not the folder of a study: it has no study.json. "
      "`compare_gan study run FILE --out DIR` makes one."
    )
  study = json.loads(text)
  if study.get("format") != 1:
    raise ValueError(
      f"{path} has format {study.get('format')!r}; this version reads 1."
    )
  return study


def planned_runs(study_dir: str) -> list[dict[str, Any]]:
  """Returns the runs that were planned so far, in the order of the plan.

  If a run is listed several times, its last place counts: places move when a
  study gets more seeds.
  """
  runs: dict[str, dict[str, Any]] = {}
  for run in journal.read_all(study_dir, "runs"):
    known = runs.setdefault(run["id"], run)
    if run["order"] > known["order"]:
      runs[run["id"]] = run
  return sorted(runs.values(), key=lambda run: run["order"])


def cell_title(cell: dict[str, Any]) -> str:
  """Returns "axis=value axis=value" of a cell."""
  return " ".join(f"{axis}={value}" for axis, value in cell.items())


def folder_of(study_dir: str, run_id: str) -> str:
  """Returns the model_dir of a run."""
  return os.path.join(study_dir, "runs", run_id)


def _row(study_dir, study, run, state, running):
  folder = folder_of(study_dir, run["id"])
  status = state.status
  if status == "running" and not running:
    status = "waiting"  # Its conductor was killed; the next one continues it.
  rows = read_scores(folder) if state.attempts else []
  return Row(
    run["id"],
    run["cell"],
    run["settings"],
    run["seed"],
    run["phase"],
    run["round"],
    run["order"],
    status,
    state.reason,
    list(state.log_tail),
    state.seconds,
    state.attempts,
    summarize(rows, study),
    [{"step": row.step, "scores": _finite(row.scores)} for row in rows],
    protocol.digest_of_score(rows[-1], study["score"]) if rows else "",
    folder,
  )


# ---- Scores ------------------------------------------------------------------


def read_scores(folder: str) -> list[ScoreRow]:
  """Returns the rows of a run's checkpoints.

  If they were scored under several protocols, it returns only rows whose
  protocol agrees with that of the last row in the metrics that both have.
  """
  path = os.path.join(folder, "scores.jsonl")
  text = files.read_text_if_any(path) or ""
  lines = [json.loads(line) for line in text.split("\n") if line.strip()]
  rows = [ScoreRow.from_json(line) for line in lines]
  return [row for row in rows if _is_under(rows[-1], row)]


def _is_under(last, row):
  """Returns whether a row has the protocol of the last one."""
  if row.protocol_digest == last.protocol_digest:
    return True
  # Scores stay comparable if the rows differ in which other metrics they have.
  return protocol.merged(row.protocol, last.protocol) is not None


def summarize(
  rows: Sequence[ScoreRow], study: dict[str, Any]
) -> dict[str, dict[str, float]]:
  """Returns {metric: {"last", "best", "min"}} of the rows of checkpoints.

  "last" is the score of the last checkpoint; "best" that of the checkpoint with
  the best study.score; "min" the metric's own best one among all checkpoints,
  if it is known whether lower or higher is better. Scores that are not finite
  are left out.
  """
  by_step = [_finite(row.scores) for row in rows]
  recorded = ScoreRow(better=_recorded_directions(rows))
  scored = [scores for scores in by_step if study["score"] in scores]
  best = {}
  if scored:
    better = min if is_minimized(study) else max
    best = better(scored, key=lambda scores: scores[study["score"]])
  found: dict[str, dict[str, float]] = {}
  for metric in sorted({name for scores in by_step for name in scores}):
    values = [scores[metric] for scores in by_step if metric in scores]
    way = contract.better_in_row(recorded, metric)
    if metric == study["score"]:
      way = contract.LOWER if is_minimized(study) else contract.HIGHER
    found[metric] = {}
    if way in _BEST:
      found[metric]["min"] = _BEST[way](values)
    for rule, scores in (("last", by_step[-1]), ("best", best)):
      if metric in scores:
        found[metric][rule] = scores[metric]
  return found


_BEST = {contract.LOWER: min, contract.HIGHER: max}


def _recorded_directions(rows):
  """Returns {score: "lower" or "higher" is better}, as recorded in rows."""
  found = {}
  for row in rows:
    found.update(row.better)
  return found


def _finite(scores):
  return {name: x for name, x in scores.items() if math.isfinite(x)}


def is_minimized(study: dict[str, Any]) -> bool:
  """Returns whether a lower study.score is better.

  Args:
    study: the dict of study.json; "score" and "minimize" are used. "minimize"
      is what the score's metric declared or what the study file says. If it is
      None, the metrics of this package decide.
  """
  minimize = study.get("minimize")
  if minimize is None:
    return contract.better_of(study["score"]) != contract.HIGHER
  return minimize


def is_declared(score: str) -> bool:
  """Returns whether a metric of this package declares a score's direction."""
  return contract.better_of(score) in _BEST


def note_on_direction(study: dict[str, Any]) -> str:
  """Returns a sentence if a study contradicts its metric, else "".

  Metrics from outside this package are unknown here.
  """
  declared = contract.better_of(study["score"])
  used = contract.LOWER if is_minimized(study) else contract.HIGHER
  if not is_declared(study["score"]) or declared == used:
    return ""
  return (
    f"Note: {used} {study['score']} counts as better here, as study.minimize = "
    f"{used == contract.LOWER} says; its metric declares {declared!r}."
  )


def value(
  row: Row,
  study: dict[str, Any],
  metric: Optional[str] = None,
  rule: Optional[str] = None,
) -> Optional[float]:
  """Returns a run's score, None if it has none or did not end well.

  Args:
    row: the run's row.
    study: the dict of study.json.
    metric: the name of the score; None for study.score.
    rule: "last", "best" or "min"; None for study.checkpoint.
  """
  if row.status != "ok":
    return None
  return _value(row.scores, study, metric, rule)


def value_of_folder(folder: str, study: dict[str, Any]) -> Optional[float]:
  """Returns the score of a run that ended well, from its model_dir."""
  return _value(summarize(read_scores(folder), study), study)


def _value(scores, study, metric=None, rule=None):
  by_rule = scores.get(metric or study["score"], {})
  return by_rule.get(rule or study["checkpoint"])
