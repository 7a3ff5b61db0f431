"""DCGAN of the model card DCGAN_ID2196: a folder of images, or MNIST's files.

python -m compare_gan zoo dcgan --dataset celebA --crop --epoch 25
"""

import argparse
import fnmatch
import glob
import gzip
import json
import os
from typing import Optional

from compare_gan.ascend.zoo import plan as plan_lib
from compare_gan.datasets import image_decoding
from compare_gan.datasets import numbered_files

_Z = {
  "uniform_signed": ("uniform", -1.0),
  "uniform_unsigned": ("uniform", 0.0),
  "normal01": ("normal", None),
}
_DIGITS = 70000  # of MNIST, if its files cannot be read


def add_arguments(parser: argparse.ArgumentParser) -> None:
  add = parser.add_argument
  add("--epoch", type=int, default=25)
  add("--learning_rate", type=float, default=2e-4)
  add("--beta1", type=float, default=0.5)
  add("--train_size", type=float, default=float("inf"))
  add("--batch_size", type=int, default=64)
  add("--input_height", type=int, default=108)
  add("--input_width", type=int, help="default: the height")
  add("--output_height", type=int, default=64)
  add("--output_width", type=int, help="default: the height")
  add("--dataset", default="celebA", help="folder below --data_dir, or mnist")
  add("--input_fname_pattern", default="*.jpg")
  add("--data_dir", default="./data")
  add("--out_dir", default="./out")
  add(
    "--out_name",
    default="",
    help="folder below --out_dir; a training found there is resumed",
  )
  add("--checkpoint_dir", default="checkpoint")
  add("--sample_dir", default="samples")
  for name, default in (("train", True), ("crop", False), ("visualize", False)):
    add(
      f"--{name}",
      type=plan_lib.boolean,
      nargs="?",
      const=True,
      default=default,
    )
  add("--export", type=plan_lib.boolean, nargs="?", const=True, default=False)
  add("--freeze", type=plan_lib.boolean, nargs="?", const=True, default=False)
  add("--max_to_keep", type=int, default=1)
  add("--sample_freq", type=int, default=200)
  add("--ckpt_freq", type=int, default=200)
  add("--z_dim", type=int, default=100)
  add("--z_dist", default="uniform_signed", choices=sorted(_Z))
  add("--G_img_sum", action="store_true")


def plan(args: argparse.Namespace) -> plan_lib.Plan:
  is_mnist = args.dataset == "mnist"
  images = _count_digits(_place(args)) if is_mnist else _count(args)
  per_epoch = int(min(images, args.train_size)) // args.batch_size
  if not per_epoch:
    raise ValueError(
      f"--batch_size={args.batch_size} is more than the {images} images of "
      f"--data_dir={args.data_dir} --dataset={args.dataset}, or --train_size."
    )
  model_dir = os.path.join(args.out_dir, args.out_name or _name(args))
  bindings = [
    *(_digits(args) if is_mnist else _folder(args)),
    ("options.batch_size", args.batch_size),
    ("options.training_steps", args.epoch * per_epoch),
    ("options.z_dim", args.z_dim),
    *_z(args.z_dist),
    ("ModularGAN.g_lr", args.learning_rate),
    ("tf.train.AdamOptimizer.beta1", args.beta1),
    ("run_config.iterations_per_loop", min(args.sample_freq, args.ckpt_freq)),
    ("run_config.save_checkpoints_steps", args.ckpt_freq),
    ("run_config.keep_checkpoint_max", args.max_to_keep),
    ("card_log.style", "'dcgan'"),
    ("card_log.network", "'DCGAN_ID2196_for_TensorFlow'"),
    ("card_log.steps_per_epoch", per_epoch),
  ]
  kept = "arrays" if is_mnist else "folder"
  notes = [
    "All images are trained on, as in the original card, and scores compare "
    f"with them: --gin_bindings='{kept}.eval_fraction = 0.1' holds some out"
    + (", those of t10k." if is_mnist else "."),
    "Checkpoints, samples and logs are written to the folder itself, not to "
    "--checkpoint_dir and --sample_dir.",
  ]
  if args.G_img_sum:
    notes.append(
      "--G_img_sum has no effect: TensorBoard always gets grids of images."
    )
  then = []
  if args.visualize:
    then.append(
      (
        "sample",
        f"--model_dir={model_dir}",
        "--n=64",
        "--make=grid,sweep,interpolation",
        f"--out={os.path.join(model_dir, 'samples')}",
      )
    )
  then += _exports(args, model_dir)
  return plan_lib.Plan(
    "dcgan_mnist.gin" if is_mnist else "dcgan_folder64.gin",
    bindings,
    model_dir,
    (),
    tuple(notes),
    tuple(then),
    args.train,
  )


