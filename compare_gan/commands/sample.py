"""Makes images with the model of a model_dir; most of it needs no dataset.

  python -m compare_gan sample --bundle shapes32-biggan --n 64
  python -m compare_gan sample --model_dir X --n 100 --out samples.npz
  python -m compare_gan sample --model_dir X --n 100 --classes 3 \\
    --truncation 0.7 --out folder
  python -m compare_gan sample --model_dir X --z z.npy --labels y.npy \\
    --out samples.npz
  python -m compare_gan sample --model_dir X --n 1000 \\
    --make neighbours,spectrum,map,directions --out folder

An npz holds `images` float32 [N, H, W, C] in [0, 1], `z` and, for a conditional
model, `labels`. A folder gets what --make says, a list of these:

{kinds}

--sampler asks D which latents to take: `ddls` moves them, `rejection` draws
until it likes enough of them. Parameters are bound as ddls.steps, say:

  python -m compare_gan sample --model_dir X --n 100 --sampler ddls \\
    --gin_bindings "ddls.steps = 200" --out samples.npz

neighbours, spectrum and map compare with the images of dataset.name. A kind of
one's own is a module, see compare_gan/looks/__init__.py.
"""

import argparse
import os

from compare_gan import console
from compare_gan import looks
from compare_gan.bundles import arguments
from compare_gan.datasets import catalogue
from compare_gan.evaluation import ddls
from compare_gan.evaluation import moments
from compare_gan.evaluation import post_hoc
from compare_gan.evaluation import rejection
from compare_gan.evaluation import sampling
from compare_gan.evaluation import settings as settings_lib
from compare_gan.features import inception_network
from compare_gan.looks import npz
from compare_gan.looks import real
from compare_gan.looks import subject as subject_lib
from compare_gan.storage import model_dir
import numpy as np

__doc__ = __doc__.replace("{kinds}", looks.described())

_DEFAULT = "grid,images,npz"
_SAMPLERS = ("ddls", "rejection")


def add_arguments(parser: argparse.ArgumentParser) -> None:
  arguments.add(parser)
  parser.add_argument(
    "--out",
    default="samples",
    help="npz file to write, or a folder; default: samples",
  )
  parser.add_argument(
    "--make",
    default=_DEFAULT,
    help=f"what a folder gets, see above; default: {_DEFAULT}",
  )
  looks.add_arguments(parser)
  parser.add_argument(
    "--features",
    help="what neighbours and map compare by: pixels, or an extractor's name "
    "in gin, such as inception; default: evaluate.features",
  )
  _add_latents(parser)
  _add_weights(parser)
  parser.add_argument("--tfds_data_dir", help="where tensorflow-datasets are")
  inception_network.add_flag(parser)
  parser.add_argument(
    "--gin_bindings",
    action="append",
    default=[],
    help="on top of the model's, such as "
    "'spectral_norm.update_in_eval = True'; may be repeated",
  )


def _add_latents(parser):
  parser.add_argument(
    "--truncation",
    type=float,
    help="draw z from a normal distribution cut at +- this; for a model with "
    "styles, such as StyleGAN2: the factor of their distance from the average",
  )
  parser.add_argument(
    "--sampler",
    choices=_SAMPLERS,
    help="z that D likes, of models trained with @non_saturating",
  )
  parser.add_argument("--z", help="npy file of latents [N, z_dim]")
  parser.add_argument("--labels", help="npy file of labels [N]")
  parser.add_argument(
    "--n", type=console.whole(1), default=64, help="without --z: how many"
  )
  parser.add_argument(
    "--seed", type=console.seed, default=42, help="of drawn latents"
  )
  parser.add_argument(
    "--classes", help="without --z: labels to take in turn, such as 3,5"
  )


def _add_weights(parser):
  parser.add_argument(
    "--raw_weights",
    action="store_true",
    help="not their moving average, where there is one",
  )
  parser.add_argument(
    "--ema",
    type=float,
    help="the average of this relative width (0.1: over about the last 10 %% "
    "of the training), from the snapshots that post_hoc_ema.sigma_rel left",
  )
  parser.add_argument(
    "--accu_z",
    help="npy file of latents [batches, N, z_dim] that are added to the "
    "accumulated moments of batch norm first",
  )
  parser.add_argument("--accu_labels", help="npy file of labels [batches, N]")
  parser.add_argument(
    "--accu_examples",
    type=console.whole(0),
    default=6400,
    help="without --accu_z: how many latents, drawn as the images' are, fill "
    "accumulated moments, unless the checkpoint brought some and there is no "
    "--truncation",
  )


