"""What a model_dir says of the work that is done on it.

  TRAIN_DONE      the training has ended
  scores.csv      a row for each evaluated checkpoint: checkpoint_path, step,
                  <score>_list, _mean and _std, the gin bindings, and at the end
                  status and protocol
  scores.jsonl    the same rows with the whole protocol card and all digits
  best/           the best checkpoint so far, and best.json: which it is, and by
                  which score

A row is a dict, see evaluation.py. Any number of evaluators may add rows: the
tables and best/ change under one lock. What is replaced stays whole until what
replaces it is, whenever a process is killed.
"""

from collections.abc import Iterable
from collections.abc import Iterator
import csv
import io
import json
import math
import os
import re
import time
from typing import Any
from typing import Callable
from typing import Optional

from compare_gan.configuration import gin_text
from compare_gan.evaluation import protocol
from compare_gan.metrics import contract
from compare_gan.storage import checkpoints
from compare_gan.storage import files
from compare_gan.storage import locks
from compare_gan.storage import model_dir as model_dir_lib
import numpy as np

_TRAIN_DONE = "TRAIN_DONE"
_BEST = "best"
_NEW = ".new"  # of files that are to be moved into best/
_CHECKPOINT = r"model\.ckpt-(\d+)\.(index|data-\d+-of-\d+)"

# What google/compare_gan calls a score in its tables.
_ORIGINAL_NAMES = {"fid": "fid_score"}


def mark_training_done(model_dir: str) -> None:
  """Leaves the file that evaluators of a running training wait for."""
  files.write_text(os.path.join(model_dir, _TRAIN_DONE), "")


def mark_training_running(model_dir: str) -> None:
  """Removes that file: a training goes on to a later end."""
  path = os.path.join(model_dir, _TRAIN_DONE)
  if os.path.exists(path):
    with files.refusals(path):
      files.call(os.remove, path)
      files.sync_folder(path)


def is_training_done(model_dir: str) -> bool:
  return os.path.exists(os.path.join(model_dir, _TRAIN_DONE))


def _lock(model_dir):
  """Lets one process at a time change the tables and best/."""
  files.make_folder(model_dir)
  return locks.held(os.path.join(model_dir, ".scores.lock"))


# ---- Which checkpoints are to be evaluated -----------------------------------


def to_evaluate(
  model_dir: str,
  filename: str,
  every_steps: int = 1,
  is_scored: Optional[Callable[[int, list[dict[str, Any]]], bool]] = None,
  passed: Iterable[int] = (),
) -> list[int]:
  """Returns the steps, in order, that have a checkpoint and are not scored.

  Args:
    model_dir: of the training.
    filename: of the table, "scores.csv".
    every_steps: only multiples of it, and the last one of a finished training.
    is_scored: (step, its rows) -> whether there is nothing to add; asked if
      there are rows. None: any row will do.
    passed: steps that are not to be returned.
  """
  steps = sorted(checkpoints.all_steps(model_dir))
  wanted = {step for step in steps if step % max(1, every_steps) == 0}
  if steps and is_training_done(model_dir):
    wanted.add(steps[-1])
  rows = {}
  for row in read_rows(model_dir, filename):
    rows.setdefault(row["step"], []).append(row)
  return [
    step
    for step in sorted(wanted - {*passed})
    if not (step in rows and (is_scored is None or is_scored(step, rows[step])))
  ]


def new_checkpoints(
  model_dir: str,
  filename: str,
  every_steps: int = 1,
  seconds: float = 10.0,
  is_scored: Optional[Callable[[int, list[dict[str, Any]]], bool]] = None,
) -> Iterator[int]:
  """Yields steps to evaluate until the training is done and all are.

  Args:
    model_dir, filename, every_steps, is_scored: as for `to_evaluate`. A step is
      asked about once.
    seconds: between two looks at the directory.
  """
  passed = set()  # Not again, though an evaluation failed without a row.
  answers = {}  # {step: whether it was scored before}

  def ask_once(step, rows):
    if step not in answers:
      answers[step] = is_scored is None or is_scored(step, rows)
    return answers[step]

  while True:
    finished = is_training_done(model_dir)
    waiting = to_evaluate(model_dir, filename, every_steps, ask_once, passed)
    if waiting:
      step = waiting[0]
      yield step
      passed.add(step)
    elif finished:
      return
    else:
      time.sleep(seconds)


# ---- The tables --------------------------------------------------------------


