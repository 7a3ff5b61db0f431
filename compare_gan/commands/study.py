"""Runs a study: many trainings from one file, and a report of them.

  python -m compare_gan study run regularization_mini.gin --dry_run
  python -m compare_gan study run regularization_mini.gin --out runs/mini
  python -m compare_gan study status runs/mini
  python -m compare_gan study retry runs/mini
  python -m compare_gan study report runs/mini
  python -m compare_gan study export runs/mini --csv mini.csv
  python -m compare_gan study import old/scores.csv --out runs/old

`run` may be ended or killed at any moment; the same command goes on. See
docs/studies.md.
"""

import argparse
import os
import sys

from compare_gan import console
from compare_gan.study.run import conductor
from compare_gan.study.run import executors
from compare_gan.study.run import journal
from compare_gan.study.run import progress
from compare_gan.study.run import retry
from compare_gan.study.run import shards
from compare_gan.study.run import study_files
from compare_gan.study.run import table


def add_arguments(parser: argparse.ArgumentParser) -> None:
  verbs = parser.add_subparsers(dest="verb", required=True, metavar="verb")
  _add_run(verbs.add_parser("run", help="trains and scores the remaining runs"))
  for verb, about in (
    ("status", "shows the progress"),
    ("report", "writes report/index.html and tables"),
    ("export", "writes all runs to one file"),
  ):
    one = verbs.add_parser(verb, help=about)
    one.add_argument("folder", help="folder of the study")
    if verb == "export":
      one.add_argument("--csv", help="file to write")
      one.add_argument("--parquet", help="file to write; needs pyarrow")
    if verb == "report":
      one.add_argument(
        "--gin_bindings",
        action="append",
        default=[],
        help="gin binding that overrides study.gin, such as report.sections = "
        "[...]",
      )
      one.add_argument(
        "--max_megabytes",
        type=float,
        default=60,
        help="largest size of the page; the pictures of the worst runs are "
        "left out first; default: %(default)s",
      )
  _add_retry(
    verbs.add_parser("retry", help="marks failed runs to be tried again")
  )
  imported = verbs.add_parser("import", help="makes a study from scores.csv")
  imported.add_argument(
    "scores", nargs="+", help="tables of google/compare_gan"
  )
  imported.add_argument("--out", required=True, help="folder to make")


def _add_run(parser):
  add = parser.add_argument
  add("path", help="a study file, or the name of one in configs/studies/")
  add("--out", help="folder of the study; default: runs/<name of the file>")
  add("--dry_run", action="store_true", help="print the plan and train nothing")
  add(
    "--jobs",
    type=console.whole(1),
    help="runs at once; default: as many as fit",
  )
  add(
    "--executor",
    default="local",
    help=f"{', '.join(executors.names())}, or the dotted path of a module of "
    "your own; default: %(default)s",
  )
  add(
    "--executor_option",
    action="append",
    default=[],
    metavar="NAME=VALUE",
    help="option of the executor, may be repeated: threads=1, address=auto",
  )
  add("--shard", metavar="I/N", help="run part I of N, counted from 0")
  add("--gin_bindings", action="append", default=[], help="a line on top")


def _add_retry(parser):
  add = parser.add_argument
  add("folder", help="folder of the study")
  add(
    "--status",
    default=",".join(retry.STATUSES),
    help="statuses to try again, separated by commas; default: %(default)s",
  )
  add(
    "--run",
    action="append",
    dest="runs",
    metavar="NAME",
    help="folder of one run in runs/; may be repeated; default: all",
  )


def run(args: argparse.Namespace) -> None:
  verbs = {
    "run": _run,
    "status": _status,
    "retry": _retry,
    "report": _report,
    "export": _export,
    "import": _import,
  }
  verbs[args.verb](args)


