"""Explains a configuration: each value, where it is set, and what it means.

  python -m compare_gan explain biggan_cifar.gin
  python -m compare_gan explain biggan_cifar.gin --short
  python -m compare_gan explain --diff sndcgan_cifar10.gin runs/mine
  python -m compare_gan explain --search warmup

A card can also be a model_dir, a bundle or the folder of a study's run. Later
cards and bindings override earlier ones. --search looks through everything that
gin can set, --diff compares exactly two. See docs/checking.md.
"""

import argparse
import json

from compare_gan.bundles import arguments
from compare_gan.bundles import read
from compare_gan.checks import explanation


def add_arguments(parser: argparse.ArgumentParser) -> None:
  add = parser.add_argument
  add(
    "cards",
    nargs="*",
    help="gin files, cards in configs/, model_dirs or bundles",
  )
  arguments.add_trust(parser)
  add("--gin_bindings", action="append", default=[], help="may be repeated")
  add("--diff", action="store_true", help="what differs between two cards")
  add("--search", metavar="WORD", help="all parameters that are about a word")
  add("--short", action="store_true", help="values only, without meanings")
  add("--json", action="store_true", help="print a JSON list")


def run(args: argparse.Namespace) -> None:
  import tensorflow as tf

  tf.config.set_visible_devices([], "GPU")  # Nothing is computed.
  if args.diff:
    _diff(args)
    return
  files = [file for card in args.cards for file in _files_of(card, args)]
  if args.search:
    entries = explanation.search(args.search, files, args.gin_bindings)
    if not entries:
      raise ValueError(f"No parameter is about {args.search!r}.")
  elif files:
    entries = explanation.explain(files, args.gin_bindings)
  else:
    raise ValueError("Give a card, or --search=WORD.")
  if args.json:
    print(json.dumps(explanation.to_rows(entries), indent=2))
  else:
    print(explanation.to_text(entries, words=not args.short))


def _files_of(card, args):
  card = read.as_model_dir(card, args.trust_bundle_code)
  return explanation.files_of(card)


def _diff(args):
  if len(args.cards) != 2:
    raise ValueError(f"--diff compares two cards, got {len(args.cards)}.")
  found = explanation.diff(
    *(
      explanation.explain(_files_of(card, args), args.gin_bindings)
      for card in args.cards
    )
  )
  if not args.json:
    print(explanation.diff_to_text(found))
    return
  rows = [
    {
      "name": one.name,
      "first": explanation.to_rows([one.first])[0] if one.first else None,
      "second": explanation.to_rows([one.second])[0] if one.second else None,
    }
    for one in found
  ]
  print(json.dumps(rows, indent=2))