def _exports(args, model_dir):
  """Returns the commands for --export and --freeze, under the card's names."""
  size = args.batch_size
  wanted = (
    # The card's is below checkpoint/, which is TensorFlow's file here.
    (args.export, "savedmodel", f"export_b{size}"),
    (args.freeze, "pb", f"frozen_b{size}/model.b{size}-{{step}}_frz.pb"),
  )
  return [
    (
      "export",
      f"--model_dir={model_dir}",
      f"--format={form}",
      "--signature=dcgan",
      f"--batch={size}",
      f"--out={os.path.join(model_dir, path)}",
    )
    for is_wanted, form, path in wanted
    if is_wanted
  ]


def write_flags(args: argparse.Namespace, folder: str) -> None:
  """Writes the card's FLAGS.json."""
  os.makedirs(folder, exist_ok=True)
  flags = {k: v for k, v in vars(args).items() if not callable(v)}
  with open(os.path.join(folder, "FLAGS.json"), "w") as file:
    json.dump(flags, file, indent=2, sort_keys=True)


def _place(args):
  return os.path.join(args.data_dir, args.dataset)


def _count(args):
  """Returns how many images --input_fname_pattern finds; `folder` reads them.

  Hidden files and files that are not named as images do not count.
  """
  folder = _place(args)
  if not os.path.isdir(folder):
    raise FileNotFoundError(
      f"--data_dir={args.data_dir} --dataset={args.dataset}: there is no "
      f"folder {folder}. Put images there, or name another folder."
    )
  names = [
    os.path.basename(name)
    for name in numbered_files.open_files(folder, "folder.path").names
  ]
  found = [
    name
    for name in names
    if image_decoding.is_named_as_one(name)
    and fnmatch.fnmatchcase(name, args.input_fname_pattern)
  ]
  if not found:
    raise FileNotFoundError(
      f"--input_fname_pattern={args.input_fname_pattern} matches none of the "
      f"images ({', '.join(image_decoding.SUFFIXES)}) among the {len(names)} "
      f"files in {folder}."
    )
  return len(found)


def _count_digits(folder):
  """Returns how many images MNIST's files have by their headers."""
  count = 0
  for prefix in ("train", "t10k"):
    pattern = f"{prefix}-images[-.]idx3-ubyte*"
    for path in sorted(glob.glob(os.path.join(glob.escape(folder), pattern)))[
      :1
    ]:
      opens = gzip.open if path.endswith(".gz") else open
      with opens(path, "rb") as file:
        count += int.from_bytes(file.read(8)[4:], "big")
  return count or _DIGITS


def _name(args):
  """Returns the card's name for the folder of a run."""
  started = plan_lib.now("%Y%m%d.%H%M%S")
  data = os.path.basename(os.path.normpath(args.data_dir))
  return (
    f"{started} - {data} - {args.dataset} - x{args.input_height}."
    f"z{args.z_dim}.{args.z_dist}.y{args.output_height}.b{args.batch_size}"
  )


def _folder(args):
  def both(height: int, width: Optional[int]) -> str:
    return repr((height, width or height))

  bindings = [
    ("folder.path", repr(_place(args))),
    ("folder.pattern", repr(args.input_fname_pattern)),
    ("folder.eval_fraction", 0.0),
    ("folder.image_size", both(args.output_height, args.output_width)),
    ("folder.resize", "'resize'"),
  ]
  if args.crop:
    bindings.append(("folder.crop", both(args.input_height, args.input_width)))
  return bindings


def _digits(args):
  return [
    ("dataset.name", "'arrays'"),
    ("arrays.path", repr(_place(args))),
    ("arrays.eval_fraction", 0.0),
  ]


def _z(name):
  distribution, minimum = _Z[name]
  bindings = []
  for z in ("z", "eval_z"):
    bindings.append((f"{z}.distribution_fn", f"@tf.random.{distribution}"))
    if minimum is not None:
      bindings.append((f"{z}.minval", minimum))
  return bindings
