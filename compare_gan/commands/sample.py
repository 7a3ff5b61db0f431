"""Makes images with the model of a model_dir; needs no dataset.

  python -m compare_gan sample --model_dir X --n 100 --out samples.npz
  python -m compare_gan sample --model_dir X --z z.npy --labels y.npy \\
    --out samples.npz

The npz holds `images` float32 [N, H, W, C] in [0, 1], `z` and, for a
conditional model, `labels`.
"""

from compare_gan import model_dir
from compare_gan import sampling
import numpy as np


def add_arguments(parser):
  parser.add_argument("--model_dir", required=True)
  parser.add_argument("--out", required=True, help="npz file to write")
  parser.add_argument("--z", help="npy file of latents [N, z_dim]")
  parser.add_argument("--labels", help="npy file of labels [N]")
  parser.add_argument("--n", type=int, default=64, help="without --z: how many")
  parser.add_argument("--seed", type=int, default=42, help="of drawn latents")
  parser.add_argument(
    "--classes", help="without --z: labels to take in turn, such as 3,5"
  )
  parser.add_argument(
    "--raw_weights",
    action="store_true",
    help="not their moving average, where there is one",
  )
  parser.add_argument(
    "--accu_z",
    help="npy file of latents [batches, N, z_dim] that fill the accumulated "
    "moments of batch norm first",
  )
  parser.add_argument("--accu_labels", help="npy file of labels [batches, N]")
  parser.add_argument(
    "--accu_examples",
    type=int,
    default=6400,
    help="without --accu_z: how many drawn latents fill accumulated moments "
    "that are still empty",
  )
  parser.add_argument(
    "--gin_bindings",
    action="append",
    default=[],
    help="on top of the model's, such as "
    "'spectral_norm.update_in_eval = True'; may be repeated",
  )


def run(args):
  gan = model_dir.load(args.model_dir, args.gin_bindings)
  averaged = not args.raw_weights
  _fill(gan, args, averaged)
  z, labels = _latents(gan, args)
  images = sampling.generate(gan, z, labels, averaged)
  arrays = {"images": images, "z": z}
  if labels is not None:
    arrays["labels"] = labels
  with open(args.out, "wb") as file:
    np.savez(file, **arrays)
  print(f"Wrote {len(images)} images {list(images.shape[1:])} to {args.out}.")


def _latents(gan, args):
  if args.z is None:
    classes = args.classes and [int(c) for c in args.classes.split(",")]
    return sampling.draw(gan, args.n, args.seed, classes)
  labels = np.load(args.labels) if args.labels else None
  return np.load(args.z), labels


def _fill(gan, args, averaged):
  if args.accu_z is not None:
    batches = _stored_batches(args)
  elif not sampling.are_filled(gan):
    batches = _drawn_batches(gan, args)
  else:
    return
  sampling.fill_accumulators(gan, batches, averaged)


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


def _drawn_batches(gan, args, batch_size=64):
  z, labels = sampling.draw(gan, args.accu_examples, args.seed + 1)
  for start in range(0, len(z) - batch_size + 1, batch_size):
    part = slice(start, start + batch_size)
    yield z[part], None if labels is None else labels[part]
