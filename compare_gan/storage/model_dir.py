"""A model_dir: a GAN with its weights, and the choices it was made with.

  operative_config-<step>.gin    the choices of the start at this step, as gin
                                 wrote them; they apply to later checkpoints
  model.json                     the dataset's shape, which is not among them
  model.ckpt-<step>.*            all variables

From these three the GAN can be rebuilt without the dataset. In best/ (see
best_checkpoint.py), best.json says which checkpoint counts. A parts.json says
which networks are there if some are not (see parts.py).
"""

from collections.abc import Sequence
import json
import os
import re
from typing import Any
from typing import Callable
from typing import NamedTuple
from typing import Optional

from compare_gan.configuration import gin_files
from compare_gan.configuration import gin_text
from compare_gan.context import gpu
from compare_gan.context import scope
from compare_gan.gans import options as options_lib
from compare_gan.storage import checkpoints
from compare_gan.storage import files
from compare_gan.storage import parts
import gin

CARD = "model.json"
BEST_CARD = "best.json"
_CONFIG = r"operative_config-(\d+)\.gin"


class DatasetShape(NamedTuple):
  """What a GAN needs to know about its dataset."""

  image_shape: tuple[int, int, int]
  num_classes: int  # 0 without labels


def make_gan(dataset: Any, seed: int = 0) -> Any:
  """Returns the GAN of `options.*`, for a dataset with a shape and classes."""
  chosen = options_lib.options()
  return chosen.gan_class(dataset, chosen, seed=seed)


def write(
  model_dir: str, step: int, gan: Any, dataset: Any, config: str
) -> str:
  """Writes all three files; see `write_description` for the arguments."""
  write_description(model_dir, step, dataset, config)
  tensors = {scope.full_name(v): v for v in gan.variables}
  return checkpoints.write(model_dir, step, tensors)


def write_description(
  model_dir: str, step: int, dataset: Any, config: str, seed: int = 0
) -> None:
  """Writes the choices and the dataset's shape.

  Args:
    model_dir: created if it is missing.
    step: of the operative config.
    dataset: with `image_shape` and `num_classes`.
    config: text of the gin file.
    seed: of the training's noise.
  """
  files.make_folder(model_dir)
  card = {
    "image_shape": list(dataset.image_shape),
    "num_classes": dataset.num_classes,
    "seed": seed,
  }
  files.write_text(os.path.join(model_dir, CARD), json.dumps(card) + "\n")
  files.write_text(os.path.join(model_dir, _config_name(step)), config)


def prepare_for_start(model_dir: str, step: int) -> None:
  """Makes room for the operative config of a start at a checkpoint.

  If the checkpoint itself was made with a config of this name, that config is
  kept under the name of an earlier start. Configs of later starts are removed:
  their checkpoints were damaged, and later checkpoints are not made with them.
  """
  found = configs(model_dir)
  if step and step in found and newest_config(model_dir, step) == found[step]:
    files.copy(
      os.path.join(model_dir, found[step]),
      os.path.join(model_dir, _config_name(0)),
    )
  for start in sorted(found):
    if start > step:
      path = os.path.join(model_dir, found[start])
      with files.refusals(path):
        files.call(os.remove, path)


def chosen_config() -> str:
  """Returns a gin file of everything that was used or is bound for later use.

  A training uses no evaluate.* bindings, for example, but its evaluation will.
  """
  used = gin.operative_config_str()
  known, _ = gin_text.read(used)
  bound, _ = gin_text.read(gin.config_str())
  later = {name: bound[name] for name in bound if name not in known}
  if not later:
    return used
  return f"{used}\n# Bound, and not used so far:\n{gin_text.write(later)}"


def stored_seed(model_dir: str) -> Optional[int]:
  """Returns the seed of the training in `model_dir`, None if there is none."""
  card = read_card(model_dir)
  return None if card is None else card["seed"]


def read_card(model_dir: str) -> Optional[dict]:
  """Returns model.json, None if there is none."""
  text = files.read_text_if_any(os.path.join(model_dir, CARD))
  return None if text is None else json.loads(text)


def best_step(folder: str) -> Optional[int]:
  """Returns the step in best.json, or None if its checkpoint is missing."""
  text = files.read_text_if_any(os.path.join(folder, BEST_CARD))
  step = None if text is None else json.loads(text)["step"]
  return step if step in checkpoints.all_steps(folder) else None


