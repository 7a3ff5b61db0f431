"""Features of any network of your own: `saved_model.path`.

evaluate.features = @saved_model
saved_model.path = "/models/resnet"               # a SavedModel's folder,
saved_model.path = "https://tfhub.dev/..."        # a TF-Hub address, or
saved_model.path = "my_package.my_module.network" # the path of a callable
saved_model.features = "pool"                     # where it returns a dict

A tower.json in a SavedModel's folder, or next to the folder, says instead how
images are cropped, resized and scaled, see tower.py.
"""

from collections.abc import Callable
from collections.abc import Sequence
import hashlib
import inspect
import os
import pathlib
from typing import Any
from typing import Optional
from typing import Union

from compare_gan.configuration import dotted_path
from compare_gan.configuration import gin_roles
from compare_gan.features import abstract_extractor
from compare_gan.features import tower
from compare_gan.storage import files
import gin
import numpy as np
import tensorflow as tf

gin_roles.declare("saved_model", paths=["path"])
_NAME = "saved_model"  # in scores' names by default
_SIGNATURE = "serving_default"


def _name_before():
  """Returns the name of the extractor that gin describes."""
  name = abstract_extractor.bound("saved_model.name", None)
  if name is not None:
    return name
  described = _description_file(
    abstract_extractor.bound("saved_model.path", None)
  )
  return tower.read(described).name if described else _NAME


@gin.configurable(
  "saved_model", module="compare_gan.features", denylist=["dataset"]
)
@abstract_extractor.named(_name_before)
def saved_model(
  dataset: Any,
  path: str = gin.REQUIRED,
  signature: Optional[str] = None,
  features: Optional[str] = None,
  logits: Optional[str] = None,
  pixels: Optional[int] = None,
  low: float = 0.0,
  high: float = 1.0,
  name: Optional[str] = None,
) -> abstract_extractor.AbstractExtractor:
  """Returns the extractor around a network.

  Args:
    dataset: not used.
    path: a SavedModel's folder, a TF-Hub address, or a callable's dotted path.
    signature: its name, such as "serving_default"; None calls the object.
    features, logits: names of outputs, if the network returns a dict. One
      tensor is the features; two are features and logits.
    pixels: the size that images are resized to, bilinearly and antialiased.
    low, high: the network's inputs for pixels 0 and 1.
    name: part of the scores' names; "inception" is taken. None for the name in
      tower.json, or "saved_model" without a tower.json.
  """
  del dataset
  if name is not None and name.startswith("inception"):
    raise ValueError(
      f"saved_model.name = {name!r}, but scores of that name are those of "
      "evaluate.features = @inception. Choose another name."
    )
  file = _description_file(path)
  if file:
    given = dict(
      features=features, logits=logits, pixels=pixels, low=low, high=high
    )
    _refuse_what_is_described(file, given)
    return _tower(tower.read(file), path, signature or _SIGNATURE, name)
  loaded, source = _load(path)
  settings = dict(
    signature=signature,
    features=features,
    logits=logits,
    pixels=pixels,
    low=low,
    high=high,
  )
  network = _callable_of(loaded, path, signature)
  name = _NAME if name is None else name
  return SavedModel(network, source, name, settings, loaded)


class SavedModel(abstract_extractor.AbstractExtractor):
  """See `saved_model`.

  Args:
    network: the callable.
    source: a hash of the network.
    name, settings: of the extractor.
    loaded: the network's origin, kept because a signature does not keep its
      variables.
  """

  batch_size = 50

  def __init__(
    self,
    network: Callable[..., Any],
    source: str,
    name: str,
    settings: dict[str, Any],
    loaded: Any = None,
  ) -> None:
    self.name = name
    self.settings = settings
    self._network = network
    self._source = source
    self._loaded = loaded

  def identity(self) -> str:
    return abstract_extractor.digest(
      "saved_model", self._source, *sorted(self.settings.items())
    )

  def extract(
    self, images: tf.Tensor
  ) -> Sequence[Optional[Union[np.ndarray, tf.Tensor]]]:
    s = self.settings
    if s["pixels"]:
      images = tf.image.resize(
        images, [s["pixels"], s["pixels"]], antialias=True
      )
    outputs = self._network(s["low"] + (s["high"] - s["low"]) * images)
    if not isinstance(outputs, dict):
      if isinstance(outputs, (list, tuple)):
        features, logits = outputs
        return features, logits
      return outputs, None
    return self._output(outputs, "features"), self._output(outputs, "logits")

  def _output(self, outputs, kind):
    name = self.settings[kind]
    if name is None and kind == "logits":
      return None
    if name is None and len(outputs) == 1:
      return next(iter(outputs.values()))
    if name not in outputs:
      raise ValueError(
        f"saved_model.{kind} = {name!r}, but the network returns "
        f"{sorted(outputs)}. Set it to one of them."
      )
    return outputs[name]


