"""Turns weights of BigGAN-PyTorch, StudioGAN or mimicry into a model_dir.

  python -m compare_gan import_torch --generator G_ema.pth \\
    --gin_config biggan_pytorch_128.gin --model_dir new

PyTorch is not needed, and nothing in the files is run. The gin config describes
our network; where its formula differs from the file's, the command says which
binding makes them equal, and writes nothing. It prints for each variable which
tensors it was made of, and for each tensor that was left out why.

Moving averages get the same weights as the generator: give G_ema's file to
sample from it. Optimizers begin anew, and so does a discriminator that has no
file: to train on, give --discriminator too.
"""

import argparse
from typing import Optional

from compare_gan import console
from compare_gan.commands import import_v1
from compare_gan.configuration import gin_files
from compare_gan.context import scope
from compare_gan.export import importers
from compare_gan.export.importers import pairing as pairing_lib
from compare_gan.gans import ema
from compare_gan.storage import checkpoints
from compare_gan.storage import model_dir


def add_arguments(parser: argparse.ArgumentParser) -> None:
  parser.add_argument("--generator", required=True, help="a .pth file")
  parser.add_argument("--discriminator", help="a .pth file")
  parser.add_argument(
    "--family",
    help="the project whose networks they are, such as studiogan; default: "
    "told by the file",
  )
  parser.add_argument(
    "--batch_norm_epsilon",
    type=float,
    help="that the file's batch norms add to the variance; default: the "
    "family's own",
  )
  parser.add_argument(
    "--step",
    type=console.whole(0),
    help="of the checkpoint; default: the file's, or 0",
  )
  parser.add_argument(
    "--gin_config", required=True, help="gin file that describes the model"
  )
  parser.add_argument(
    "--model_dir", required=True, help="folder to write, new or empty"
  )
  parser.add_argument(
    "--gin_bindings",
    action="append",
    default=[],
    help="further bindings, stored with the model; may be repeated",
  )
  import_v1.add_shape(parser)


def run(args: argparse.Namespace) -> None:
  if checkpoints.all_steps(args.model_dir):
    raise ValueError(
      f"--model_dir={args.model_dir} already holds checkpoints. Give a new "
      "folder."
    )
  paths = {"generator": args.generator, "discriminator": args.discriminator}
  files = {
    role: importers.open_weights(path) for role, path in paths.items() if path
  }
  gin_files.parse([args.gin_config], args.gin_bindings)
  dataset = import_v1.dataset_of(args)
  with scope.building(allocate=False):
    planned = model_dir.make_gan(dataset)
  pairings = [
    importers.pair(
      weights,
      importers.family_of(weights, args.family),
      getattr(planned, role),
      role,
      args.batch_norm_epsilon,
    )
    for role, weights in files.items()
  ]
  step = _step(args.step, files["generator"].step)
  values = pairing_lib.values(pairings, ema.SUFFIX)
  with scope.building(values=values):
    gan = model_dir.make_gan(dataset)
  gan.global_step.assign(step)
  _report(pairings, gan)
  config = import_v1.config_of(args)
  prefix = model_dir.write(args.model_dir, step, gan, dataset, config)
  print(f"Wrote {prefix} (global_step {step}).")


def _step(given: Optional[int], stored: Optional[int]) -> int:
  step = stored if given is None else given
  if step is not None and step < 0:
    raise ValueError(f"--step={step}; it must be 0 or more.")
  return step or 0


def _report(pairings, gan):
  for line in importers.covered(pairings):
    print(line)
  paired = {row.ours for pairing in pairings for row in pairing.rows}
  averages = {name + ema.SUFFIX for name in paired}
  others = [
    name
    for name in map(scope.full_name, gan.variables)
    if name not in paired | averages
  ]
  for name in others:
    print(f"missing  {name}: not in the files, keeps its initial value")
  left_out = sum(len(pairing.training_only) for pairing in pairings)
  print(
    f"{len(paired)} variables read, {left_out} tensors left out, "
    f"{len(others)} variables missing."
  )
