"""Turns a checkpoint of google/compare_gan (TensorFlow 1) into a model_dir.

  python -m compare_gan import_v1 --checkpoint old/model.ckpt-40000 \\
    --gin_config old/operative_config-0.gin --model_dir new
"""

import argparse
from typing import Any

from compare_gan import console
from compare_gan.configuration import gin_files
from compare_gan.context import scope
from compare_gan.datasets import catalogue
from compare_gan.export import tf1_checkpoint
from compare_gan.storage import checkpoints
from compare_gan.storage import model_dir


def add_arguments(parser: argparse.ArgumentParser) -> None:
  parser.add_argument(
    "--checkpoint",
    required=True,
    help="prefix of the checkpoint, such as dir/model.ckpt-40000",
  )
  parser.add_argument(
    "--gin_config",
    required=True,
    help="the operative config it was trained with",
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
  add_shape(parser)


def add_shape(parser: argparse.ArgumentParser) -> None:
  """Adds the flags that describe a dataset which is not ours."""
  parser.add_argument(
    "--image_shape",
    help="height,width,colors, if dataset.name is not one of compare_gan's",
  )
  parser.add_argument(
    "--num_classes",
    type=console.whole(0),
    default=0,
    help="number of classes, with --image_shape",
  )


def run(args: argparse.Namespace) -> None:
  if checkpoints.all_steps(args.model_dir):
    raise ValueError(
      f"--model_dir={args.model_dir} already holds checkpoints. Give a new "
      "folder."
    )
  gin_files.parse([args.gin_config], args.gin_bindings)
  dataset = dataset_of(args)
  shapes, read = checkpoints.load(args.checkpoint)
  with scope.building(allocate=False):
    planned = model_dir.make_gan(dataset)
  found = tf1_checkpoint.match(planned.variables, shapes)
  with scope.building(values=tf1_checkpoint.values(found, read)):
    gan = model_dir.make_gan(dataset)
  step = int(gan.global_step.numpy())
  prefix = model_dir.write(args.model_dir, step, gan, dataset, config_of(args))
  _report(found)
  print(f"Wrote {prefix} (global_step {step}).")


def dataset_of(args: argparse.Namespace) -> Any:
  """Returns the dataset of the flags, or else of dataset.name."""
  if args.image_shape is None:
    return catalogue.dataset()
  sizes = tuple(int(size) for size in args.image_shape.split(","))
  if len(sizes) != 3:
    raise ValueError(
      f"--image_shape={args.image_shape} has {len(sizes)} numbers, not three: "
      "height,width,colors."
    )
  return model_dir.DatasetShape(sizes, args.num_classes)


def config_of(args: argparse.Namespace) -> str:
  """Returns the old text with the new bindings below."""
  with open(args.gin_config) as file:
    lines = [file.read().rstrip("\n")]
  return "\n".join(lines + args.gin_bindings) + "\n"


def _report(found):
  for name, source in found.source.items():
    print(f"read     {name}" + (f" ({source})" if source != name else ""))
  for name in found.skipped:
    print(f"skipped  {name}: the model has no variable of this name")
  for name in found.missing:
    print(f"missing  {name}: not in the checkpoint, keeps its initial value")
  print(
    f"{len(found.source)} variables read, {len(found.skipped)} skipped, "
    f"{len(found.missing)} missing."
  )
