"""Imports scores of google/compare_gan, scores.csv, as a study.

Such a file has a row for each checkpoint: checkpoint_path, step, <score>_list,
_mean and _std, and the gin bindings. Rows with the same file, model_dir and
bindings are one run. Bindings that differ between runs become axes; those that
divide the runs in the same way become one axis, named after one of them. A
binding with more than `most_values` numbers becomes a setting, because its
values were searched, not chosen. The original wrote NaN as 31337: a run that
ends with this score has collapsed.
"""

from collections.abc import Sequence
import csv
import hashlib
import json
import math
import os
import re
from typing import NamedTuple
from typing import Optional

from compare_gan.storage.score_row import ScoreRow
from compare_gan.study.report import tables
from compare_gan.study.run import table as table_lib

_NAN = 31337.0
_UNSET = "(not set)"
_SEEDS = ("run_config.tf_random_seed", "random_seed", "seed")
_OF_A_CHECKPOINT = re.compile(r"(/tfhub)?/(model\.ckpt-)?\d+/?$")
# The original's name of a score, and ours.
_NAMES = {"fid_score": "fid"}
_NO_SCORES = ("checkpoint_path", "step", "status", "protocol")


class _Run(NamedTuple):
  bindings: dict
  checkpoints: list  # [{"step", "scores"}]
  protocol: str


def read(
  paths: Sequence[str],
  score: Optional[str] = None,
  checkpoint: str = "last",
  most_values: int = 10,
) -> table_lib.Table:
  """Returns the Table of some scores.csv.

  Args:
    paths: the paths of the files.
    score: the score that decides; None for fid, else the first one.
    checkpoint: which score of a run counts: "last", "best" or "min".
    most_values: a binding with more numbers becomes a setting, not an axis.
  """
  runs = [run for path in paths for run in _read_file(path)]
  metrics = sorted(
    {
      name
      for run in runs
      for each in run.checkpoints
      for name in each["scores"]
    }
  )
  if not metrics:
    raise ValueError(
      f"{', '.join(map(str, paths))}: no column holds a score. Name one "
      "<score>_mean, as google/compare_gan does."
    )
  if score is None:
    score = "fid" if "fid" in metrics else metrics[0]
  if score not in metrics:
    raise ValueError(
      f"There is no score {score!r}. Choose one of {', '.join(metrics)}."
    )
  differing = _differing([run.bindings for run in runs])
  names = [
    name
    for name, values in differing.items()
    if _is_searched(values, most_values)
  ]
  axes = _axes({k: v for k, v in differing.items() if k not in names})
  study = {
    "format": 1,
    "name": "imported scores",
    "axes": {name: _ordered(differing[name]) for name in axes},
    "score": score,
    "minimize": table_lib.is_minimized({"score": score}),
    "checkpoint": checkpoint,
    "seeds": 1,
    "phases": ["imported"],
    "runs": len(runs),
    "top_percent": 5,
  }
  rows = _rows(runs, study, axes, names)
  study["seeds"] = max(_seeds_by_setting(rows).values())
  return table_lib.Table(study, rows)


# ---- Reading -----------------------------------------------------------------


def _read_file(path):
  """Returns the _Runs of a scores.csv, in the order of their first rows."""
  with open(path, newline="", encoding="utf-8") as file:
    reader = csv.DictReader(file)
    if "step" not in (reader.fieldnames or ()):
      raise ValueError(
        f"{path} has the columns {reader.fieldnames}, but not 'step', so it "
        "is not a scores.csv."
      )
    found = {}
    for row in reader:
      key, run = _run_of(row)
      step = _step(row["step"], f"{path}, line {reader.line_num}")
      checkpoints = found.setdefault(key, run).checkpoints
      checkpoints.append({"step": step, "scores": _scores(row)})
  for run in found.values():
    run.checkpoints.sort(key=lambda each: each["step"])
  return list(found.values())


def _run_of(row):
  """Returns a key that identifies a row's run, and the run, still empty."""
  bindings = {
    name: text
    for name, text in row.items()
    if name and text and not _is_of_scores(name)
  }
  model_dir = _OF_A_CHECKPOINT.sub("", row.get("checkpoint_path") or "")
  key = (model_dir, tuple(sorted(bindings.items())))
  return key, _Run(bindings, [], row.get("protocol") or "")


def _step(text, where):
  try:
    return int(text)
  except (TypeError, ValueError):
    raise ValueError(
      f"{where}: the step is {text!r}, which is not a number."
    ) from None


def _is_of_scores(name):
  if "." in name:  # Names of bindings have a dot, those of scores have none.
    return False
  ends = ("_list", "_mean", "_std", "_error", "_score")
  return name in _NO_SCORES or name.endswith(ends)


def _scores(row):
  """Returns {score: number} of a row; NaN where the original has 31337."""
  found = {}
  for name, text in row.items():
    if not name or "." in name or not name.endswith(("_mean", "_score")):
      continue
    base = name[: -len("_mean")] if name.endswith("_mean") else name
    number = _number(text)
    if number is not None:
      found[_NAMES.get(base, base)] = math.nan if number == _NAN else number
  return found