def _run(args):
  _leave_gpus_to_the_runs()
  from compare_gan.checks import study_check
  from compare_gan.study.define import definition
  from compare_gan.study.define import plan
  from compare_gan.study.run import needs
  from compare_gan.study.run import room

  path = os.path.abspath(definition.find(args.path))
  stem = os.path.splitext(os.path.basename(path))[0]
  folder = os.path.abspath(args.out or os.path.join("runs", stem))
  study_files.return_to_start(folder)
  study = definition.load(path, args.gin_bindings)
  shard = shards.parse(args.shard)
  if args.dry_run:
    _describe(study, plan)
    _print_findings(study_check.find(path, args.gin_bindings))
    return
  study_check.require(path, args.gin_bindings)
  study = plan.with_declared_direction(study)
  study = study_files.as_begun(study, folder)
  executor = executors.make(
    args.executor,
    args.executor_option,
    jobs=args.jobs,
    folder=folder,
    memory_mb=study.memory_mb,
    timeout_s=study.timeout_s,
  )
  shared = None
  if args.executor == "local":  # The others account for it themselves.
    print(executor.describe(), flush=True)
    needed = needs.Needs(study, bool(executor.gpus))
    shared = room.Room(executor.memory, executor.jobs, needed)
  try:
    conductor.Conductor(
      study,
      plan,
      folder,
      executor,
      _text(path, args.gin_bindings),
      shard,
      progress.Progress(study),
      room=shared,
    ).run()
  except conductor.Stopped as stopped:
    print(f"compare_gan study: {stopped}", file=sys.stderr)
    sys.exit(128 + stopped.number)
  shown = args.out or os.path.join("runs", stem)
  print(f"`compare_gan study report {shown}` writes its report.")


def _describe(study, plan):
  """Prints what a study would run, and what makes cells impossible."""
  wrong = ""
  try:
    study = plan.with_declared_direction(study)
  except ValueError as error:
    wrong = f"IMPOSSIBLE {error}"
  print(plan.describe(study))
  for cell, why in plan.impossible_cells(study).items():
    print(f"IMPOSSIBLE {cell}: {why}")
  if wrong:
    print(wrong)


def _print_findings(found):
  for one in found:
    print(one)


def _leave_gpus_to_the_runs():
  """Hides GPUs from TensorFlow, which checks the cells in this process."""
  import tensorflow as tf

  tf.config.set_visible_devices([], "GPU")


def _text(path, bindings):
  with open(path) as file:
    return "\n".join([file.read().rstrip("\n"), *bindings, ""])


def _status(args):
  found = table.read(args.folder)
  _print_note(found.study)
  print("\n".join(progress.lines_of_study(found)))
  alive = journal.is_alive(args.folder)
  print("It is running." if alive else "It is not running.")


def _retry(args):
  statuses = retry.parse_statuses(args.status)
  marked = retry.mark(args.folder, statuses, args.runs)
  for row in marked:
    print(
      f"{row.run} {table.cell_title(row.cell)} seed={row.seed}: {row.status}"
    )
  if not marked:
    print(f"No run has the status {', '.join(statuses)}: nothing to try again.")
    return
  print(
    f"Runs to be tried again: {len(marked)}. The next `compare_gan study run` "
    "of this study runs them."
  )


def _report(args):
  from compare_gan.study.report import report_page

  _print_note(table.read_study(args.folder))
  path = report_page.write(
    args.folder, args.max_megabytes, bindings=args.gin_bindings
  )
  print(f"Wrote {path}.")


def _print_note(study):
  note = table.note_on_direction(study)
  if note:
    print(note)


def _export(args):
  from compare_gan.study.report import tables

  if not (args.csv or args.parquet):
    raise ValueError("Nothing to write. Give --csv=FILE or --parquet=FILE.")
  found = table.read(args.folder)
  if args.csv:
    tables.export_csv(found, args.csv)
  if args.parquet:
    try:
      tables.export_parquet(found, args.parquet)
    except ImportError as error:
      raise ValueError(f"{error}") from error


def _import(args):
  from compare_gan.study.report import import_scores

  found = import_scores.read(args.scores)
  import_scores.write(found, args.out)
  if not table.is_declared(found.study["score"]):
    print(
      f"No metric declares whether lower or higher {found.study['score']} is "
      "better, so lower is assumed. Change `minimize` in "
      f"{os.path.join(args.out, 'study.json')} otherwise."
    )
  print(f"`compare_gan study report {args.out}` writes its report.")
