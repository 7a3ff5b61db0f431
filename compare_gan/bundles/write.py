"""Makes a bundle of a model_dir.

It holds what images are made with: the moving average of G's weights if there
is one, and filled moments of batch norm. D, E and the weights themselves, which
another training starts from, come with them if they are asked for; optimisers
do not.
"""

import dataclasses
import io
import json
import os
from typing import NamedTuple
from typing import Optional

from compare_gan import version
from compare_gan.bundles import archive
from compare_gan.bundles import foreign_code
from compare_gan.bundles import manifest as manifest_lib
from compare_gan.bundles import model_card
from compare_gan.bundles import safetensors
from compare_gan.configuration import gin_text
from compare_gan.context import scope
from compare_gan.evaluation import moments
from compare_gan.evaluation import sampling
from compare_gan.pictures import image_grid
from compare_gan.storage import files
from compare_gan.storage import model_dir as model_dir_lib
from compare_gan.storage import parts as parts_lib
from compare_gan.storage import score_tables
from compare_gan.storage.score_row import ScoreRow
import numpy as np
import tensorflow as tf

DTYPES = ("float32", "float16", "bfloat16")

# As `sample` does by default: a bundle and its model_dir make the same images.
_MOMENTS_EXAMPLES = 6400
_MOMENTS_SEED = 43
_SAMPLES = 64
_SEED = 42
_STEP = "global_step"


class About(NamedTuple):
  """What people say of a model, for its card."""

  name: str
  license: Optional[str] = None  # of the weights
  data_license: Optional[str] = None


class Made(NamedTuple):
  """A bundle, and what to tell who made it."""

  data: bytes
  notes: list[str]


def make(
  model_dir: str,
  about: About,
  step: Optional[int] = None,
  dtype: str = "float32",
  with_discriminator: bool = False,
  with_encoder: bool = False,
) -> Made:
  """Returns the zip of a model_dir's model.

  gin then holds the bindings of this model and no others.

  Args:
    model_dir: of a training, or best/ in one.
    about: for the model card.
    step: of the checkpoint, None for the last one.
    dtype: of the weights; moments and counters stay as they are.
    with_discriminator: also D, E and the weights that are not averaged.
    with_encoder: also E.
  """
  gan, step = model_dir_lib.load_step(model_dir, step)
  _fill_moments(gan)
  config, left_out = _config(model_dir_lib.config_path(model_dir, step))
  model = model_card.Model(
    name=about.name,
    step=step,
    config=gin_text.read(config)[0],
    gan=gan,
    held=_held(gan, with_discriminator, with_encoder),
    dtype=dtype,
    rows=_rows(model_dir, step),
    license=about.license,
    data_license=about.data_license,
  )
  contents = _contents(model, config, _model_json(model_dir))
  manifest = _manifest(model, contents, left_out)
  data = archive.encode({manifest_lib.NAME: manifest, **contents})
  return Made(data, _notes(config, left_out))


def _contents(model, config, model_json):
  """Returns {name: content} of all files but the manifest."""
  found = {
    manifest_lib.WEIGHTS: _weights(model.gan, model.held, model.dtype),
    manifest_lib.CONFIG: config.encode("utf-8"),
    manifest_lib.MODEL: model_json,
    manifest_lib.SAMPLES: _samples(model.gan),
    manifest_lib.README: model_card.text(model).encode("utf-8"),
  }
  lines = [json.dumps(r.as_json(), sort_keys=True) + "\n" for r in model.rows]
  if lines:
    found[manifest_lib.SCORES] = "".join(lines).encode("utf-8")
  return found


def _manifest(model, contents, left_out):
  """Returns manifest.json."""
  return manifest_lib.encode(
    manifest_lib.Manifest(
      name=model.name,
      about=model_card.one_line(model),
      step=model.step,
      dtype=model.dtype,
      parts=model.held,
      files={n: manifest_lib.file_of(data) for n, data in contents.items()},
      license=model.license,
      left_out=left_out,
      made_with={
        "compare_gan": version.__version__,
        "tensorflow": tf.__version__,
      },
    )
  )


