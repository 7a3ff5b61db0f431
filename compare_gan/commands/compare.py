"""Sets the scores of two evaluations beside each other.

  python -m compare_gan compare A B [--force]

A and B are JSON files of `evaluate --json`, or model_dirs, of which the last
row counts. Scores under unlike protocols are refused: an FID of 5000 images is
larger than that of 50000, whatever the model.

Each line ends with which of the two values is better, by the direction that the
score's metric declares.
"""

import json
import math
import os

from compare_gan import protocol
from compare_gan import task_manager
from compare_gan.metrics import contract


def add_arguments(parser):
  parser.add_argument("first", help="JSON file or model_dir")
  parser.add_argument("second", help="JSON file or model_dir")
  parser.add_argument(
    "--force", action="store_true", help="compare unlike protocols too"
  )
  parser.add_argument(
    "--score_filename", default="scores.csv", help="table of a model_dir"
  )


def run(args):
  first, second = (
    _row(path, args.score_filename) for path in (args.first, args.second)
  )
  unlike = protocol.differences(first["protocol"], second["protocol"])
  if unlike and not args.force:
    raise ValueError(
      "The protocols are unlike, so the scores cannot be compared (--force "
      f"shows them all the same):\n  {chr(10).join(unlike)}"
    )
  for difference in unlike:
    print(f"UNLIKE {difference}")
  for name in sorted({*first["scores"], *second["scores"]}):
    values = [row["scores"].get(name) for row in (first, second)]
    a, b = map(_cell, values)
    words = _in_words(values, _direction(name, first, second))
    print(f"{name:40} {a:>12} {b:>12}  {words}".rstrip())


def _direction(name, *rows):
  """Returns which way a score is better, by the row that has it."""
  row = next(row for row in rows if name in row["scores"])
  return contract.better_in_row(row, name)


def _in_words(values, better):
  """Returns "second is better (lower)", "" where nothing can be said."""
  if better not in (contract.LOWER, contract.HIGHER):
    return ""
  if not all(x is not None and math.isfinite(x) for x in values):
    return f"({better} is better)"
  first, second = values
  if first == second:
    return f"equal ({better} is better)"
  is_first = (first < second) == (better == contract.LOWER)
  return f"{'first' if is_first else 'second'} is better ({better})"


def _cell(score):
  return "" if score is None else f"{score:.6g}"


def _row(path, filename):
  if os.path.isdir(path):
    rows = task_manager.read_rows(path, filename)
    if not rows:
      raise FileNotFoundError(f"{path!r} has no {filename} of ours.")
    return rows[-1]
  with open(path) as file:
    return json.load(file)
