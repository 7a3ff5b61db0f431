"""Makes one HTML page that runs the generator in the browser.

  python -m compare_gan web --model_dir X --out page.html
  python -m compare_gan web --model_dir X --out page.html --half
  python -m compare_gan web --model_dir X --out page.html --frames
  python -m compare_gan web --model_dir X --out page.html --engine onnxruntime

The page opens from disk and needs no network: sliders for z, buttons for the
classes, a gallery whose images vary when they are clicked. A generator that a
page cannot compute, or that is larger than --max_mb, is shown by frames that
are made now: sweeps of the coordinates of z, class by class. --frames asks for
them. For a large generator, --engine=onnxruntime makes a faster page; see
docs/web.md.
"""

import argparse

from compare_gan.bundles import arguments
from compare_gan.commands import export
from compare_gan.evaluation import sampling
from compare_gan.export.formats import web
from compare_gan.export.web import onnxruntime_web
from compare_gan.export.web import program_writer
from compare_gan.export.web import web_page
from compare_gan.looks import views

_BASES = 4  # the most z from which frames start
_VALUES = 9  # of each coordinate
_COORDINATES = (16, 8, 4, 2, 1)  # in a page of frames: the first that fits
_CLASSES = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
  arguments.add(parser)
  parser.add_argument("--out", required=True, help="HTML file to write")
  parser.add_argument(
    "--frames",
    action="store_true",
    help="put finished images into the page instead of the network",
  )
  parser.add_argument(
    "--engine",
    choices=web.ENGINES,
    default=web.ENGINES[0],
    help="what computes the images: the page's own small interpreter, or "
    "onnxruntime-web, which adds about 5 MB and is faster for large networks",
  )
  parser.add_argument(
    "--onnxruntime",
    default=onnxruntime_web.FOLDER,
    metavar="FOLDER",
    help="with --engine=onnxruntime: what scripts/vendor_onnxruntime_web.py "
    "made; default: %(default)s",
  )
  parser.add_argument(
    "--half",
    action="store_true",
    help="store weights as float16: half the size, pixels within about 1/255",
  )
  parser.add_argument(
    "--max_mb", type=float, default=40.0, help="size limit of the page"
  )
  parser.add_argument(
    "--title", help="title of the page; default: the architecture and the step"
  )
  parser.add_argument(
    "--class_names",
    help="names of the classes, such as square,disc; default: their numbers",
  )
  parser.add_argument(
    "--classes",
    help="with --frames: labels to show, such as 3,5; default: the first ten",
  )
  export.add_model_arguments(parser)


def run(args: argparse.Namespace) -> None:
  gan, step = export.load(args)
  averaged = not args.raw_weights
  names = _class_names(gan, args.class_names)
  title = args.title or f"{gan.options.architecture}, step {step}"
  page, why = None, "Precomputed images."
  if not args.frames:
    try:
      given = (gan, averaged, names, title, args.max_mb, args.half)
      page = web.html_by(args.engine, *given, folder=args.onnxruntime)
    except (
      program_writer.UnknownOperationError,
      web_page.TooLargeError,
    ) as error:
      why = f"Precomputed images: {error}"
      print(f"The page gets frames: {error}")
      if args.engine == "interpreter" and not isinstance(
        error, web_page.TooLargeError
      ):
        print("--engine=onnxruntime computes more operations.")
  if page is None:
    page = _frames(gan, averaged, names, (title, why), args)
  with open(args.out, "w", encoding="utf-8") as file:
    file.write(page)
  print(f"Wrote {len(page) / 2**20:.1f} MB to {args.out}.")


def _class_names(gan, given):
  names = (
    given.split(",") if given else [str(i) for i in range(gan.num_classes)]
  )
  if len(names) != gan.num_classes:
    raise ValueError(
      f"--class_names={given} has {len(names)} names, but the model has "
      f"{gan.num_classes} classes."
    )
  return names


def _frames(gan, averaged, names, about, args):
  """Returns a page with as many coordinates, and then bases, as fit."""
  first = list(range(min(gan.num_classes, _CLASSES)))
  classes = sampling.classes(gan, args.classes) or first
  sampler = sampling.Sampler(gan, averaged)
  z, _ = sampling.draw(gan, _BASES, args.seed)
  values = views.sweep_values(_VALUES)

  def sheets(base, count):
    return [
      web_page.data_uri(
        views.sweep_sheet(sampler, base, label, range(count), values)
      )
      for label in classes or [None]
    ]

  def page(bases, count):
    made = web_page.with_frames(
      gan.image_shape,
      about,
      [names[label] for label in classes],
      bases,
      values.tolist(),
      count,
    )
    web_page.require_size(len(made), args.max_mb)
    return made

  z_dim = gan.options.z_dim
  for count in sorted({min(n, z_dim) for n in _COORDINATES}, reverse=True):
    made = None
    bases = []
    try:
      for base in z:
        bases.append(sheets(base, count))
        made = page(bases, count)
    except web_page.TooLargeError as error:
      too_large = error
    if made is not None:
      return made
  raise web_page.TooLargeError(
    f"{too_large} The page with frames is too large as well: give a larger "
    "--max_mb or fewer --classes."
  )
