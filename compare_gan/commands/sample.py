"""Makes images with the model of a model_dir; needs no dataset.

  python -m compare_gan sample --model_dir X --n 100 --out samples.npz
  python -m compare_gan sample --model_dir X --n 100 --classes 3 \\
    --truncation 0.7 --out folder
  python -m compare_gan sample --model_dir X --z z.npy --labels y.npy \\
    --out samples.npz

An npz holds `images` float32 [N, H, W, C] in [0, 1], `z` and, for a conditional
model, `labels`. A folder gets what --make says: grid (grid.png), images
(images/00000.png, ...), npz (samples.npz), interpolation (a gif: each cell goes
to the next one's z), class_grids (3.png: --n images of class 3, the same z for
each of --classes), morph (7to1.gif: from class 7 to class 1, the next one of
--classes, at two frames a second; morph.gif: all of these, faster), truncation
(truncation.png: a row for each threshold of |z|) and sweep (sweep.png: a row
for each coordinate of z, from its small values to its large ones; sweep.gif: a
cell for each).
"""

import os

from compare_gan import image_grid
from compare_gan import model_dir
from compare_gan import picture_files
from compare_gan import pictures
from compare_gan import sampling
import numpy as np

_THINGS = (
  "grid",
  "images",
  "npz",
  "interpolation",
  "class_grids",
  "morph",
  "truncation",
  "sweep",
)


def add_arguments(parser):
  parser.add_argument("--model_dir", required=True)
  parser.add_argument(
    "--out", required=True, help="npz file to write, or a folder"
  )
  parser.add_argument(
    "--make",
    default="grid,images,npz",
    help=f"what a folder gets, of {','.join(_THINGS)}",
  )
  parser.add_argument(
    "--truncation",
    type=float,
    help="draw z from a normal distribution cut at +- this",
  )
  parser.add_argument(
    "--sweep",
    default="0,1,2,3,4,5,6,7",
    help="for --make=sweep: coordinates of z, or 'all'; the rest stays at the "
    "first image's",
  )
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
    help="npy file of latents [batches, N, z_dim] that are added to the "
    "accumulated moments of batch norm first",
  )
  parser.add_argument("--accu_labels", help="npy file of labels [batches, N]")
  parser.add_argument(
    "--accu_examples",
    type=int,
    default=6400,
    help="without --accu_z: how many latents, drawn as the images' are, fill "
    "accumulated moments, unless the checkpoint brought some and there is no "
    "--truncation",
  )
  parser.add_argument(
    "--gin_bindings",
    action="append",
    default=[],
    help="on top of the model's, such as "
    "'spectral_norm.update_in_eval = True'; may be repeated",
  )


def run(args):
  things = args.make.split(",")
  unknown = sorted({*things} - {*_THINGS})
  if unknown:
    raise ValueError(
      f"--make={args.make}: {', '.join(unknown)} is unknown. It can be "
      f"{', '.join(_THINGS)}."
    )
  gan = model_dir.load(args.model_dir, args.gin_bindings)
  for thing in ("morph", "class_grids"):
    if thing in things and not gan.num_classes:
      raise ValueError(
        f"--make={thing} needs a conditional model; this is none."
      )
  coordinates = _coordinates(args.sweep, gan.options.z_dim)
  if args.z is not None and args.truncation is not None:
    raise ValueError(
      f"--z={args.z} is used as it is, but --truncation={args.truncation} "
      "draws other latents. Leave one of them out."
    )
  averaged = not args.raw_weights
  moments = _fill(gan, args, averaged, args.truncation)
  sampler = sampling.Sampler(gan, averaged)
  if "class_grids" in things and not args.out.endswith(".npz"):
    _write_class_grids(args, sampler)
    things.remove("class_grids")
    if not things:
      return
  z, labels = _latents(gan, args)
  images = np.concatenate(list(sampler.batches(z, labels)))
  arrays = {"images": images, "z": z}
  if labels is not None:
    arrays["labels"] = labels
  if args.out.endswith(".npz"):
    _write_npz(args.out, arrays)
  else:

    def refill(truncation):
      _fill(gan, args, averaged, truncation)

    if args.accu_z is not None or not sampling.accumulators(gan, "accu_mean"):
      refill = None
    classes = _classes(args, gan)
    if labels is not None and (args.z is not None or not classes):
      classes = list(dict.fromkeys(labels.tolist()))
    _write_folder(
      args.out, things, sampler, arrays, coordinates, classes, refill
    )
  print(f"Wrote {len(images)} images {list(images.shape[1:])} to {args.out}.")
  source = args.z or sampling.z_in_words(args.truncation)
  print(f"z: {source}; moments of batch norm: {moments}.")


