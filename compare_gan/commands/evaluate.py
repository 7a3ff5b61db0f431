"""Scores a model, images that any program made, or features.

  python -m compare_gan evaluate --model_dir X [--step 4000] [--json FILE]
  python -m compare_gan evaluate --model_dir X --ema 0.1
  python -m compare_gan evaluate --images folder-or-npz \\
    --gin_bindings 'dataset.name = "cifar10"'
  python -m compare_gan evaluate --real_features a.npy --fake_features b.npy

--images are decoded as those of a dataset: folder.background is what shows
behind transparent pixels, and arrays.value_range and arrays.layout say what an
array file holds. A model_dir gets a row in its scores.csv; a bundle stays as it
is. What is scored and how: `evaluate.*`, see evaluation/settings.py, which
--gin_bindings may set.
"""

import argparse
import io
import json
import os

from compare_gan import console
from compare_gan.bundles import arguments
from compare_gan.configuration import gin_files
from compare_gan.context import gpu
from compare_gan.datasets import arrays
from compare_gan.datasets import catalogue
from compare_gan.datasets import given_images
from compare_gan.evaluation import given_sets
from compare_gan.evaluation import post_hoc
from compare_gan.evaluation import protocol
from compare_gan.evaluation import scoring
from compare_gan.evaluation import settings as settings_lib
from compare_gan.features import abstract_extractor
from compare_gan.features import inception_network
from compare_gan.storage import files
from compare_gan.storage import model_dir as model_dir_lib
from compare_gan.storage import score_row
from compare_gan.storage import score_tables
from compare_gan.storage.score_row import ScoreRow
import numpy as np


def add_arguments(parser: argparse.ArgumentParser) -> None:
  arguments.add(parser, required=False)
  parser.add_argument(
    "--step",
    type=console.whole(0),
    help="scores the checkpoint of this step instead",
  )
  parser.add_argument(
    "--ema",
    type=float,
    help="scores an average of G's weights with this relative width (0.1: "
    "over about the last 10 %% of the training), rebuilt from the "
    "snapshots that post_hoc_ema.sigma_rel stores",
  )
  parser.add_argument(
    "--images",
    help="scores these images: a folder of pictures in natural order (2 "
    "before 10), or an npz, npy, mat or idx file",
  )
  parser.add_argument("--labels", help="npy file of the labels of --images")
  parser.add_argument("--real_features", help="npy file of rows [N, D]")
  parser.add_argument("--fake_features", help="npy file of rows [N, D]")
  parser.add_argument(
    "--real_labels", help="npy file of the labels of --real_features"
  )
  parser.add_argument(
    "--fake_labels", help="npy file of the labels of --fake_features"
  )
  parser.add_argument("--fake_logits", help="npy file of rows [N, classes]")
  parser.add_argument("--json", help="file to write the row to")
  parser.add_argument(
    "--runs",
    type=console.whole(1),
    default=1,
    help="how many times the model is sampled and scored",
  )
  parser.add_argument(
    "--score_filename",
    default="scores.csv",
    help="name of the score table in the model_dir",
  )
  parser.add_argument(
    "--gin_config", action="append", default=[], help="gin file, see main.py"
  )
  parser.add_argument(
    "--gin_bindings",
    action="append",
    default=[],
    help="gin binding that overrides the files'",
  )
  parser.add_argument("--tfds_data_dir", help="folder of tensorflow-datasets")
  inception_network.add_flag(parser)


def run(args: argparse.Namespace) -> None:
  row = _features(args) or _images(args) or _model(args)
  for name, score in sorted(row.scores.items()):
    print(f"{name:40} {score:.6g}")
  for metric, error in sorted(row.errors.items()):
    print(f"{metric:40} {error}")
  if row.status != "ok":
    print(f"status: {row.status}")
  if args.json:
    files.write_text(args.json, json.dumps(row.as_json(), indent=2) + "\n")


def _bindings(args):
  bindings = list(args.gin_bindings)
  if args.myevalinception:
    bindings += inception_network.bindings(args.myevalinception)
  if args.ema is not None:
    bindings.append(f"evaluate.ema = {args.ema!r}")
  return bindings


def _features(args):
  """Returns the row of given features, None if there are none."""
  names = "real_features fake_features real_labels fake_labels fake_logits"
  paths = {name: getattr(args, name) for name in names.split()}
  sets = {
    name: _array(path, f"--{name}") for name, path in paths.items() if path
  }
  if not sets:
    return None
  gin_files.parse(args.gin_config, _bindings(args))
  metrics = settings_lib.Settings().metrics
  scores, errors = given_sets.compare_sets(metrics, sets)
  if not scores and not errors:
    raise ValueError(
      f"No metric of evaluate.metrics can be computed from {', '.join(sets)} "
      "alone. Give --real_features and --fake_features together."
    )
  card = given_sets.card_of_sets(metrics, sets)
  return ScoreRow(
    status=score_row.status_of(errors),
    scores=scores,
    errors=errors,
    better=given_sets.directions(metrics, scores),
    protocol=card,
    protocol_digest=protocol.digest(card),
  )


def _array(path, flag):
  """Returns the array of an npy file."""
  try:
    return np.load(io.BytesIO(files.read_bytes(path)), allow_pickle=False)
  except FileNotFoundError:
    raise FileNotFoundError(f"{flag}={path}: there is no such file.") from None
  except (ValueError, EOFError) as error:
    raise ValueError(
      f"{flag}={path} is not an npy file of numbers ({error}). np.save writes "
      "one."
    ) from None


def _dataset(args):
  given = {"tfds_data_dir": args.tfds_data_dir} if args.tfds_data_dir else {}
  return catalogue.dataset(**given)


def _images(args):
  """Returns the row of given images, None if there are none."""
  if not args.images:
    return None
  files = list(args.gin_config)
  if args.model_dir:
    files.insert(0, model_dir_lib.config_path(arguments.model_dir(args)))
  gin_files.parse(files, _bindings(args))
  gpu.prepare()
  dataset = _dataset(args)
  images = given_images.read(
    args.images,
    dataset.image_shape[-1],
    background=abstract_extractor.bound("folder.background", "white"),
    array_layout=abstract_extractor.bound("arrays.layout", None),
    value_range=abstract_extractor.bound("arrays.value_range", None),
  )
  if images.shape[1:] != dataset.image_shape:
    raise ValueError(
      f"{args.images} has images {images.shape[1:]}, but {dataset.name} has "
      f"{dataset.image_shape}. Resize them first, and say how in the paper."
    )
  labels = arrays.read_labels(args.labels, len(images)) if args.labels else None
  evaluator = scoring.Evaluator(dataset, settings_lib.Settings())
  return evaluator.row_of_images(images, labels, args.images)


def _model(args):
  """Adds the row of a checkpoint to the tables, and returns it."""
  if not args.model_dir:
    raise ValueError(
      "Nothing to score. Give --model_dir, --images, or --real_features with "
      "--fake_features."
    )
  folder = arguments.model_dir(args)
  gan, step = model_dir_lib.load_step(folder, args.step, _bindings(args))
  dataset = _dataset(args)
  chosen = settings_lib.Settings()
  post_hoc.use_average(gan, folder, step, chosen.ema)
  evaluator = scoring.Evaluator(dataset, chosen, args.runs)
  config = score_tables.bindings(
    files.read_text(model_dir_lib.config_path(folder, step))
  )
  row = evaluator.row_of_model(
    gan, os.path.join(args.model_dir, f"model.ckpt-{step}"), step, config
  )
  if folder == args.model_dir:  # Nothing is added to a bundle.
    score_tables.add_row(folder, row, args.score_filename)
  return row
