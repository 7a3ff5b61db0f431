"""Lists, checks and prepares datasets.

  python -m compare_gan datasets list
  python -m compare_gan datasets check \\
    --gin_bindings='dataset.name = "folder"' \\
    --gin_bindings='folder.path = "/data/flowers"' \\
    --gin_bindings='folder.image_size = 64'
  python -m compare_gan datasets prepare --name cifar10

check reads every image, says what it found, names all bad files with the
reason, and writes a contact sheet. Its exit code is 1 if anything is bad.
prepare is the only one that downloads.
"""

import argparse

from compare_gan import console
from compare_gan.configuration import gin_files
from compare_gan.datasets import catalogue
from compare_gan.datasets import image_decoding
from compare_gan.datasets import tfds_builders
from compare_gan.pictures import image_grid
import gin
import numpy as np

_BATCH = 64
_LISTED = 20  # classes that are listed one by one
_SHEET = 64  # images


def add_arguments(parser: argparse.ArgumentParser) -> None:
  verbs = parser.add_subparsers(dest="verb", required=True, metavar="verb")
  verbs.add_parser("list", help="lists the names that dataset.name accepts")
  check = verbs.add_parser(
    "check", help="reads a dataset and reports what it holds"
  )
  check.add_argument(
    "--gin_config", action="append", default=[], help="may be repeated"
  )
  check.add_argument(
    "--gin_bindings", action="append", default=[], help="may be repeated"
  )
  check.add_argument(
    "--out", default="contact_sheet.png", help="PNG of 64 training images"
  )
  check.add_argument(
    "--limit",
    type=console.whole(1),
    help="read at most this many images of each split",
  )
  prepare = verbs.add_parser("prepare", help="downloads or generates a dataset")
  prepare.add_argument("--name", required=True, help="a value of dataset.name")
  for verb in (check, prepare):
    verb.add_argument(
      "--tfds_data_dir", help="default: that of tensorflow-datasets"
    )


def run(args: argparse.Namespace) -> None:
  {"list": _list, "check": _check, "prepare": _prepare}[args.verb](args)


def _list(args):
  del args
  for name, description in catalogue.names().items():
    print(f"{name:28}{description}")


def _prepare(args):
  if args.name.startswith(("shapes", "ring", "grid")):
    dataset = catalogue.dataset(args.name)
    for split in ("train", "eval"):
      print(f"{args.name}: {dataset.size(split)} images in {split}.")
    return
  name = catalogue.tfds_name(args.name)
  folder = tfds_builders.data_folder(args.tfds_data_dir)
  print(f"Preparing {name} in {folder}; missing files are downloaded.")
  print(f"Prepared {tfds_builders.prepare(name, args.tfds_data_dir)}.")


def _check(args):
  gin_files.parse(args.gin_config, args.gin_bindings)
  # Names all bad files, not just the first ten.
  with gin.unlock_config():
    gin.bind_parameter("dataset.on_error", "skip")
  given = {"tfds_data_dir": args.tfds_data_dir} if args.tfds_data_dir else {}
  dataset = catalogue.dataset(**given)
  height, width, colors = dataset.image_shape
  classes = f"{dataset.num_classes} classes" if dataset.num_classes else ""
  print(f"{dataset.name}: images of {height} x {width} x {colors}", classes)
  for split in ("train", "eval"):
    _report(dataset, split, args.limit)
  if colors in (1, 3):
    _write_sheet(dataset, args.out)
  for bad in dataset.bad:
    print(f"bad  {bad.split}: {bad.name}: {bad.reason}")
  if dataset.bad:
    raise ValueError(
      f"{len(dataset.bad)} examples cannot be used. Repair or remove them, or "
      "train without them: dataset.on_error = 'skip'."
    )


def _report(dataset, split, limit):
  size = dataset.size(split)
  if not size:
    print(f"{split}: no images")
    return
  looked_at = min(size, limit or size)
  counts = np.zeros(max(1, dataset.num_classes), int)
  low, high, total, plain = np.inf, -np.inf, 0.0, 0
  batches = dataset.in_order(split, _BATCH, looked_at)
  for batch in batches.as_numpy_iterator():
    images = batch["images"].reshape(len(batch["labels"]), -1)
    low, high = min(low, images.min()), max(high, images.max())
    total += images.mean(axis=1).sum()
    plain += int((images.max(axis=1) == images.min(axis=1)).sum())
    counts += np.bincount(batch["labels"], minlength=len(counts))
  count_read = "" if looked_at == size else f", {looked_at} of them read"
  print(f"{split}: {size} images{count_read}")
  print(f"  values {low:.3f} to {high:.3f}, mean {total / looked_at:.3f}")
  if plain and len(images[0]) > 1:
    print(f"  {plain} images whose pixels are all equal")
  if dataset.num_classes:
    _report_classes(counts, dataset.classes)


def _report_classes(counts, names):
  if len(counts) > _LISTED:
    print(
      f"  images per class: {counts.min()} to {counts.max()}, median "
      f"{int(np.median(counts))}; {int((counts == 0).sum())} classes have none"
    )
    return
  for label, count in enumerate(counts):
    name = names[label] if label < len(names) else ""
    print(f"  class {label:3} {count:8}  {name}".rstrip())


def _write_sheet(dataset, path):
  n = min(_SHEET, dataset.size("train"))
  images = next(iter(dataset.batches("train", n, seed=0)))["images"].numpy()
  with open(path, "wb") as file:
    file.write(image_decoding.encode_png(image_grid.grid(images)))
  print(f"Wrote {n} training images to {path}.")
