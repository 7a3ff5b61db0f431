"""Lists what can be chosen: names, what each is, and its file.

  python -m compare_gan list
  python -m compare_gan list losses
  python -m compare_gan list metrics yours --gin_config=mine.gin

Without a kind it says which kinds there are, and what chooses among each. gin
files and bindings may import modules of your own: `import my_package.my_loss`.
"""

import argparse

from compare_gan.configuration import gin_files
from compare_gan.configuration import kinds as kinds_lib


def add_arguments(parser: argparse.ArgumentParser) -> None:
  parser.add_argument("kinds", nargs="*", metavar="kind", help="such as losses")
  parser.add_argument(
    "--gin_config", action="append", default=[], help="may be repeated"
  )
  parser.add_argument(
    "--gin_bindings", action="append", default=[], help="may be repeated"
  )


def run(args: argparse.Namespace) -> None:
  gin_files.parse(args.gin_config, args.gin_bindings)
  kinds = kinds_lib.kinds()
  unknown = [name for name in args.kinds if name not in kinds]
  if unknown:
    raise ValueError(
      f"Unknown kind {unknown[0]!r}. It can be one of {', '.join(kinds)}."
    )
  if not args.kinds:
    _print_columns((name, kind.chosen_by) for name, kind in kinds.items())
  for i, name in enumerate(args.kinds):
    if i:
      print()
    print(f"{name}, chosen by {kinds[name].chosen_by}:")
    _print_columns(kinds[name].entries() or [("none",)])


def _print_columns(rows):
  """Prints rows of texts, each column as wide as its longest text."""
  rows = list(rows)
  widths = [max(map(len, column)) for column in zip(*rows)]
  for row in rows:
    cells = [text.ljust(width) for text, width in zip(row, widths)]
    print("  " + "  ".join(cells).rstrip())