def load(model_dir: str, bindings: Sequence[str] = ()) -> Any:
  """Returns the GAN of the last checkpoint.

  gin then holds the bindings of this model and no others.

  Args:
    model_dir: see above.
    bindings: gin bindings on top of the operative config's.
  """
  return load_step(model_dir, None, bindings)[0]


def load_step(
  model_dir: str, step: Optional[int] = None, bindings: Sequence[str] = ()
) -> tuple[Any, int]:
  """Returns the GAN of a checkpoint, and its step; see `load`.

  Args:
    model_dir: see above.
    step: None for the last one that can be read; in best/, for the best.
    bindings: gin bindings on top of the operative config's.
  """
  if step is None:
    step = best_step(model_dir)
  if step is None:
    stored = checkpoints.last_good(model_dir)
  else:
    stored = step, checkpoints.read(model_dir, step)
  if stored is None:
    raise FileNotFoundError(
      f"There is no readable checkpoint in {model_dir!r}."
    )
  step, tensors = stored
  config = config_path(model_dir, step)
  gin.clear_config()
  gin_files.parse([config], bindings)
  gpu.prepare()
  held = parts.read(model_dir)
  values = (
    values_of(tensors, model_dir) if held is None else parts.values_of(tensors)
  )
  with scope.building(values=values):
    gan = make_gan(_dataset_shape(model_dir), stored_seed(model_dir) or 0)
  if held is not None:
    parts.refuse_missing(gan, held, tensors, model_dir)
  return gan, step


def values_of(
  tensors: dict[str, Any], model_dir: str
) -> Callable[[str, Any, Any], Any]:
  """Returns the `values` for `scope.building` that a checkpoint holds.

  Args:
    tensors: {full name: array}.
    model_dir: for the message.
  """

  def value(name: str, shape: Any, dtype: Any) -> Any:
    del shape, dtype
    if name not in tensors:
      raise ValueError(
        f"The checkpoint in {model_dir} has no {name}. Were other gin bindings "
        "used to train it?"
      )
    return tensors[name]

  return value


def _dataset_shape(model_dir):
  card = read_card(model_dir)
  if card is None:
    raise FileNotFoundError(f"{model_dir!r} has no {CARD}: is it a model_dir?")
  return DatasetShape(tuple(card["image_shape"]), card["num_classes"])


# ---- Operative configs -------------------------------------------------------


def config_path(model_dir: str, step: Optional[int] = None) -> str:
  """Returns the path of the operative config of the last start.

  Args:
    model_dir: of the training.
    step: of a checkpoint, see `newest_config`.
  """
  name = newest_config(model_dir, step)
  if name is None:
    raise FileNotFoundError(
      f"{model_dir!r} has no operative_config-<step>.gin: is it a model_dir?"
    )
  return os.path.join(model_dir, name)


def recorded_bindings(model_dir: str) -> dict:
  """Returns {"scope/selector.parameter": value} of the last start, if any."""
  name = newest_config(model_dir)
  if name is None:
    return {}
  return gin_text.read(files.read_text(os.path.join(model_dir, name)))[0]


def newest_config(model_dir: str, step: Optional[int] = None) -> Optional[str]:
  """Returns the name of an operative config, None if there is none.

  Args:
    model_dir: of the training.
    step: of a checkpoint. The config is that of the last start before it, which
      made it; a start at this very step resumes from it. None for the last
      start.
  """
  found = configs(model_dir)
  if not found:
    return None
  if step is None:
    return found[max(found)]
  before = [start for start in found if start < step or start == step == 0]
  # If no start came before, the checkpoint was imported, or is alone with its
  # config.
  return found[max(before, default=min(found))]


def is_config(name: str) -> bool:
  """Returns whether a file of this name is an operative config."""
  return re.fullmatch(_CONFIG, name) is not None


def configs(model_dir: str) -> dict[int, str]:
  """Returns {step of a start: name of its operative config}."""
  matches = [re.fullmatch(_CONFIG, name) for name in files.names(model_dir)]
  return {int(match[1]): match[0] for match in matches if match}


def _config_name(step):
  return f"operative_config-{step}.gin"