def _write_class_grids(args, sampler):
  """Writes <class>.png for each class: the same z, another label."""
  if args.z is not None:
    raise ValueError(
      "--make=class_grids draws its z: --n and --seed say which; --z does not."
    )
  classes = _classes(args, sampler.gan) or range(sampler.gan.num_classes)
  os.makedirs(args.out, exist_ok=True)
  for label in classes:
    z, labels = _drawn(sampler.gan, args, [label])
    path = os.path.join(args.out, f"{label}.png")
    picture_files.write_png(path, pictures.samples(sampler, z, labels))
  print(f"Wrote grids of {len(classes)} classes to {args.out}.")


def _write_npz(path, arrays):
  with open(path, "wb") as file:
    np.savez(file, **arrays)


def _coordinates(text, z_dim):
  """Returns the numbers of --sweep; those of the default that z has."""
  if text == "all":
    return list(range(z_dim))
  try:
    numbers = [int(number) for number in text.split(",")]
  except ValueError:
    numbers = [-1]
  if min(numbers) < 0:
    raise ValueError(f"--sweep={text}: numbers such as 0,1,2 or all would do.")
  if numbers == list(range(8)):
    return numbers[:z_dim]
  if max(numbers) >= z_dim:
    raise ValueError(f"--sweep={text}: z has the coordinates 0 to {z_dim - 1}.")
  return numbers


def _write_folder(
  folder, things, sampler, arrays, coordinates, classes, refill
):
  os.makedirs(folder, exist_ok=True)
  z, labels = arrays["z"], arrays.get("labels")
  some = slice(0, 64)  # as many as a picture can show
  some_labels = None if labels is None else labels[some]
  path = lambda name: os.path.join(folder, name)  # noqa: E731
  if "npz" in things:
    _write_npz(path("samples.npz"), arrays)
  if "grid" in things:
    picture_files.write_png(path("grid.png"), image_grid.grid(arrays["images"]))
  if "images" in things:
    os.makedirs(path("images"), exist_ok=True)
    for i, image in enumerate(arrays["images"]):
      picture = image_grid.grid(image[None])
      picture_files.write_png(path(f"images/{i:05d}.png"), picture)
  if "interpolation" in things:
    frames = pictures.interpolation(sampler, z[some], some_labels)
    picture_files.write_gif(path("interpolation.gif"), frames)
  if "morph" in things:
    frames = []
    for first, second in zip(classes, classes[1:] or classes):
      way = pictures.morph(sampler, z[some], first, second)
      picture_files.write_gif(path(f"{first}to{second}.gif"), way, seconds=0.5)
      frames += way
    picture_files.write_gif(path("morph.gif"), frames)
  if "truncation" in things:
    row = None if labels is None else labels[:8]
    sheet = pictures.truncation_sheet(sampler, row, refill=refill)
    picture_files.write_png(path("truncation.png"), sheet)
  if "sweep" in things:
    label = None if labels is None else labels[0]
    what = sampler, z[0], label, coordinates, pictures.sweep_values(9)
    picture_files.write_png(path("sweep.png"), pictures.sweep_sheet(*what))
    picture_files.write_gif(path("sweep.gif"), pictures.sweep_frames(*what))


def _latents(gan, args):
  if args.z is not None:
    labels = np.load(args.labels) if args.labels else None
    return np.load(args.z), labels
  return _drawn(gan, args, _classes(args, gan))


def _classes(args, gan):
  """Returns the labels of --classes, or None."""
  if not args.classes or not gan.num_classes:
    return None
  words = args.classes.split(",")
  if not all(w.isdigit() and int(w) < gan.num_classes for w in words):
    raise ValueError(
      f"--classes={args.classes}: this model has the classes 0 to "
      f"{gan.num_classes - 1}; 0,1 is a list of some."
    )
  return [int(word) for word in words]


def _drawn(gan, args, classes):
  """Returns z and labels of --n, --seed and --truncation."""
  return sampling.draw(gan, args.n, args.seed, classes, args.truncation)


def _fill(gan, args, averaged, truncation=None):
  """Fills accumulated moments as z is; returns words on them."""
  if args.accu_z is not None:
    sampling.fill_accumulators(gan, _stored_batches(args), averaged)
    return f"accumulated over {args.accu_z}"
  return sampling.fill_moments(
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
