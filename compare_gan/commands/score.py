"""Scores what an exported generator made of files of inputs.

  python -m compare_gan score --model_dir X --bins input_bin \\
    --outputs inference --json row.json

The outputs are compared with the images that the model itself makes of the same
inputs, and scored as `evaluate` does, without pictures in between. What is
scored and how: `evaluate.*`, which --gin_bindings may set.
"""

import argparse
import json
from typing import Any

from compare_gan.ascend import bins
from compare_gan.bundles import arguments
from compare_gan.commands import export
from compare_gan.datasets import catalogue
from compare_gan.evaluation import sampling
from compare_gan.evaluation import scoring
from compare_gan.evaluation import settings as settings_lib
from compare_gan.features import inception_network
from compare_gan.storage import checkpoints
import numpy as np


def add_arguments(parser: argparse.ArgumentParser) -> None:
  arguments.add(parser)
  parser.add_argument(
    "--bins", required=True, help="folder that make_bins wrote"
  )
  parser.add_argument(
    "--outputs",
    required=True,
    help="folder of <number>_output_0.bin, or of such folders",
  )
  parser.add_argument(
    "--dtype",
    choices=["float32", "float16"],
    help="dtype of the outputs; default: follows from their sizes",
  )
  parser.add_argument(
    "--errors_only",
    action="store_true",
    help="print the errors of pixels only; needs no dataset",
  )
  parser.add_argument("--json", help="file to write the row to")
  parser.add_argument("--tfds_data_dir", help="folder of tensorflow-datasets")
  inception_network.add_flag(parser)
  export.add_truncation_argument(parser)
  export.add_model_arguments(parser)


def run(args: argparse.Namespace) -> None:
  gan, step = export.load(args, _bindings(args))
  manifest, z, labels = bins.read(args.bins)
  if args.step is None and manifest.step != step:
    raise ValueError(
      f"--bins={args.bins} are for step {manifest.step}, but the last one of "
      f"--model_dir={args.model_dir} is {step}. Set --step."
    )
  images, dtype = bins.read_outputs(args.outputs, manifest, args.dtype)
  _require_shape(gan, images, args)
  difference = _difference(gan, z, labels, images, not args.raw_weights)
  row: dict[str, Any] = {"step": step}
  if not args.errors_only:
    row = {**_row(gan, images, labels, args).as_json(), "step": step}
  row["offline"] = {
    "max_error": float(difference.max()),
    "mean_error": float(difference.mean()),
    "images": len(images),
    "dtype": dtype,
    "inputs": manifest._asdict(),
    "ema": bool(not args.raw_weights and gan.averaged_generator),
  }
  print(
    f"{len(images)} images, {dtype}. Pixels in [0, 1] differ from the model's "
    f"by {row['offline']['max_error']:.2g} at most, by "
    f"{row['offline']['mean_error']:.2g} on average."
  )
  for name, score in sorted(row.get("scores", {}).items()):
    print(f"{name:40} {score:.6g}")
  for metric, error in sorted(row.get("errors", {}).items()):
    print(f"{metric:40} {error}")
  if args.json:
    checkpoints.write_text(args.json, json.dumps(row, indent=2) + "\n")


def _bindings(args):
  if not args.myevalinception:
    return []
  return inception_network.bindings(args.myevalinception)


def _require_shape(gan, images, args):
  if images.shape[1:] != gan.image_shape:
    raise ValueError(
      f"--bins={args.bins} are for images {list(images.shape[1:])}, but those "
      f"of --model_dir={args.model_dir} are {list(gan.image_shape)}."
    )


def _difference(gan, z, labels, images, averaged):
  """Returns |outputs - the model's own images|, pixel by pixel."""
  wanted = sampling.generate(gan, z, labels, averaged)
  return np.abs(images - wanted)


def _row(gan, images, labels, args):
  given = {"tfds_data_dir": args.tfds_data_dir} if args.tfds_data_dir else {}
  dataset = catalogue.dataset(**given)
  evaluator = scoring.Evaluator(dataset, settings_lib.Settings())
  return evaluator.row_of_images(images, labels, args.outputs)