# ---- Networks with a tower.json ----------------------------------------------


def _description_file(path):
  """Returns the path of a folder's tower.json, None if there is none."""
  if not isinstance(path, str) or not os.path.isdir(path):
    return None
  file = tower.find(path)
  return file if os.path.isfile(file) else None


def _refuse_what_is_described(file, given):
  """Raises ValueError if gin also says how images are prepared."""
  defaults = inspect.signature(saved_model).parameters
  twice = [k for k, value in given.items() if value != defaults[k].default]
  if twice:
    raise ValueError(
      f"{', '.join(f'saved_model.{key}' for key in twice)} cannot be set "
      f"here, since {file} describes the network's input and output. Leave "
      "them out, or change the file."
    )


def _tower(described, path, signature, name):
  """Returns the Tower of a SavedModel's folder and its tower.json."""
  folder = folder_of_model(path)
  tower.check_weights(described, folder, weight_files(folder))
  with files.plain_name(folder) as plain:
    loaded = tf.saved_model.load(plain)
  if signature not in loaded.signatures:
    raise ValueError(
      f"saved_model.signature = {signature!r} is not in {folder}. There are "
      f"{sorted(loaded.signatures)}."
    )
  function = loaded.signatures[signature]
  tower.check_ports(described, *ports(function))

  # A signature does not keep its variables.
  def network(images: np.ndarray, _keep: Any = loaded) -> np.ndarray:
    return function(**{described.input: tf.constant(images)})[
      described.output
    ].numpy()

  kind = f"saved_model, {signature}"
  return tower.Tower(described, network, kind, name)


def folder_of_model(path: str) -> str:
  """Returns the folder of saved_model.pb: `path`, or saved_model/ in it."""
  for folder in (path, os.path.join(path, "saved_model")):
    if os.path.isfile(os.path.join(folder, "saved_model.pb")):
      return folder
  raise FileNotFoundError(
    f"saved_model.path = {path!r} holds no saved_model.pb, nor does a folder "
    "saved_model in it."
  )


def weight_files(folder: str) -> list[str]:
  """Returns the names of all files of a SavedModel, without its tower.json."""
  root = pathlib.Path(folder)
  names = (
    p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file()
  )
  return sorted(name for name in names if name != tower.FILE)


def ports(function: Any) -> tuple[dict[str, tower.Port], dict[str, tower.Port]]:
  """Returns the inputs and the outputs of a signature, by name."""

  def by_name(specs: dict[str, Any]) -> dict[str, tower.Port]:
    return {
      name: tower.Port(
        spec.dtype.name,
        None if spec.shape.rank is None else spec.shape.as_list(),
      )
      for name, spec in specs.items()
    }

  return (
    by_name(function.structured_input_signature[1]),
    by_name(function.structured_outputs),
  )


# ---- Networks without one ----------------------------------------------------


def _callable_of(loaded, path, signature):
  """Returns a signature of the loaded object, or the object itself."""
  signatures = getattr(loaded, "signatures", {})
  if signature is not None:
    if signature not in signatures:
      raise ValueError(
        f"saved_model.signature = {signature!r} is not in {path}. There are "
        f"{sorted(signatures)}; None calls the object itself."
      )
    return signatures[signature]
  if not callable(loaded):
    raise ValueError(
      f"saved_model.path = {path!r} cannot be called. Set "
      f"saved_model.signature to one of {sorted(signatures)}."
    )
  return loaded


def _load(path):
  """Returns a network, and a hash of its source."""
  if os.path.isdir(path):
    with files.plain_name(path) as name:
      return tf.saved_model.load(name), hash_of_folder(path)
  if "://" in path:
    import tensorflow_hub as hub

    return hub.load(path), hash_of_folder(hub.resolve(path))
  module_name, _, attribute = path.rpartition(".")
  module = dotted_path.module(module_name)
  if not callable(getattr(module, attribute, None)):
    raise ValueError(
      f"saved_model.path = {path!r} is neither a folder nor an address nor "
      "the dotted path of a callable, such as my_package.my_module.network."
    )
  network = getattr(module, attribute)
  source = pathlib.Path(inspect.getfile(module)).read_bytes()
  # Of a tf.Module. Other values in a function's closure must be in its file.
  variables = getattr(network, "variables", None) or ()
  weights = abstract_extractor.digest(*map(np.asarray, variables))
  return network, f"{path} {_hash(source)} {weights}"


def hash_of_folder(path: str) -> str:
  """Returns a hash of all files of a folder, independent of its path."""
  root = pathlib.Path(path)
  paths = sorted(p for p in root.rglob("*") if p.is_file())
  return _hash(
    *(
      f"{p.relative_to(root).as_posix()} {_hash(p.read_bytes())}".encode()
      for p in paths
    )
  )


def _hash(*parts):
  whole = hashlib.sha256()
  for part in parts:
    whole.update(part)
  return whole.hexdigest()