def run(args: argparse.Namespace) -> None:
  kinds = looks.find(args.make)
  _require_owners_of_labels(args)
  if args.raw_weights and args.ema is not None:
    raise ValueError(
      f"--ema={args.ema:g} asks for an average of the weights, and "
      "--raw_weights for none. Leave one of them out."
    )
  folder = arguments.model_dir(args)
  gan, step = model_dir.load_step(folder, None, _bindings(args))
  post_hoc.use_average(gan, folder, step, args.ema)
  for kind in kinds.values():
    if hasattr(kind, "check"):
      kind.check(gan, args)
  of_styles = sampling.truncates_styles(gan)
  if args.z is not None and args.truncation is not None and not of_styles:
    raise ValueError(
      f"--z={args.z} is used as it is, but --truncation={args.truncation} "
      "draws other latents. Leave one of them out."
    )
  classes = sampling.classes(gan, args.classes)
  averaged = not args.raw_weights
  sampler = _sampler(args, gan)
  filled = _fill(gan, args, averaged, args.truncation)
  subject = subject_lib.Subject(
    gan,
    args.out,
    draw=lambda classes: _latents(gan, args, classes, sampler),
    classes=classes,
    averaged=averaged,
    real_images=lambda: _real_images(gan, args),
    refill=_refill(gan, args, averaged),
    truncation=args.truncation,
  )
  if args.out.endswith(".npz"):
    npz.write(args.out, subject)
    if args.make != _DEFAULT:
      print(
        f"--make={args.make} is for a folder, but --out={args.out} is a file."
      )
  else:
    os.makedirs(args.out, exist_ok=True)
    for kind in kinds.values():
      kind.make(subject, args)
  _report(subject, args, filled)


def _require_owners_of_labels(args):
  for labels, latents in (("labels", "z"), ("accu_labels", "accu_z")):
    given = getattr(args, labels)
    if given is not None and getattr(args, latents) is None:
      raise ValueError(
        f"--{labels}={given} are of the latents that --{latents} names. Give "
        "both, or choose the classes of drawn latents, as in --classes=3,5."
      )


def _report(subject, args, filled):
  if "images" in vars(subject):
    shape = list(subject.images.shape[1:])
    print(f"Wrote {len(subject.images)} images {shape} to {args.out}.")
  if "latents" in vars(subject):
    source = args.z or sampling.z_in_words(args.truncation, subject.gan)
    if args.sampler:
      source += f", chosen by --sampler={args.sampler}"
    print(f"z: {source}; moments of batch norm: {filled}.")


def _bindings(args):
  bindings = list(args.gin_bindings)
  if args.myevalinception:
    bindings += inception_network.bindings(args.myevalinception)
  return bindings


def _real_images(gan, args):
  """Returns the real.RealImages of dataset.name and --features."""
  chosen = settings_lib.Settings()
  make_extractor = real.make_extractor(args.features, chosen.features)
  dataset = _dataset(args)
  if dataset.image_shape != gan.image_shape:
    raise ValueError(
      f"{dataset.name} has images {dataset.image_shape}, but the model makes "
      f"{gan.image_shape}. Set dataset.name."
    )
  return real.RealImages(
    dataset, make_extractor, chosen.split, chosen.num_train
  )


def _latents(gan, args, classes, sampler):
  """Returns z and labels of --z, or of --n, --seed and --truncation."""
  if args.z is not None:
    labels = np.load(args.labels) if args.labels else None
    return np.load(args.z), labels
  z, labels = sampling.draw(gan, args.n, args.seed, classes, args.truncation)
  if sampler:
    z = sampler.sample(gan, z, labels, args.seed, not args.raw_weights)
  return z, labels


def _sampler(args, gan):
  """Returns the sampler that --sampler names, None without --sampler."""
  if args.sampler is None:
    return None
  for flag in ("z", "truncation"):
    if getattr(args, flag) is not None:
      raise ValueError(
        f"--sampler={args.sampler} draws z by itself, from eval_z, but "
        f"--{flag}={getattr(args, flag)} asks for others. Leave one of them "
        "out."
      )
  samplers = {"ddls": ddls.DDLS, "rejection": rejection.Rejection}
  sampler = samplers[args.sampler]()
  sampler.check(gan)
  if moments.accumulators(gan, "accu_counter", of_discriminator=True):
    moments.fill_discriminator(gan, _dataset(args), args.accu_examples)
  return sampler


def _dataset(args):
  given = {"tfds_data_dir": args.tfds_data_dir} if args.tfds_data_dir else {}
  return catalogue.dataset(**given)


def _refill(gan, args, averaged):
  """Returns a function that refills accumulated moments, None without any."""
  if args.accu_z is not None or not moments.accumulators(gan, "accu_mean"):
    return None
  return lambda truncation: _fill(gan, args, averaged, truncation)


def _fill(gan, args, averaged, truncation=None):
  """Fills accumulated moments with the z of the samples; describes them."""
  if args.accu_z is not None:
    moments.fill_accumulators(gan, _stored_batches(args), averaged)
    return f"accumulated over {args.accu_z}"
  return moments.fill_moments(
    gan,
    lambda: sampling.drawn_batches(
      gan, args.accu_examples, args.seed + 1, truncation=truncation
    ),
    args.accu_examples,
    truncation,
    averaged,
  )


def _stored_batches(args):
  zs = np.load(args.accu_z)
  if args.accu_labels is None:
    return [(z, None) for z in zs]
  labels = np.load(args.accu_labels)
  if len(labels) != len(zs):
    raise ValueError(
      f"--accu_z has {len(zs)} batches and --accu_labels {len(labels)}."
    )
  return list(zip(zs, labels))
