"""Writes the generator of a model_dir for other programs.

  python -m compare_gan export --model_dir X --format pb \\
    --signature biggan --out model.pb
  python -m compare_gan export --model_dir X --format onnx --out model.onnx

Formats: `python -m compare_gan list exports` prints them, and a module of your
own, --format=my_package.my_format, is one too. Signatures: names, shapes and
ranges, see compare_gan/export/signatures.py. What was written is read again and
compared with the model.
"""

import argparse
from collections.abc import Iterable
from typing import Any
from typing import Optional

from compare_gan import console
from compare_gan.ascend import after_export
from compare_gan.bundles import arguments
from compare_gan.evaluation import moments
from compare_gan.evaluation import sampling
from compare_gan.export import formats
from compare_gan.export import signatures
from compare_gan.storage import model_dir
import numpy as np

_TOLERANCE = 1e-4  # of pixels in [0, 1]
_COMPARED = 4  # images


def add_arguments(parser: argparse.ArgumentParser) -> None:
  arguments.add(parser)
  parser.add_argument(
    "--format",
    required=True,
    help=f"{', '.join(formats.names())}, or the dotted path of a module of "
    "your own",
  )
  parser.add_argument(
    "--out",
    required=True,
    help="file or folder to write; {step} in it becomes the step's six digits",
  )
  parser.add_argument(
    "--signature",
    default="compare_gan",
    choices=list(signatures.SIGNATURES),
    help="names, shapes and ranges of inputs and outputs; default: compare_gan",
  )
  parser.add_argument(
    "--batch",
    help="images per call, or 'dynamic'; default: the signature's, and "
    "dynamic for savedmodel and hub",
  )
  add_truncation_argument(parser)
  after_export.add_arguments(parser)
  add_model_arguments(parser)


def add_truncation_argument(parser: argparse.ArgumentParser) -> None:
  parser.add_argument(
    "--truncation",
    type=float,
    help="fill accumulated moments with z from a normal distribution "
    "truncated at +- this, as make_bins --truncation does",
  )


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
  """Adds the arguments, shared by commands, that choose a model's images."""
  parser.add_argument(
    "--step", type=console.whole(0), help="default: the last one"
  )
  parser.add_argument(
    "--raw_weights",
    action="store_true",
    help="use the weights themselves, not their moving average",
  )
  parser.add_argument(
    "--accu_examples",
    type=console.whole(0),
    default=6400,
    help="how many random latents fill accumulated moments that are empty",
  )
  parser.add_argument(
    "--seed", type=console.seed, default=42, help="seed of the random latents"
  )
  parser.add_argument(
    "--gin_bindings",
    action="append",
    default=[],
    help="gin binding that overrides the model's; may be repeated",
  )


def load(
  args: argparse.Namespace, bindings: Iterable[str] = ()
) -> tuple[Any, int]:
  """Returns the GAN that the arguments choose, moments filled, and its step."""
  gan, step = model_dir.load_step(
    arguments.model_dir(args), args.step, [*args.gin_bindings, *bindings]
  )
  truncation = getattr(args, "truncation", None)
  sampling.refuse_truncation_of_styles(gan, truncation)
  sampling.refuse_drawn_noise(gan)
  words = moments.fill_moments(
    gan,
    # Without --seed: all commands must fill them alike.
    lambda: sampling.drawn_batches(
      gan, args.accu_examples, 43, truncation=truncation
    ),
    args.accu_examples,
    truncation,
    not args.raw_weights,
  )
  if words != "moving":
    print(f"Moments of batch norm: {words}.")
  return gan, step


def run(args: argparse.Namespace) -> None:
  form = formats.find(args.format)
  if hasattr(form, "check"):
    form.check()
  signature = signatures.get(args.signature)
  batch = batch_size(args.batch, signature, getattr(form, "ANY_BATCH", False))
  gan, step = load(args)
  averaged = not args.raw_weights
  path = args.out.replace("{step}", f"{step:06d}")
  notes = form.write(gan, signature, batch, path, averaged) or []
  compared = ""
  if hasattr(form, "read"):
    model = form.read(path, signature)
    error = _error(gan, signature, batch, model, averaged, args)
    compared = (
      " Read back and compared with the model: the largest error of a pixel "
      f"in [0, 1] is {error:.2g}."
    )
    _print_ports(gan, signature, batch)
  for note in notes:
    print(note)
  print(f"Wrote step {step} to {path}.{compared}")
  for command in after_export.commands(args, gan, signature, batch, path):
    print(command)


def batch_size(
  text: Optional[str], signature: signatures.Signature, is_free: bool = False
) -> Optional[int]:
  """Returns --batch as a number, None for any."""
  if text is None:
    return None if is_free else signature.batch
  if text == "dynamic":
    return None
  if not text.isdigit() or not int(text):
    raise ValueError(
      f"--batch={text}. It can be a number of images, or dynamic."
    )
  return int(text)


def _error(gan, signature, batch, model, averaged, args):
  """Returns the largest difference of a model's pixels from the GAN's."""
  z, labels = sampling.draw(gan, _COMPARED, args.seed)
  wanted = sampling.generate(gan, z, labels, averaged)
  got = signatures.run(model, signature, batch, z, labels)
  error = float(np.abs(got - wanted).max())
  if not error <= _TOLERANCE:
    raise ValueError(
      f"{args.out} generates other images than the model: pixels in [0, 1] "
      f"differ by up to {error}. Do not use it; try another --format."
    )
  return error


def _print_ports(gan, signature, batch):
  for port in signature.inputs(gan, batch):
    print(f"input   {port.name}: {port.dtype} {_shape(port)}")
  port = signature.output_of(gan, batch)
  print(
    f"output  {port.name}: {port.dtype} {_shape(port)}, from {signature.low:g} "
    f"to {signature.high:g}"
  )


def _shape(port):
  return [size or "any" for size in port.shape]
