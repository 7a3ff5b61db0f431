"""What is left to evaluate in a model_dir, and whether its training has ended.

  TRAIN_DONE   the training has ended

score_tables.py keeps the results of evaluations, best_checkpoint.py the best
checkpoint.
"""

from collections.abc import Iterable
from collections.abc import Iterator
import os
import time
from typing import Callable
from typing import Optional

from compare_gan.storage import checkpoints
from compare_gan.storage import files
from compare_gan.storage import score_tables
from compare_gan.storage.score_row import ScoreRow

_TRAIN_DONE = "TRAIN_DONE"


def mark_training_done(model_dir: str) -> None:
  """Writes the file that evaluators of a running training wait for."""
  files.write_text(os.path.join(model_dir, _TRAIN_DONE), "")


def mark_training_running(model_dir: str) -> None:
  """Removes that file, because the training resumes and will end later."""
  path = os.path.join(model_dir, _TRAIN_DONE)
  if os.path.exists(path):
    with files.refusals(path):
      files.call(os.remove, path)
      files.sync_folder(path)


def is_training_done(model_dir: str) -> bool:
  return os.path.exists(os.path.join(model_dir, _TRAIN_DONE))


def to_evaluate(
  model_dir: str,
  filename: str,
  every_steps: int = 1,
  is_scored: Optional[Callable[[int, list[ScoreRow]], bool]] = None,
  passed: Iterable[int] = (),
) -> list[int]:
  """Returns the steps, in order, that have a checkpoint and are not scored.

  Args:
    model_dir: of the training.
    filename: of the table, "scores.csv".
    every_steps: only multiples of it, and the last one of a finished training.
    is_scored: (step, its rows) -> whether there is nothing to add; called only
      if there are rows. None: any row is enough.
    passed: steps to leave out.
  """
  steps = sorted(checkpoints.all_steps(model_dir))
  wanted = {step for step in steps if step % max(1, every_steps) == 0}
  if steps and is_training_done(model_dir):
    wanted.add(steps[-1])
  rows: dict[int, list[ScoreRow]] = {}
  for row in score_tables.read_rows(model_dir, filename):
    rows.setdefault(row.step, []).append(row)
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
  is_scored: Optional[Callable[[int, list[ScoreRow]], bool]] = None,
) -> Iterator[int]:
  """Yields steps to evaluate until the training and all evaluations are done.

  Args:
    model_dir, filename, every_steps, is_scored: as for `to_evaluate`;
      `is_scored` is called once for each step.
    seconds: between two looks at the directory.
  """
  passed: set[int] = (
    set()
  )  # Never repeated, even if an evaluation failed and left no row.
  answers: dict[int, bool] = {}  # {step: whether it was scored before}

  def ask_once(step: int, rows: list[ScoreRow]) -> bool:
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
