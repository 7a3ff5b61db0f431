"""Runs a training again and compares the two, bit by bit on the same CPU.

  python -m compare_gan reproduce MODEL_DIR [--out DIR] [--steps N] [--json]

Every training writes its bill of materials into its model_dir: versions, CPU,
device, threads, the environment variables that change numbers, and the content
of images and code (bill.json). This command trains again in DIR, from the
recorded gin bindings and seed, and sets variables, scalars and scores of both
beside each other. Where they differ, it says what else differs and may be why.
A DIR that has a run already is compared as it is.

Exit code 0: reproduced. 1: not.
"""

import argparse
import json
import os
import sys

from compare_gan import console
from compare_gan.reproduction import comparison
from compare_gan.reproduction import report
from compare_gan.reproduction import rerun


def add_arguments(parser: argparse.ArgumentParser) -> None:
  parser.add_argument("model_dir", help="of the training")
  parser.add_argument(
    "--out", help="folder of the rerun (default: MODEL_DIR-reproduced)"
  )
  parser.add_argument(
    "--steps",
    type=console.whole(1),
    help="only up to the first checkpoint at or after this step",
  )
  parser.add_argument(
    "--run_config", help="device of the rerun (default: that of the bill)"
  )
  parser.add_argument(
    "--json", action="store_true", help="print the comparison as JSON"
  )


def run(args: argparse.Namespace) -> None:
  out = args.out or f"{os.path.normpath(args.model_dir)}-reproduced"
  last = rerun.last_step(args.model_dir, args.steps)
  rerun.rerun(args.model_dir, out, last, args.run_config)
  found = comparison.compare(args.model_dir, out, last)
  if args.json:
    print(json.dumps(found.as_json(), indent=1))
  else:
    print(report.in_words(found))
  if not found.is_reproduced:
    sys.exit(1)
