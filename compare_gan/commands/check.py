"""Checks a configuration before it is trained: all mistakes, with their lines.

  python -m compare_gan check biggan_cifar.gin
  python -m compare_gan check biggan_cifar.gin regularisers/r1.gin \\
    --gin_bindings='options.batch_size = 32' --strict
  python -m compare_gan check studies/regularization_mini.gin --json

Later files and bindings override earlier ones, as in compare_gan.main. A file
that binds study.base is checked with its base and all of its cells. The exit
code is 1 if there are errors. See docs/checking.md.
"""

import argparse
import sys

from compare_gan.checks import check
from compare_gan.checks import findings
from compare_gan.checks import study_check


def add_arguments(parser: argparse.ArgumentParser) -> None:
  add = parser.add_argument
  add("files", nargs="+", help="gin files, or names of cards in configs/")
  add("--gin_bindings", action="append", default=[], help="may be repeated")
  add("--strict", action="store_true", help="warnings are errors")
  add("--json", action="store_true", help="a list for editors")


def run(args: argparse.Namespace) -> None:
  found = _find(args)
  if args.strict:
    found = findings.strict(found)
  if args.json:
    print(findings.to_json(found))
  else:
    if found:
      print(findings.to_text(found))
    print(f"{', '.join(args.files)}: {findings.summary(found)}.")
  if findings.errors(found):
    sys.exit(1)


def _find(args):
  import tensorflow as tf

  tf.config.set_visible_devices([], "GPU")  # Nothing is computed.
  if len(args.files) == 1 and study_check.is_study(args.files[0]):
    return study_check.find(args.files[0], args.gin_bindings)
  return check.find(args.files, args.gin_bindings, gan=True)
