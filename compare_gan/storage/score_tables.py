"""The tables of scores in a model_dir.

  scores.csv      a row for each evaluated checkpoint: checkpoint_path, step,
                  <score>_list, _mean and _std, the gin bindings, and at the end
                  status and protocol
  scores.jsonl    the same rows with the whole protocol card and all digits

Any number of evaluators may add rows: one lock guards the tables and best/.
"""

import csv
import dataclasses
import io
import json
import os
from typing import Optional

from compare_gan.configuration import gin_text
from compare_gan.evaluation import protocol
from compare_gan.storage import best_checkpoint
from compare_gan.storage import files
from compare_gan.storage import locks
from compare_gan.storage import score_row
from compare_gan.storage.score_row import ScoreRow
import numpy as np

# Names of scores in the tables of google/compare_gan.
_ORIGINAL_NAMES = {"fid": "fid_score"}


def _lock(model_dir):
  """Lets one process at a time change the tables and best/."""
  files.make_folder(model_dir)
  return locks.hold(os.path.join(model_dir, ".scores.lock"))


def record(
  model_dir: str,
  row: ScoreRow,
  filename: str = "scores.csv",
  best_by: Optional[str] = None,
) -> bool:
  """Adds a row and, if it is the best, keeps its checkpoint, as one change.

  Args:
    model_dir, row, filename: as for `add_row`.
    best_by: as for `keep_best`; None keeps no checkpoint.

  Returns:
    Whether it is the best.
  """
  with _lock(model_dir):
    # The row comes last: an evaluation killed before that is repeated.
    is_best = best_by is not None and best_checkpoint.keep(
      model_dir, row, best_by
    )
    _add_row(model_dir, row, filename)
  return is_best


def add_row(
  model_dir: str, row: ScoreRow, filename: str = "scores.csv"
) -> None:
  """Adds a row to both tables, or merges its scores into an existing row.

  The existing row has the same step and protocol, apart from metrics that only
  one of them has. New metrics are added, and newer values replace older ones.

  Args:
    model_dir: of the training.
    row: to add.
    filename: of the csv; the other table has its name with .jsonl.
  """
  with _lock(model_dir):
    _add_row(model_dir, row, filename)


def _add_row(model_dir, row, filename):
  path = os.path.join(model_dir, filename)
  rows = read_rows(model_dir, filename)
  place = _place(rows, row)
  if place is None:
    rows.append(row)
  else:
    rows[place] = _merged(rows[place], row)
  rows.sort(key=lambda row: row.step)
  lines = [json.dumps(row.as_json(), sort_keys=True) + "\n" for row in rows]
  # The jsonl comes last: it marks a step as evaluated.
  files.write_text(path, _csv(rows, _foreign_rows(path, rows)))
  files.write_text(_jsonl(path), "".join(lines))


def read_rows(model_dir: str, filename: str = "scores.csv") -> list[ScoreRow]:
  """Returns the rows that were added, ordered by step."""
  text = files.read_text_if_any(_jsonl(os.path.join(model_dir, filename)))
  lines = [line for line in (text or "").splitlines() if line]
  return [ScoreRow.from_json(json.loads(line)) for line in lines]


def _place(rows, new):
  """Returns the index of the row that `new` is merged into, or None."""
  same_step = [i for i, row in enumerate(rows) if row.step == new.step]
  for i in same_step:
    if rows[i].protocol_digest == new.protocol_digest:
      return i
  for i in reversed(same_step):
    if protocol.merged(rows[i].protocol, new.protocol):
      return i
  return None


def _merged(old, new):
  """Returns one row for two evaluations of a step under one protocol."""
  if not (old.is_of_metrics and new.is_of_metrics):
    return new
  intervals = {k: x for k, x in old.intervals.items() if k not in new.scores}
  without = {
    metric: reason
    for metric, reason in old.without_intervals.items()
    if metric not in new.metrics
  }
  without.update(new.without_intervals)
  scores = {**old.scores, **new.scores}
  metrics = {**old.metrics, **new.metrics}
  # A metric that another evaluation computed is not missing. Rows of earlier
  # versions have no "metrics".
  errors = {
    metric: error
    for metric, error in {**old.errors, **new.errors}.items()
    if metric not in metrics and metric not in scores
  }
  row = dataclasses.replace(
    new,
    scores=scores,
    lists={**old.lists, **new.lists},
    intervals={**intervals, **new.intervals},
    metrics=metrics,
    better={**old.better, **new.better},
    errors=errors,
    status=score_row.status_of(errors),
  )
  if without:
    row = dataclasses.replace(row, without_intervals=without)
  card = protocol.merged(old.protocol, new.protocol)
  if not card:
    return row
  digest = protocol.digest(card)
  return dataclasses.replace(row, protocol=card, protocol_digest=digest)


def _jsonl(path):
  return os.path.splitext(path)[0] + ".jsonl"


def _foreign_rows(path, rows):
  """Returns the rows of a csv that google/compare_gan wrote."""
  ours = {str(row.step) for row in rows}
  return [
    row
    for row in csv.DictReader(io.StringIO(files.read_text_if_any(path) or ""))
    if not row.get("protocol") and row.get("step") not in ours
  ]


def _csv(rows, foreign):
  """Returns the table as text: the original's columns, then ours."""
  cells = [*foreign, *map(_cells, rows)]
  cells.sort(key=lambda row: int(row["step"]))
  ours = ["status", "protocol"]
  names = {name for row in cells for name in row}
  names -= {"checkpoint_path", "step", *ours}
  # Names of bindings contain a dot, names of scores do not.
  columns = [
    "checkpoint_path",
    "step",
    *sorted(name for name in names if "." not in name),
    *sorted(name for name in names if "." in name),
    *ours,
  ]
  text = io.StringIO()
  writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
  writer.writeheader()
  writer.writerows(cells)
  return text.getvalue()


def _cells(row):
  cells = {
    "checkpoint_path": row.checkpoint_path,
    "step": str(row.step),
    "status": row.status,
    "protocol": row.protocol_digest,
    **row.config,
  }
  for name, values in row.lists.items():
    name = _ORIGINAL_NAMES.get(name, name)
    cells[f"{name}_list"] = "_".join(map(_number, values))
    cells[f"{name}_mean"] = _number(np.mean(values))
    cells[f"{name}_std"] = _number(np.std(values))
  for metric, error in row.errors.items():
    cells[f"{metric}_error"] = error
  return cells


def _number(x):
  """Three decimals as in the original; six digits where three would hide it."""
  return f"{x:.3f}" if abs(x) >= 1.0 or not x else f"{x:.6g}"


def keep_best(model_dir: str, row: ScoreRow, by: str) -> bool:
  """Keeps the checkpoint of `row` in best/ if no other one is better.

  Args:
    model_dir, row, by: as for `best_checkpoint.keep`.

  Returns:
    Whether it is the best.
  """
  with _lock(model_dir):
    return best_checkpoint.keep(model_dir, row, by)


def bindings(text: str) -> dict[str, str]:
  """Returns {"selector.parameter": value as text} of a gin file.

  A scope stays part of the name: two scopes have two columns.
  """
  found, _ = gin_text.read(text)
  return {
    name if "." in name else f"macro.{name}": _text(value)
    for name, value in found.items()
  }


def _text(value):
  if isinstance(value, (list, tuple)):
    inner = ", ".join(map(_text, value))
    return f"[{inner}]" if isinstance(value, list) else f"({inner})"
  return value if isinstance(value, str) else repr(value)
