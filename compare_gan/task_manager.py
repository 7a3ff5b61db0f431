"""What a model_dir says of the work that is done on it.

  TRAIN_DONE      the training has ended
  scores.csv      a row for each evaluated checkpoint: checkpoint_path, step,
                  <score>_list, _mean and _std, the gin bindings, and at the end
                  status and protocol
  scores.jsonl    the same rows with the whole protocol card and all digits
  best/           the best checkpoint so far, and best.json: by which score

A row is a dict, see evaluation.py. The tables are replaced as a whole under a
lock: any number of evaluators may add rows, and none is lost if one is killed.
"""

import contextlib
import csv
import io
import json
import math
import os
import shutil
import time

from compare_gan import gin_text
from compare_gan import model_dir as model_dir_lib
from compare_gan.estimator import checkpoints
import numpy as np

_TRAIN_DONE = "TRAIN_DONE"
_BEST = "best"

# What google/compare_gan calls a score in its tables.
_ORIGINAL_NAMES = {"fid": "fid_score"}


def mark_training_done(model_dir):
  """Leaves the file that evaluators of a running training wait for."""
  checkpoints.write_text(os.path.join(model_dir, _TRAIN_DONE), "")


def is_training_done(model_dir):
  return os.path.exists(os.path.join(model_dir, _TRAIN_DONE))


# ---- Which checkpoints are to be evaluated -----------------------------------


def to_evaluate(model_dir, filename, every_steps=1):
  """Returns the steps, in order, that have a checkpoint and no row yet.

  Args:
    model_dir: of the training.
    filename: of the table, "scores.csv".
    every_steps: only multiples of it, and the last one of a finished training.
  """
  steps = sorted(checkpoints.all_steps(model_dir))
  wanted = {step for step in steps if step % max(1, every_steps) == 0}
  if steps and is_training_done(model_dir):
    wanted.add(steps[-1])
  done = {row["step"] for row in read_rows(model_dir, filename)}
  return sorted(wanted - done)


def new_checkpoints(model_dir, filename, every_steps=1, seconds=10.0):
  """Yields steps to evaluate until the training is done and all are.

  Args:
    model_dir, filename, every_steps: as for `to_evaluate`.
    seconds: between two looks at the directory.
  """
  passed = set()  # A step whose evaluation failed without a row.
  while True:
    finished = is_training_done(model_dir)
    waiting = set(to_evaluate(model_dir, filename, every_steps)) - passed
    if waiting:
      step = min(waiting)
      yield step
      passed.add(step)
    elif finished:
      return
    else:
      time.sleep(seconds)


# ---- The tables --------------------------------------------------------------


def add_row(model_dir, row, filename="scores.csv"):
  """Adds a row to both tables, in place of one with its step and protocol.

  Args:
    model_dir: of the training.
    row: see evaluation.py.
    filename: of the csv; the other table has its name with .jsonl.
  """
  os.makedirs(model_dir, exist_ok=True)
  path = os.path.join(model_dir, filename)
  with _lock(path):
    rows = [
      old for old in read_rows(model_dir, filename) if _key(old) != _key(row)
    ]
    rows = sorted([*rows, row], key=lambda row: row["step"])
    lines = [json.dumps(row, sort_keys=True) + "\n" for row in rows]
    # The jsonl first: the csv follows from it.
    checkpoints.write_text(_jsonl(path), "".join(lines))
    checkpoints.write_text(path, _csv(rows, _foreign_rows(path, rows)))


def read_rows(model_dir, filename="scores.csv"):
  """Returns the rows that were added, ordered by step."""
  path = _jsonl(os.path.join(model_dir, filename))
  if not os.path.isfile(path):
    return []
  with open(path) as file:
    return [json.loads(line) for line in file if line.strip()]


def _jsonl(path):
  return os.path.splitext(path)[0] + ".jsonl"


def _key(row):
  return row["step"], row["protocol_digest"]


def _foreign_rows(path, rows):
  """Returns rows of a csv that google/compare_gan wrote: none of ours."""
  if not os.path.isfile(path):
    return []
  ours = {str(row["step"]) for row in rows}
  with open(path, newline="") as file:
    return [
      row
      for row in csv.DictReader(file)
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


@contextlib.contextmanager
def _lock(path):
  """Lets one process at a time change the tables.

  The lock is the system's: it ends with the process, however that ends.
  """
  folder, name = os.path.split(path)
  with open(os.path.join(folder, f".{name}.lock"), "a") as file:
    try:
      import fcntl
    except ImportError:  # Windows
      import msvcrt

      msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
      yield
      file.seek(0)
      msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
      return
    fcntl.flock(file, fcntl.LOCK_EX)
    yield


# ---- The best checkpoint -----------------------------------------------------


def keep_best(model_dir, row, by):
  """Keeps the checkpoint of `row` in best/ if no other one is better.

  Rows are compared only with those of the same protocol.

  Args:
    model_dir: of the training.
    row: that was added last.
    by: name of a score, the smaller the better, or "-" and the name of a score
      that is better the larger it is.

  Returns:
    Whether it is the best.
  """
  name, sign = (by[1:], -1.0) if by.startswith("-") else (by, 1.0)
  if name not in row["scores"]:
    return False
  value = row["scores"][name]
  folder = os.path.join(model_dir, _BEST)
  card_path = os.path.join(folder, "best.json")
  best = None
  if os.path.isfile(card_path):
    with open(card_path) as file:
      best = json.load(file)
  if not math.isfinite(value) or _is_better(best, by, row, sign * value):
    return False
  os.makedirs(folder, exist_ok=True)
  prefix = f"model.ckpt-{row['step']}."
  for file in sorted(os.listdir(model_dir)):
    if file.startswith(prefix):
      _copy(os.path.join(model_dir, file), os.path.join(folder, file))
  for file in ("model.json", model_dir_lib.newest_config(model_dir)):
    if file and os.path.isfile(os.path.join(model_dir, file)):
      _copy(os.path.join(model_dir, file), os.path.join(folder, file))
  card = {
    "by": by,
    "value": value,
    "step": row["step"],
    "protocol": row["protocol_digest"],
  }
  checkpoints.write_text(card_path, json.dumps(card) + "\n")
  for file in os.listdir(folder):  # The one that was the best before.
    if file.startswith("model.ckpt-") and not file.startswith(prefix):
      os.remove(os.path.join(folder, file))
  return True


def _is_better(best, by, row, signed_value):
  """Returns whether the checkpoint that was kept is better than `row`'s."""
  if best is None or (best["by"], best["protocol"]) != (
    by,
    row["protocol_digest"],
  ):
    return False
  sign = -1.0 if by.startswith("-") else 1.0
  return sign * best["value"] <= signed_value


def _copy(source, target):
  beside = f"{target}.writing"
  shutil.copyfile(source, beside)
  os.replace(beside, target)


# ---- Bindings ----------------------------------------------------------------


def bindings(text):
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
