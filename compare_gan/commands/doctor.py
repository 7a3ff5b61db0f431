"""Looks whether all is here that a training needs, and whether it works.

  python -m compare_gan doctor
  python -m compare_gan doctor --quick --json
  python -m compare_gan doctor --tfds_data_dir /data

It looks at versions, disk and memory, devices, a training step of a tiny GAN on
each device in each precision, datasets, and optional packages. The exit code is
1 if something that is needed is missing or broken.
"""

import argparse
import dataclasses
import json
import sys
import textwrap

from compare_gan import doctor
from compare_gan.doctor import finding
from compare_gan.features import inception_network

_MARKS = {finding.OK: "ok", finding.ABSENT: "absent", finding.WRONG: "WRONG"}
_WIDTH = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
  add = parser.add_argument
  add("--json", action="store_true", help="a list of findings, for programs")
  add("--quick", action="store_true", help="without training steps")
  add("--tfds_data_dir", help="default: that of tensorflow-datasets")
  inception_network.add_flag(parser)


def run(args: argparse.Namespace) -> None:
  asked = finding.Asked(args.quick, args.tfds_data_dir, args.myevalinception)
  every = []
  for subject, found in doctor.examine(asked):
    every += [(subject, one) for one in found]
    if not args.json and found:
      _print(subject, found)
  if args.json:
    print(json.dumps([_as_json(*pair) for pair in every], indent=2))
  else:
    _print_end([one for _, one in every])
  if not finding.is_ready(one for _, one in every):
    sys.exit(1)


def _as_json(subject, one):
  return {"part": subject, **dataclasses.asdict(one)}


def _print(subject, found):
  print(subject.replace("_", " ").capitalize())
  for one in found:
    lead = f"  {_MARKS[one.state]:8}"
    print(_wrapped(f"{one.subject}: {one.found}", lead))
    if one.advice:
      print(_wrapped(one.advice, f"{'':10}-> "))
  print(flush=True)


def _wrapped(text, lead):
  return textwrap.fill(
    text,
    _WIDTH,
    initial_indent=lead,
    subsequent_indent=" " * len(lead),
    break_long_words=False,
    break_on_hyphens=False,
  )


def _print_end(found):
  broken = [one for one in found if one.state == finding.WRONG]
  if not broken:
    print("Ready: nothing that is needed is missing or broken.")
    return
  things = "thing is" if len(broken) == 1 else "things are"
  print(f"Not ready: {len(broken)} {things} wrong.")
  for one in broken:
    print(_wrapped(f"{one.subject}: {one.advice}", "  "))
