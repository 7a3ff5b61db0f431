"""A model_dir: a GAN with its weights, and the choices it was made with.

  operative_config-<step>.gin    the choices, as gin wrote them
  model.json                     what they leave to the dataset: its shape
  model.ckpt-<step>.*            all variables

With these three the GAN can be built again without the dataset.
"""

import json
import os
import re
from typing import NamedTuple

from compare_gan import configuration
from compare_gan import gin_text
from compare_gan.estimator import checkpoints
from compare_gan.gans import options as options_lib
from compare_gan.layers import scope
import gin

_CARD = "model.json"
_CONFIG = r"operative_config-(\d+)\.gin"


class DatasetShape(NamedTuple):
  """What a GAN needs to know of its dataset."""

  image_shape: tuple[int, int, int]
  num_classes: int  # 0 without labels


def make_gan(dataset, seed=0):
  """Returns the GAN of `options.*`, for a dataset with a shape and classes."""
  chosen = options_lib.options()
  return chosen.gan_class(dataset, chosen, seed=seed)


def write(model_dir, step, gan, dataset, config):
  """Writes all three files; see `write_description` for the arguments."""
  write_description(model_dir, step, dataset, config)
  tensors = {scope.full_name(v): v for v in gan.variables}
  return checkpoints.write(model_dir, step, tensors)


def write_description(model_dir, step, dataset, config, seed=0):
  """Writes the choices and the dataset's shape.

  Args:
    model_dir: is made if there is none.
    step: of the operative config.
    dataset: with `image_shape` and `num_classes`.
    config: text of the gin file.
    seed: what the training's noise follows from.
  """
  os.makedirs(model_dir, exist_ok=True)
  card = {
    "image_shape": list(dataset.image_shape),
    "num_classes": dataset.num_classes,
    "seed": seed,
  }
  checkpoints.write_text(
    os.path.join(model_dir, _CARD), json.dumps(card) + "\n"
  )
  checkpoints.write_text(
    os.path.join(model_dir, f"operative_config-{step}.gin"), config
  )


def chosen():
  """Returns the gin file of all that was used, and of what is bound for later.

  A training uses nothing of evaluate.*, say, but an evaluation of it will.
  """
  used = gin.operative_config_str()
  known, _ = gin_text.read(used)
  bound, _ = gin_text.read(gin.config_str())
  later = {name: bound[name] for name in bound if name not in known}
  if not later:
    return used
  return f"{used}\n# Bound, and not used so far:\n{gin_text.write(later)}"


def stored_seed(model_dir):
  """Returns the seed of the training in `model_dir`, None if there is none."""
  path = os.path.join(model_dir, _CARD)
  if not os.path.isfile(path):
    return None
  with open(path) as file:
    return json.load(file)["seed"]


def load(model_dir, bindings=()):
  """Returns the GAN of the last checkpoint.

  gin then holds the bindings of this model and no others.

  Args:
    model_dir: see above.
    bindings: gin bindings on top of the operative config's.
  """
  return load_step(model_dir, None, bindings)[0]


def load_step(model_dir, step=None, bindings=()):
  """Returns the GAN of a checkpoint, and its step; see `load`.

  Args:
    model_dir: see above.
    step: None for the last one that can be read.
    bindings: gin bindings on top of the operative config's.
  """
  if step is None:
    stored = checkpoints.last_good(model_dir)
  else:
    stored = step, checkpoints.read(model_dir, step)
  if stored is None:
    raise FileNotFoundError(
      f"There is no checkpoint that can be read in {model_dir!r}."
    )
  config = config_path(model_dir)
  gin.clear_config()
  configuration.parse([config], bindings)
  step, tensors = stored
  with scope.building(values=values_of(tensors, model_dir)):
    gan = make_gan(_dataset_shape(model_dir), stored_seed(model_dir))
  return gan, step


def values_of(tensors, model_dir):
  """Returns a `values` for `scope.building`: all of a checkpoint's.

  Args:
    tensors: {full name: array}.
    model_dir: for the message.
  """

  def value(name, shape, dtype):
    del shape, dtype
    if name not in tensors:
      raise ValueError(
        f"The checkpoint in {model_dir} has no {name}. Were other gin bindings "
        "used to train it?"
      )
    return tensors[name]

  return value


def _dataset_shape(model_dir):
  path = os.path.join(model_dir, _CARD)
  if not os.path.isfile(path):
    raise FileNotFoundError(f"{model_dir!r} has no {_CARD}: is it a model_dir?")
  with open(path) as file:
    card = json.load(file)
  return DatasetShape(tuple(card["image_shape"]), card["num_classes"])


def config_path(model_dir):
  """Returns the path of the operative config of the last start."""
  name = newest_config(model_dir)
  if name is None:
    raise FileNotFoundError(
      f"{model_dir!r} has no operative_config-<step>.gin: is it a model_dir?"
    )
  return os.path.join(model_dir, name)


def newest_config(model_dir, step=None):
  """Returns the name of the operative config of `step`, None without any.

  Args:
    model_dir: of the training.
    step: of a checkpoint; the config is that of the start before it. None for
      the last.
  """
  matches = [re.fullmatch(_CONFIG, name) for name in os.listdir(model_dir)]
  found = {int(match[1]): match[0] for match in matches if match}
  before = [s for s in found if step is None or s <= step] or list(found)[:1]
  return found[max(before)] if before else None
