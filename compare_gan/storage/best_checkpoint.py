"""The best checkpoint of a training, in best/ of its model_dir.

  best/best.json        which checkpoint it is, and by which score
  best/model.ckpt-*     the checkpoint, with model.json and its operative config

The old checkpoint stays whole until the new one is complete, even if a process
is killed in between.
"""

import json
import math
import os
import re
from typing import Any
from typing import Optional

from compare_gan.evaluation import protocol
from compare_gan.metrics import contract
from compare_gan.storage import files
from compare_gan.storage import model_dir as model_dir_lib
from compare_gan.storage.score_row import ScoreRow

_BEST = "best"
_NEW = ".new"  # suffix of files that will be moved into best/
_CHECKPOINT = r"model\.ckpt-(\d+)\.(index|data-\d+-of-\d+)"


def keep(model_dir: str, row: ScoreRow, by: str) -> bool:
  """Keeps the checkpoint of `row` in best/ if no other one is better.

  A row is compared only with rows that have this score under the same
  protocol, whatever their other metrics, and with what best/ holds at this
  moment. A slower evaluator changes nothing, and neither does an evaluator of a
  checkpoint that the training has since removed.

  The caller holds the lock of the tables.

  Args:
    model_dir: of the training.
    row: the one added last.
    by: name of a score. The row says which direction is better; a "-" before
      the name means that higher is better, whatever its metric declares.

  Returns:
    Whether it is the best.
  """
  name, better = _direction(row, by)
  value = row.scores.get(name)
  if value is None or not math.isfinite(value):
    return False
  folder = os.path.join(model_dir, _BEST)
  best = _best_card(folder)
  if best is not None:
    _remove_all_but(folder, best["step"])  # Leftovers of a killed evaluator.
    if _is_kept(best, name, better, row):
      return False
  if not _copy_checkpoint(model_dir, row.step, folder):
    return False
  card = {
    "by": name,
    "better": better,
    "value": value,
    "step": row.step,
    "protocol": protocol.digest_of_score(row, name),
  }
  # This makes the new checkpoint the best: both are whole, and the card says
  # which one counts.
  files.write_text(
    os.path.join(folder, model_dir_lib.BEST_CARD), json.dumps(card) + "\n"
  )
  _remove_all_but(folder, row.step)
  return True


def _best_card(folder: str) -> Optional[dict[str, Any]]:
  """Returns best.json, or None if the checkpoint that it names is missing."""
  step = model_dir_lib.best_step(folder)
  if step is None:
    return None
  path = os.path.join(folder, model_dir_lib.BEST_CARD)
  return json.loads(files.read_text(path))


def _direction(row, by):
  """Returns the name of a score and which direction is better."""
  if by.startswith("-"):
    return by[1:], contract.HIGHER
  better = contract.better_in_row(row, by)
  if by in row.scores and better not in (contract.LOWER, contract.HIGHER):
    raise ValueError(
      f"evaluate.best_by = {by!r}: no metric declares whether lower or higher "
      "is better. Declare it, see compare_gan/metrics/contract.py."
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
    return best["value"] >= row.scores[name]
  return best["value"] <= row.scores[name]


def _copy_checkpoint(model_dir, step, folder):
  """Copies a checkpoint and what it was made with; returns whether it could.

  All files are copied under temporary names first. The index is moved last:
  without it the checkpoint does not exist.
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
  """Returns the step of a checkpoint's file, None for any other file."""
  match = re.fullmatch(_CHECKPOINT, name)
  return int(match[1]) if match else None