def _number(text):
  try:
    return float(text)
  except (TypeError, ValueError):
    return None


# ---- Axes and settings -------------------------------------------------------


def _differing(all_bindings):
  """Returns {binding: [its value in each run]} of those that differ."""
  names = sorted({name for bindings in all_bindings for name in bindings})
  columns = {
    name: [bindings.get(name, _UNSET) for bindings in all_bindings]
    for name in names
    if name not in _SEEDS
  }
  return {
    name: values for name, values in columns.items() if len(set(values)) > 1
  }


def _is_searched(values, most_values):
  present = set(values) - {_UNSET}
  return len(present) > most_values and all(
    _number(value) is not None for value in present
  )


def _axes(differing):
  """Returns names of axes, one for all bindings that divide runs alike.

  A choice such as "@hinge" stands for the numbers that change with it.
  """
  kept = {}
  for name in sorted(differing, key=lambda name: _order(name, differing)):
    first_places = tuple(map(differing[name].index, differing[name]))
    kept.setdefault(first_places, name)
  return sorted(kept.values())


def _order(name, differing):
  return not any(value.startswith("@") for value in differing[name]), name


def _ordered(values):
  """Returns the values of an axis: numbers by size, then texts."""

  def place(value: str) -> tuple[bool, float, str]:
    number = _number(value)
    return (number is None, number or 0.0, value)

  return sorted(set(values), key=place)


# ---- Rows --------------------------------------------------------------------


def _rows(runs, study, axes, names):
  rows, copies = [], {}
  for order, run in enumerate(runs):
    cell = {axis: run.bindings.get(axis, _UNSET) for axis in axes}
    settings = {
      name: float(run.bindings[name]) for name in names if name in run.bindings
    }
    # Runs with the same key differ in the seed, whether it is recorded or not.
    key = json.dumps([cell, settings], sort_keys=True)
    seed = copies[key] = copies.get(key, 0) + 1
    content = json.dumps([sorted(run.bindings.items()), seed])
    rows.append(_row(run, study, cell, settings, seed, order, content))
  return rows


def _row(run, study, cell, settings, seed, order, content):
  run_id = hashlib.sha256(content.encode()).hexdigest()[:16]
  last = run.checkpoints[-1]["scores"].get(study["score"], math.nan)
  collapsed = not math.isfinite(last)
  return table_lib.Row(
    run=run_id,
    cell=cell,
    settings=settings,
    seed=seed,
    phase="imported",
    round=0,
    order=order,
    status="collapsed" if collapsed else "ok",
    reason=f"{study['score']} of the last checkpoint is NaN or missing."
    if collapsed
    else "",
    log_tail=[],
    seconds=0.0,
    attempts=1,
    scores=table_lib.summarize(
      [ScoreRow.from_json(each) for each in run.checkpoints], study
    ),
    checkpoints=run.checkpoints,
    protocol=run.protocol,
    folder="",
  )


def _seeds_by_setting(rows):
  found = {}
  for row in rows:
    key = json.dumps([row.cell, row.settings], sort_keys=True)
    found[key] = max(found.get(key, 0), row.seed)
  return found


# ---- Writing -----------------------------------------------------------------


def write(table: table_lib.Table, folder: str) -> None:
  """Writes a Table as the folder of a study, for table.read."""
  if os.path.exists(os.path.join(folder, "study.json")):
    raise FileExistsError(
      f"{folder} holds a study already. Name another folder with --out."
    )
  os.makedirs(folder, exist_ok=True)
  for row in table.rows:
    run_dir = table_lib.folder_of(folder, row.run)
    os.makedirs(run_dir, exist_ok=True)
    lines = _lines(_score_line(row, each) for each in row.checkpoints)
    tables.write_text(os.path.join(run_dir, "scores.jsonl"), lines)
  tables.write_text(
    os.path.join(folder, "runs.jsonl"), _lines(map(_planned, table.rows))
  )
  tables.write_text(
    os.path.join(folder, "journal.jsonl"),
    _lines(event for row in table.rows for event in _events(row)),
  )
  tables.write_text(
    os.path.join(folder, "study.json"), json.dumps(table.study, indent=1) + "\n"
  )


def _lines(records):
  return "".join(json.dumps(record) + "\n" for record in records)


def _score_line(row, checkpoint):
  scores = checkpoint["scores"]
  return {
    "step": checkpoint["step"],
    "status": "ok",
    "scores": {name: x for name, x in scores.items() if math.isfinite(x)},
    "errors": {},
    "protocol_digest": row.protocol,
  }


def _planned(row):
  names = ("cell", "settings", "seed", "phase", "round", "order")
  return {"id": row.run, **{name: getattr(row, name) for name in names}}


def _events(row):
  """Returns the two journal lines of a run that was trained elsewhere."""
  start = {"time": "", "run": row.run, "event": "start", "attempt": 1}
  end = {**start, "event": "end", "status": row.status, "reason": row.reason}
  return [start, {**end, "log_tail": [], "seconds": 0.0, "host": ""}]
