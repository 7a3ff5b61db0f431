"""Sets the scores of two evaluations beside each other.

  python -m compare_gan compare A B [--force]

A and B are JSON files of `evaluate --json`, or model_dirs or bundles, of which
the last row counts. Scores under unlike protocols are refused: an FID of 5000
images is larger than that of 50000, whatever the model. With --force they are
shown, each line marked as unlike. What an earlier version did not record of a
protocol is said.

Each line ends with which of the two values is better, by the direction that the
score's metric declares.
"""

import argparse
import json
import math
import os

from compare_gan.bundles import read
from compare_gan.evaluation import protocol
from compare_gan.metrics import contract
from compare_gan.storage import files
from compare_gan.storage import score_tables
from compare_gan.storage.score_row import ScoreRow


def add_arguments(parser: argparse.ArgumentParser) -> None:
  parser.add_argument("first", help="JSON file, model_dir or bundle")
  parser.add_argument("second", help="JSON file, model_dir or bundle")
  parser.add_argument(
    "--force", action="store_true", help="compare even if the protocols differ"
  )
  parser.add_argument(
    "--score_filename",
    default="scores.csv",
    help="name of the score table in a model_dir",
  )


def run(args: argparse.Namespace) -> None:
  first, second = (
    _row(path, args.score_filename) for path in (args.first, args.second)
  )
  cards = first.protocol, second.protocol
  unlike = protocol.differences(*cards)
  if unlike and not args.force:
    raise ValueError(
      "The protocols differ, so the scores cannot be compared (--force shows "
      f"them anyway):\n  {chr(10).join(unlike)}"
    )
  for difference in unlike:
    print(f"DIFFERENT {difference}")
  unknown = protocol.unknown(*cards)
  if unknown:
    print(f"UNKNOWN {unknown}")
  for name in sorted({*first.scores, *second.scores}):
    values = [row.scores.get(name) for row in (first, second)]
    a, b = map(_cell, values)
    words = _in_words(values, _direction(name, first, second))
    flag = "DIFFERENT" if unlike and None not in values else ""
    line = f"{name:40} {a:>12} {b:>12}  {words}".rstrip()
    print(f"{line}  {flag}".rstrip())


def _direction(name, *rows):
  """Returns which direction of a score is better, from the row that has it."""
  row = next(row for row in rows if name in row.scores)
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
  path = read.weights_of(path)
  if os.path.isdir(path):
    rows = score_tables.read_rows(path, filename)
    if not rows:
      raise FileNotFoundError(
        f"{path!r} has no score table {filename} that compare_gan wrote."
      )
    return rows[-1]
  row = _read(path)
  if not isinstance(row, dict) or not all(
    isinstance(row.get(key), dict) for key in ("scores", "protocol")
  ):
    raise ValueError(
      f"{path!r} holds no scores with their protocol. Give a file that "
      "`evaluate --json` wrote, or a model_dir."
    )
  return ScoreRow.from_json(row)


def _read(path):
  try:
    return json.loads(files.read_text(path))
  except FileNotFoundError:
    raise FileNotFoundError(
      f"{path!r} does not exist. Give a file that `evaluate --json` wrote, or "
      "a model_dir."
    ) from None
  except ValueError as error:  # This includes UnicodeDecodeError.
    raise ValueError(
      f"{path!r} is not JSON ({error}). Give a file that `evaluate --json` "
      "wrote, or a model_dir."
    ) from None
