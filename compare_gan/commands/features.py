"""Puts networks from other programs behind scores: DINOv2, CLIP, your own.

A network is a folder, which @onnx_features or @saved_model looks through:

  towers/dinov2_vitl14/model.onnx    or saved_model/, a SavedModel's folder
  towers/dinov2_vitl14/tower.json    how images are prepared, and what is read

Nothing is downloaded here. On a machine with internet:

  python -m compare_gan features recipe dinov2 > make_dinov2.py
  python make_dinov2.py dinov2_vitl14        # or dinov2_vitb14
  python -m compare_gan features recipe clip > make_clip.py
  python make_clip.py                        # ViT-L/14 at 336, for CMMD
  python -m compare_gan features recipe inception > make_inception.py
  python make_inception.py

The scripts stand at the end of this text, too. Then, there or here:

  python -m compare_gan features make-json towers/dinov2_vitl14 \\
    --like dinov2 --licence Apache-2.0 --port "facebookresearch/dinov2"
  python -m compare_gan features make-json towers/clip_vitl14_336 \\
    --like clip_cmmd --licence MIT --port "transformers"
  python -m compare_gan features check towers/dinov2_vitl14 \\
    --against towers/dinov2_vitl14/source.npz

check compares with what the source network made of eight images: each cosine is
above 0.9999, or the file is not to be trusted. Copy the folder, and score:

  python -m compare_gan evaluate --model_dir X \\
    --gin_bindings 'evaluate.features = @onnx_features' \\
    --gin_bindings 'onnx_features.path = "towers/dinov2_vitl14"' \\
    --gin_bindings 'evaluate.metrics = [@fd]'

The score is called fd_dinov2_vitl14. What goes wrong in exports of one's own:

- Keep the resize out of the network. Exporters refuse antialiased bicubic, or
  write it with a = -0.75 where Pillow has -0.5.
- Put the table of positions of the wanted size in as a constant. DINOv2's hub
  interpolates it with an offset of 0.1, other ports without: say the port.
- OpenAI's CLIP needs x * sigmoid(1.702 x); DINOv2 the exact GELU.
- The first dimension is of any size, input and output are float32, and the
  output is [N, D]: choose the class token inside of the network.
- Weights above 2 GB lie in files beside model.onnx: copy these as well.
- An old onnxruntime knows old opsets only; that of TensorFlow 2.6 knows 15.
"""

import argparse
import json
import os
import time

from compare_gan import console
from compare_gan.features import onnx_tower
from compare_gan.features import onnx_weights
from compare_gan.features import saved_model
from compare_gan.features import tower
from compare_gan.features.published import PROTOCOLS
from compare_gan.features.recipes import RECIPES
from compare_gan.storage import files
import numpy as np
import tensorflow as tf

_LEAST_COSINE = 0.9999
_TIMED = 8  # images


def add_arguments(parser: argparse.ArgumentParser) -> None:
  parser.epilog = "\n".join(
    f"---- recipe {name}: make_{name}.py ----\n\n{text}"
    for name, text in RECIPES.items()
  )
  verbs = parser.add_subparsers(dest="verb", required=True, metavar="verb")
  recipe = verbs.add_parser(
    "recipe", help="prints a script that exports a network"
  )
  recipe.add_argument("name", choices=sorted(RECIPES))
  check = verbs.add_parser(
    "check", help="loads a network and reports its features"
  )
  check.add_argument(
    "path", help="folder with tower.json, or the network's file or folder"
  )
  check.add_argument(
    "--against", help="npz file of images, uint8, and the source's features"
  )
  check.add_argument(
    "--threads", type=console.whole(1), default=1, help="threads of onnxruntime"
  )
  make = verbs.add_parser(
    "make-json",
    help="writes tower.json",
    description="Writes tower.json beside a network. --like is one of:\n\n"
    + "\n".join(f"  {k:23}{words}" for k, (_, words) in PROTOCOLS.items()),
    formatter_class=argparse.RawDescriptionHelpFormatter,
  )
  _add_arguments_of_make_json(make)


def _add_arguments_of_make_json(parser):
  parser.add_argument("folder", help="folder with model.onnx or saved_model/")
  parser.add_argument(
    "--like", required=True, choices=sorted(PROTOCOLS), metavar="NAME"
  )
  parser.add_argument("--licence", required=True, help="licence of the weights")
  parser.add_argument("--name", help="name in scores; default: the folder's")
  parser.add_argument(
    "--port", default="", help="implementation that was exported"
  )
  parser.add_argument(
    "--pixels",
    type=console.whole(1),
    help="size of the input instead of the protocol's",
  )
  parser.add_argument("--input", help="default: the only one")
  parser.add_argument("--output", help="default: the only one")
  parser.add_argument(
    "--layout",
    choices=["NCHW", "NHWC"],
    help="default: follows from the axis of size 3",
  )
  parser.add_argument(
    "--round_pixels",
    action="store_true",
    help="round images to 0 ... 255 first, as if they had been saved",
  )
  parser.add_argument(
    "--force", action="store_true", help="overwrite tower.json"
  )