def record(
  model_dir: str,
  row: dict[str, Any],
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
    # The row last: without one, an evaluation that is killed is made again.
    is_best = best_by is not None and _keep_best(model_dir, row, best_by)
    _add_row(model_dir, row, filename)
  return is_best


def add_row(
  model_dir: str, row: dict[str, Any], filename: str = "scores.csv"
) -> None:
  """Adds a row to both tables, or its scores to the row that is there.

  That is the row of the same step and protocol, but for metrics that only one
  of them has: other metrics are added, and newer values replace older ones.

  Args:
    model_dir: of the training.
    row: see evaluation.py.
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
  rows.sort(key=lambda row: row["step"])
  lines = [json.dumps(row, sort_keys=True) + "\n" for row in rows]
  # The jsonl last: it is what says that a step has been evaluated.
  files.write_text(path, _csv(rows, _foreign_rows(path, rows)))
  files.write_text(_jsonl(path), "".join(lines))


def read_rows(
  model_dir: str, filename: str = "scores.csv"
) -> list[dict[str, Any]]:
  """Returns the rows that were added, ordered by step."""
  text = files.read_text_if_any(_jsonl(os.path.join(model_dir, filename)))
  return [json.loads(line) for line in (text or "").splitlines() if line]


def _place(rows, new):
  """Returns which row the scores of another one belong to, None if to none."""
  of_step = [i for i, row in enumerate(rows) if row["step"] == new["step"]]
  for i in of_step:
    if rows[i]["protocol_digest"] == new["protocol_digest"]:
      return i
  for i in reversed(of_step):
    if protocol.merged(rows[i]["protocol"], new["protocol"]):
      return i
  return None


def _merged(old, new):
  """Returns one row of two evaluations of a step under one protocol."""
  if not (_is_of_metrics(old) and _is_of_metrics(new)):
    return new
  intervals = {
    name: interval
    for name, interval in old["intervals"].items()
    if name not in new["scores"]
  }
  row = {
    **new,
    "scores": {**old["scores"], **new["scores"]},
    "lists": {**old["lists"], **new["lists"]},
    "intervals": {**intervals, **new["intervals"]},
    "metrics": {**old.get("metrics", {}), **new.get("metrics", {})},
    "better": {**old.get("better", {}), **new.get("better", {})},
  }
  without = {
    metric: reason
    for metric, reason in old.get("without_intervals", {}).items()
    if metric not in new.get("metrics", {})
  }
  without.update(new.get("without_intervals", {}))
  if without:
    row["without_intervals"] = without
  card = protocol.merged(old["protocol"], new["protocol"])
  if card:
    row["protocol"], row["protocol_digest"] = card, protocol.digest(card)
  # A metric whose value is there from another evaluation is not missing.
  errors = {**old["errors"], **new["errors"]}
  row["errors"] = {m: e for m, e in errors.items() if not _has_scores(row, m)}
  row["status"] = _status(row["errors"])
  return row


def _is_of_metrics(row):
  """Returns whether a row speaks of metrics, not of images without meaning."""
  return row["status"] == _status(row["errors"])


def _status(errors):
  return f"no {', '.join(sorted(errors))}" if errors else "ok"


def _has_scores(row, metric):
  # Rows of before know no "metrics".
  return metric in row["metrics"] or metric in row["scores"]


def _jsonl(path):
  return os.path.splitext(path)[0] + ".jsonl"


def _foreign_rows(path, rows):
  """Returns rows of a csv that google/compare_gan wrote: none of ours."""
  ours = {str(row["step"]) for row in rows}
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
  # Names of bindings have a dot, those of scores have none.
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
    "checkpoint_path": row["checkpoint_path"],
    "step": str(row["step"]),
    "status": row["status"],
    "protocol": row["protocol_digest"],
    **row["config"],
  }
  for name, values in row["lists"].items():
    name = _ORIGINAL_NAMES.get(name, name)
    cells[f"{name}_list"] = "_".join(map(_number, values))
    cells[f"{name}_mean"] = _number(np.mean(values))
    cells[f"{name}_std"] = _number(np.std(values))
  for metric, error in row["errors"].items():
    cells[f"{metric}_error"] = error
  return cells


def _number(x):
  """Three decimals as in the original; six digits for what they would hide."""
  return f"{x:.3f}" if abs(x) >= 1.0 or not x else f"{x:.6g}"


# ---- The best checkpoint -----------------------------------------------------


def keep_best(model_dir: str, row: dict[str, Any], by: str) -> bool:
  """Keeps the checkpoint of `row` in best/ if no other one is better.

  Rows are compared only with those that have this score under the same
  protocol, whatever other metrics they have, and with what best/ holds at this
  moment: an evaluator that was slower changes nothing. Nor does one whose
  checkpoint the training has removed meanwhile.

  Args:
    model_dir: of the training.
    row: that was added last.
    by: name of a score, which is better as the row says; a "-" before it says
      that higher is better, whatever its metric declares.

  Returns:
    Whether it is the best.
  """
  with _lock(model_dir):
    return _keep_best(model_dir, row, by)


def _keep_best(model_dir, row, by):
  name, better = _direction(row, by)
  value = row["scores"].get(name)
  if value is None or not math.isfinite(value):
    return False
  folder = os.path.join(model_dir, _BEST)
  best = _best_card(folder)
  if best is not None:
    _remove_all_but(folder, best["step"])  # What a killed evaluator has left.
    if _is_kept(best, name, better, row):
      return False
  if not _copy_checkpoint(model_dir, row["step"], folder):
    return False
  card = {
    "by": name,
    "better": better,
    "value": value,
    "step": row["step"],
    "protocol": protocol.digest_of_score(row, name),
  }
  # From here on it is the best: both are whole, and the card says which counts.
  files.write_text(
    os.path.join(folder, model_dir_lib.BEST_CARD), json.dumps(card) + "\n"
  )
  _remove_all_but(folder, row["step"])
  return True


def _best_card(folder):
  """Returns best.json, None if there is no checkpoint that it speaks of."""
  step = model_dir_lib.best_step(folder)
  if step is None:
    return None
  path = os.path.join(folder, model_dir_lib.BEST_CARD)
  return json.loads(files.read_text(path))


def _direction(row, by):
  """Returns the name of a score and which way it is better."""
  if by.startswith("-"):
    return by[1:], contract.HIGHER
  better = contract.better_in_row(row, by)
  if by in row["scores"] and better not in (contract.LOWER, contract.HIGHER):
    raise ValueError(
      f"evaluate.best_by = {by!r}: nothing says whether lower or higher is "
      "better. Its metric can, see compare_gan/metrics/contract.py."
    )
  return by, better


def _is_kept(best, name, better, row):
  """Returns whether the checkpoint in best/ is as good as `row`'s or better."""
  # Earlier versions wrote "-" before a name where higher is better.
  if (best["by"].removeprefix("-"), best["protocol"]) != (
    name,
    protocol.digest_of_score(row, name),
  ):
    return False
  if better == contract.HIGHER:
    return best["value"] >= row["scores"][name]
  return best["value"] <= row["scores"][name]


def _copy_checkpoint(model_dir, step, folder):
  """Copies a checkpoint and what it was made with; returns whether it could.

  All files are copied under other names first, and the index comes last: before
  it there is no such checkpoint.
  """
  here = files.names(model_dir)
  parts = [name for name in here if _step_of(name) == step]
  parts.sort(key=lambda name: name.endswith(".index"))
  if not parts or not parts[-1].endswith(".index"):
    return False
  config = model_dir_lib.newest_config(model_dir, step)
  about = [name for name in (model_dir_lib.CARD, config) if name in here]
  files.make_folder(folder)
  try:
    for name in [*about, *parts]:
      files.copy(
        os.path.join(model_dir, name), os.path.join(folder, f"{name}{_NEW}")
      )
  except FileNotFoundError:  # The training removes its old checkpoints.
    _remove(folder, [name for name in files.names(folder) if _is_new(name)])
    return False
  for name in [*about, *parts]:
    path = os.path.join(folder, name)
    with files.refusals(path):
      files.call(os.replace, f"{path}{_NEW}", path)
      files.sync_folder(path)
  return True


def _remove_all_but(folder, step):
  """Removes from best/ what belongs to checkpoints of other steps."""
  names = files.names(folder)
  config = model_dir_lib.newest_config(folder, step)
  gone = [
    name
    for name in names
    if _is_new(name)
    or _step_of(name) not in (None, step)
    or (model_dir_lib.is_config(name) and name != config)
  ]
  _remove(folder, sorted(gone, key=lambda name: not name.endswith(".index")))


def _remove(folder, names):
  for name in names:
    path = os.path.join(folder, name)
    with files.refusals(path):
      files.call(os.remove, path)


def _is_new(name):
  return name.endswith((_NEW, f"{_NEW}.writing"))


def _step_of(name):
  """Returns the step of a file of a checkpoint, None of any other."""
  match = re.fullmatch(_CHECKPOINT, name)
  return int(match[1]) if match else None


# ---- Bindings ----------------------------------------------------------------


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
