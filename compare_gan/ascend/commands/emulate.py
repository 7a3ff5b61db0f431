"""Runs a frozen graph on files of inputs, as msame does on an Ascend 310.

  python -m compare_gan emulate --pb model.pb \\
    --bins input_bin/z,input_bin/y --out inference

Folders give one run for each file, in the order of the names as text; the
results are <out>/<YYYYMMDD_HHMMSS>/<name>_output_0.bin. See
compare_gan/ascend/msame.py.
"""

import argparse

from compare_gan.ascend import msame
from compare_gan.export import frozen_graph


def add_arguments(parser: argparse.ArgumentParser) -> None:
  parser.add_argument("--pb", required=True, help="frozen graph")
  parser.add_argument(
    "--bins",
    "--input",
    default="",
    help="folders or files, one for each input, separated by commas; default: "
    "zeros",
  )
  parser.add_argument("--out", "--output", required=True, help="folder")
  parser.add_argument("--outfmt", default="BIN", help="BIN or TXT")


def run(args: argparse.Namespace) -> None:
  model = frozen_graph.read(args.pb)
  inputs = args.bins.split(",") if args.bins else []
  folder, runs = msame.run(args.pb, model, inputs, args.out, args.outfmt)
  print(f"{runs} runs; outputs are in {folder}.")
