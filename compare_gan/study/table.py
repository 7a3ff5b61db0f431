"""The table of a study: a row for each run, read from plain files.

Needs neither TensorFlow nor gin, and changes nothing: it can be read while the
study runs, and on any machine.
"""

import json
import math
import os
from typing import NamedTuple

from compare_gan.storage import files
from compare_gan.study import journal


class Row(NamedTuple):
  """What is known of a run."""

  run: str  # its id
  cell: dict  # {axis: value}
  settings: dict  # {name: number}
  seed: int
  phase: str
  round: int
  order: int  # its place in the plan
  status: str  # see process.py; "refused", "running" or "waiting"
  reason: str
  log_tail: list
  seconds: float  # of all attempts
  attempts: int
  scores: dict  # {metric: {"last": x, "best": x, "min": x}}
  checkpoints: list  # [{"step": n, "scores": {metric: x}}]
  protocol: str  # digest of the protocol card
  folder: str  # model_dir


class Table(NamedTuple):
  """A study (study.json) and its rows in the order of the plan."""

  study: dict
  rows: list


def read(study_dir):
  """Returns the Table of a study's folder."""
  study = read_study(study_dir)
  states = journal.states(journal.events(study_dir))
  running = journal.is_alive(study_dir)
  rows = [
    _row(study_dir, study, run, states.get(run["id"], journal.State()), running)
    for run in planned(study_dir)
  ]
  return Table(study, rows)


def read_study(study_dir):
  """Returns the dict of study.json."""
  path = os.path.join(study_dir, "study.json")
  text = files.read_text_if_any(path)
  if text is None:
    raise FileNotFoundError(
      f"{study_dir!r} is no folder of a study: it has no study.json. "
      "`compare_gan study run FILE --out DIR` makes one."
    )
  study = json.loads(text)
  if study.get("format") != 1:
    raise ValueError(
      f"{path} has format {study.get('format')!r}; this version reads 1."
    )
  return study


def planned(study_dir):
  """Returns the runs that are known, as dicts, in the order of the plan."""
  runs = {}
  for run in journal.read_all(study_dir, "runs"):
    runs.setdefault(run["id"], run)
  return sorted(runs.values(), key=lambda run: run["order"])


def folder_of(study_dir, run_id):
  """Returns the model_dir of a run."""
  return os.path.join(study_dir, "runs", run_id)


def _row(study_dir, study, run, state, running):
  folder = folder_of(study_dir, run["id"])
  status = state.status
  if status == "running" and not running:
    status = "waiting"  # Its conductor was killed; the next one goes on.
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
    [{"step": row["step"], "scores": _finite(row["scores"])} for row in rows],
    rows[-1]["protocol_digest"] if rows else "",
    folder,
  )


# ---- Scores ------------------------------------------------------------------


def read_scores(folder):
  """Returns [{"step", "status", "scores", "errors", "protocol_digest"}].

  Of a checkpoint that was scored under several protocols the row counts that
  has the protocol of the last one.
  """
  path = os.path.join(folder, "scores.jsonl")
  text = files.read_text_if_any(path) or ""
  lines = [json.loads(line) for line in text.split("\n") if line.strip()]
  rows = [
    {
      "step": line["step"],
      "status": line["status"],
      "scores": line["scores"],
      "errors": line.get("errors") or {},
      "protocol_digest": line.get("protocol_digest", ""),
    }
    for line in lines
  ]
  return [
    row for row in rows if row["protocol_digest"] == rows[-1]["protocol_digest"]
  ]


def summarize(rows, study):
  """Returns {metric: {"last", "best", "min"}} of the rows of checkpoints.

  "last" is the last checkpoint's; "best" that of the checkpoint at which
  study.score is best; "min" the metric's own best one, whichever checkpoint.
  What is no finite number is left out.
  """
  by_step = [_finite(row["scores"]) for row in rows]
  scored = [scores for scores in by_step if study["score"] in scores]
  better = _better(study["score"], study)
  best = {}
  if scored:
    best = better(scored, key=lambda scores: scores[study["score"]])
  found = {}
  for metric in sorted({name for scores in by_step for name in scores}):
    values = [scores[metric] for scores in by_step if metric in scores]
    found[metric] = {"min": _better(metric, study)(values)}
    for rule, scores in (("last", by_step[-1]), ("best", best)):
      if metric in scores:
        found[metric][rule] = scores[metric]
  return found


def _finite(scores):
  return {name: x for name, x in scores.items() if math.isfinite(x)}


# Larger is better of scores whose names begin so, smaller of all others.
_LARGER_IS_BETTER = (
  "classification_accuracy_score",
  "conditional_accuracy",
  "coverage",
  "density",
  "high_quality_share",
  "inception_score",
  "linear_probe",
  "modes_covered",
  "prd_f",
  "precision",
  "recall",
)


def is_minimized(metric, study):
  """Returns whether a smaller value of a metric is better."""
  if metric == study["score"]:
    return study.get("minimize", True)
  return not metric.startswith(_LARGER_IS_BETTER)


def _better(metric, study):
  return min if is_minimized(metric, study) else max


def value(row, study, metric=None, rule=None):
  """Returns a run's score, None if it has none or did not end well.

  Args:
    row: a Row.
    study: the dict of study.json.
    metric: which score; study.score if it is None.
    rule: "last", "best" or "min"; study.checkpoint if it is None.
  """
  if row.status != "ok":
    return None
  return _value(row.scores, study, metric, rule)


def value_of_folder(folder, study):
  """Returns `value` of a run that ended well, by its model_dir."""
  return _value(summarize(read_scores(folder), study), study)


def _value(scores, study, metric=None, rule=None):
  of_metric = scores.get(metric or study["score"], {})
  return of_metric.get(rule or study["checkpoint"])
