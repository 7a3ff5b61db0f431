"""Writes a trained model as one file to share, or gets one from a hub.

  python -m compare_gan bundle runs/a --out a.zip --license CC-BY-4.0
  python -m compare_gan bundle runs/a --out small.zip --dtype float16
  python -m compare_gan bundle runs/a --push user/name
  python -m compare_gan bundle hf://user/name --out a.zip

The zip holds the weights as safetensors, the gin config, the scores with their
protocol, sample images, a model card and a manifest with the hash of each: data
only, no code. Whatever takes a --model_dir takes it. See docs/bundles.md.
"""

import argparse
import os

from compare_gan import console
from compare_gan.bundles import archive
from compare_gan.bundles import hub
from compare_gan.bundles import read
from compare_gan.bundles import write
from compare_gan.export import output_file

_CHOICES = (
  "step",
  "dtype",
  "license",
  "data_license",
  "name",
  "with_discriminator",
  "with_encoder",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
  add = parser.add_argument
  add("model_dir", help="of a training; or a bundle, to copy it")
  add("--out", help="zip to write")
  add("--push", metavar="USER/NAME", help="repository of Hugging Face to fill")
  add(
    "--private", action="store_true", help="with --push: a new one is private"
  )
  add(
    "--step",
    type=console.whole(0),
    help="default: the last one; of best/, the best",
  )
  add("--dtype", choices=write.DTYPES, help="of the weights; default: float32")
  add(
    "--with_discriminator",
    action="store_true",
    help="also D, E and the weights without averaging, for options.init_from",
  )
  add("--with_encoder", action="store_true", help="also the encoder")
  add("--name", help="of the model; default: that of the zip or repository")
  add("--license", help="of the weights, such as Apache-2.0, for the card")
  add("--data_license", help="of the images that it was trained on")


def run(args: argparse.Namespace) -> None:
  if not args.out and not args.push:
    raise ValueError(
      "Nothing to write to. Give --out=x.zip or --push=user/name."
    )
  source = read.find(args.model_dir)
  data = _made(args) if source is None else _copied(args, source)
  if args.out:
    output_file.write(args.out, data)
    print(f"Wrote {len(data) / 2**20:.1f} MB to {args.out}.")
  if args.push:
    contents = archive.contents(data)
    print(f"Pushed to {hub.push(args.push, contents, args.private)}.")


def _made(args):
  made = write.make(
    args.model_dir,
    write.About(_name(args), args.license, args.data_license),
    args.step,
    args.dtype or "float32",
    args.with_discriminator,
    args.with_encoder,
  )
  for note in made.notes:
    print(note)
  return made.data


def _name(args):
  target = args.push or os.path.splitext(os.path.basename(args.out))[0]
  return args.name or target.rpartition("/")[2]


def _copied(args, source):
  chosen = [name for name in _CHOICES if getattr(args, name)]
  if chosen:
    raise ValueError(
      f"{args.model_dir} is a bundle, and is copied as it is. Leave out "
      f"--{', --'.join(chosen)}, or make another bundle of its model_dir."
    )
  return archive.encode(archive.read(source)[1])