def _held(gan, with_discriminator, with_encoder):
  """Returns the parts to store, of those that the GAN has."""
  if with_encoder and not gan.has_encoder:
    raise ValueError(
      f"--with_encoder: {type(gan).__name__} has no encoder. Leave it out."
    )
  wanted = [parts_lib.GENERATOR]
  if with_encoder or with_discriminator:
    wanted.append(parts_lib.ENCODER)
  if with_discriminator:
    wanted += [parts_lib.RAW, parts_lib.DISCRIMINATOR]
  there = parts_lib.of(gan)
  return [part for part in parts_lib.ALL if part in wanted and part in there]


def _fill_moments(gan):
  moments.fill_moments(
    gan,
    lambda: sampling.drawn_batches(gan, _MOMENTS_EXAMPLES, _MOMENTS_SEED),
    _MOMENTS_EXAMPLES,
  )


# ---- Files -------------------------------------------------------------------


def _weights(gan, held, dtype):
  """Returns weights.safetensors."""
  there = parts_lib.of(gan)
  names = {name for part in held for name in there[part]} | {_STEP}
  variables = [v for v in gan.variables if scope.full_name(v) in names]
  arrays = {scope.full_name(v): v.numpy() for v in variables}
  # Of moments and counters, half the digits are not enough.
  halved = [scope.full_name(v) for v in variables if v.trainable]
  if dtype == "float16":
    arrays.update({name: _in_float16(arrays[name]) for name in halved})
  bfloat16 = frozenset(halved) if dtype == "bfloat16" else frozenset()
  return safetensors.encode(arrays, {"format": "tf"}, bfloat16)


def _in_float16(x):
  """Returns x in float16, or unchanged if that cannot hold its range."""
  if np.abs(x).max(initial=0.0) > np.finfo(np.float16).max:
    return x
  return x.astype(np.float16)


def _config(path):
  """Returns the gin text without the maker's paths, and what is left out."""
  bindings, imports = gin_text.read(files.read_text(path))
  text = gin_text.write(bindings)
  left_out = foreign_code.outside(text)
  kept = {name: x for name, x in bindings.items() if name not in left_out}
  lines = [f"import {module}\n" for module in imports]
  return "".join(lines) + gin_text.write(kept), left_out


def _model_json(model_dir):
  return (json.dumps(model_dir_lib.read_card(model_dir)) + "\n").encode("utf-8")


def _rows(model_dir, step):
  """Returns the score rows of a checkpoint, without the maker's paths."""
  folders = [model_dir]
  above, name = os.path.split(os.path.abspath(model_dir))
  if name == "best":  # The tables are beside it.
    folders.append(above)
  rows = [row for each in folders for row in score_tables.read_rows(each)]
  return [_row(row) for row in rows if row.step == step]


def _row(row):
  path = f"model.ckpt-{row.step}"
  line = dataclasses.replace(row, checkpoint_path=path, more={}).as_json()
  return ScoreRow.from_json({**line, "config": None})


def _samples(gan):
  """Returns samples.png, the first images that `sample` makes."""
  from PIL import Image

  z, labels = sampling.draw(gan, _SAMPLES, _SEED)
  picture = image_grid.grid(sampling.generate(gan, z, labels))
  content = io.BytesIO()
  Image.fromarray(picture).save(content, "png")
  return content.getvalue()


def _notes(config, left_out):
  """Returns sentences for who made the bundle."""
  notes = []
  if left_out:
    notes.append(
      f"Left out, because they name files of this machine: "
      f"{', '.join(left_out)}."
    )
  code = foreign_code.refusals(config)
  if code:
    notes.append(
      "Users of this bundle need your code, and --trust_bundle_code: "
      f"{'; '.join(code)}."
    )
  return notes
