"""Writes latents and labels as files that an exported generator runs on.

  python -m compare_gan make_bins --model_dir X --signature biggan --n 5000 \\
    --out input_bin

The latents are those of the model's own eval_z, the labels uniform: images made
of them are those that `evaluate` scores with the same seed (evaluate.seed). A
folder for each input, and manifest.json.
"""

import argparse

from compare_gan import console
from compare_gan.ascend import bins
from compare_gan.bundles import arguments
from compare_gan.commands import export
from compare_gan.evaluation import model_sets
from compare_gan.evaluation import moments
from compare_gan.evaluation import sampling
from compare_gan.export import signatures
from compare_gan.storage import model_dir
import numpy as np


def add_arguments(parser: argparse.ArgumentParser) -> None:
  arguments.add(parser)
  parser.add_argument("--out", required=True, help="folder to write")
  parser.add_argument(
    "--n", type=console.whole(1), default=5000, help="how many images"
  )
  parser.add_argument(
    "--signature",
    default="compare_gan",
    choices=list(signatures.SIGNATURES),
    help="as for export",
  )
  parser.add_argument("--batch", help="as for export; default: the signature's")
  parser.add_argument("--seed", type=console.seed, default=42)
  parser.add_argument(
    "--truncation",
    type=float,
    help="draw z from a normal distribution truncated at +- this",
  )
  parser.add_argument("--labels", help="npy file of labels [n]")
  parser.add_argument(
    "--step", type=console.whole(0), help="default: the last one"
  )
  parser.add_argument(
    "--gin_bindings",
    action="append",
    default=[],
    help="gin binding that overrides the model's; may be repeated",
  )


def run(args: argparse.Namespace) -> None:
  signature = signatures.get(args.signature)
  batch = export.batch_size(args.batch, signature)
  if batch is None or args.n < 1:
    raise ValueError(
      f"--n={args.n} --batch={args.batch}: both must be 1 or more, since each "
      "file holds one batch."
    )
  gan, step = model_dir.load_step(
    arguments.model_dir(args), args.step, args.gin_bindings
  )
  sampling.refuse_truncation_of_styles(gan, args.truncation)
  z, labels = model_sets.latents(gan, args.n, args.seed, args.truncation)
  if args.labels:
    labels = _given_labels(args, gan)
  words = sampling.z_in_words(args.truncation)
  manifest = bins.write(
    args.out,
    gan,
    signature,
    batch,
    z,
    labels,
    seed=args.seed,
    step=step,
    z_in_words=words,
  )
  for port in manifest.ports():
    print(
      f"{port.name}: {manifest.files} files of {port.bytes()} bytes, "
      f"{port.dtype} {list(port.shape)}"
    )
  print(f"Wrote the inputs of {args.n} images, z {words}, to {args.out}.")
  if args.truncation is not None and moments.accumulators(gan, "accu_mean"):
    print(
      "This model's batch norm has accumulated moments, which depend on the "
      f"truncation: give export and score --truncation={args.truncation} too."
    )


def _given_labels(args, gan):
  labels = np.load(args.labels, allow_pickle=False)
  if labels.shape != (args.n,) or labels.dtype.kind not in "iu":
    raise ValueError(
      f"--labels={args.labels} holds {labels.dtype} {list(labels.shape)}, but "
      f"--n={args.n} needs as many integers."
    )
  if labels.min() < 0 or labels.max() >= gan.num_classes:
    raise ValueError(
      f"--labels={args.labels} go from {labels.min()} to {labels.max()}, but "
      f"the model has {gan.num_classes} classes, from 0."
    )
  return labels