def run(args: argparse.Namespace) -> None:
  verbs = {"recipe": _recipe, "check": _check, "make-json": _make_json}
  verbs[args.verb](args)


def _recipe(args):
  print(RECIPES[args.name], end="")


# ---- check -------------------------------------------------------------------


def _check(args):
  extractor = _open(args.path, args.threads)
  described = extractor.described
  print(f"{extractor.name}: {extractor.width} features, identity", end=" ")
  print(extractor.identity())
  for key, value in extractor.settings.items():
    print(f"  {key:16}{value}")
  print(f"  {'licence':16}{described.licence}")
  side = described.preprocessing.pixels
  images = np.random.RandomState(0).randint(0, 256, [_TIMED, side, side, 3])
  start = time.perf_counter()
  extractor(images.astype(np.uint8))
  rate = _TIMED / (time.perf_counter() - start)
  print(f"{rate:.3g} images per second, of {_TIMED} of {side} x {side} pixels.")
  if args.against:
    _compare(extractor, args.against)


def _open(path, threads):
  """Returns the Tower of a folder with an ONNX file or a SavedModel."""
  is_onnx = os.path.isfile(os.path.join(path, onnx_tower.MODEL))
  if is_onnx or not os.path.isdir(path):
    return onnx_tower.onnx_features(None, path, threads=threads)
  described = tower.find(path)
  tower.read(described)  # A tower needs it, though a SavedModel does not.
  return saved_model.saved_model(None, path)


def _compare(extractor, path):
  """Raises ValueError unless features match those of the source network."""
  with np.load(path, allow_pickle=False) as arrays:
    missing = {"images", "features"} - set(arrays.files)
    if missing:
      raise ValueError(
        f"--against={path} has {sorted(arrays.files)}, but images [N, H, W, 3] "
        "and features [N, D] are needed."
      )
    images, expected = arrays["images"], arrays["features"]
  found = extractor(images).features
  if found.shape != expected.shape:
    raise ValueError(
      f"--against={path} has features {list(expected.shape)}, but the network "
      f"returns {list(found.shape)}."
    )
  cosines = _cosines(found, np.asarray(expected, np.float64))
  print(
    f"cosines with {path}: {cosines.min():.7f} or more, {len(images)} images"
  )
  if not cosines.min() > _LEAST_COSINE:
    raise ValueError(
      f"{extractor.described.path}: features differ from those of the source, "
      f"{path}: the least cosine is {cosines.min():.7f}, but above "
      f"{_LEAST_COSINE} is needed. Look at mean, std, resize, crop and "
      "output, and at how the exporter treated the position embeddings."
    )


def _cosines(first, second):
  lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
  return np.sum(first * second, axis=1) / lengths


# ---- make-json ---------------------------------------------------------------


def _make_json(args):
  path = os.path.join(args.folder, tower.FILE)
  if os.path.exists(path) and not args.force:
    raise ValueError(f"{path} already exists. --force overwrites it.")
  inputs, outputs, weights = _inspect(args.folder)
  name = args.input or _only("input", inputs)
  values = {
    "name": args.name or tower.name_of_folder(path),
    **PROTOCOLS[args.like][0],
    "layout": args.layout or _layout(inputs.get(name)),
    "input": name,
    "output": args.output or _only("output", outputs),
    "weights_sha256": weights,
    "licence": args.licence,
    "port": args.port,
    "round_pixels": args.round_pixels,
  }
  if args.pixels:
    values["pixels"] = args.pixels
  described = tower.description(path, values)
  tower.check_ports(described, inputs, outputs)
  files.write_text(path, json.dumps(values, indent=2) + "\n")
  print(f"Wrote {path}: scores will be called <metric>_{described.name}.")


def _inspect(folder):
  """Returns the inputs and outputs of a network, and its weights' digest."""
  if os.path.isfile(os.path.join(folder, onnx_tower.MODEL)):
    model = onnx_tower.model_file(folder)
    names = onnx_weights.weight_files(model)
    session = onnx_tower.open_session(model, 1, "CPUExecutionProvider")
    ports = onnx_tower.ports(session)
    return (*ports, tower.digest_of_weights(folder, names))
  folder = saved_model.folder_of_model(folder)
  names = saved_model.weight_files(folder)
  with files.plain_name(folder) as plain:
    function = tf.saved_model.load(plain).signatures["serving_default"]
  ports = saved_model.ports(function)
  return (*ports, tower.digest_of_weights(folder, names))


def _only(kind, ports):
  if len(ports) != 1:
    raise ValueError(
      f"The network has the {kind}s {', '.join(sorted(ports))}. Choose one "
      f"with --{kind}."
    )
  return next(iter(ports))


def _layout(port):
  """Returns the layout that a shape implies."""
  shape = getattr(port, "shape", None) or []
  found = [
    layout
    for layout in ("NCHW", "NHWC")
    if len(shape) == 4 and shape[layout.index("C")] == 3
  ]
  if len(found) != 1:
    raise ValueError(
      f"The network's input is {shape or 'of any shape'}, which does not say "
      "where the colours are. Give --layout=NCHW or --layout=NHWC."
    )
  return found[0]
