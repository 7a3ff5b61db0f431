"""Features of any network of one's own: `saved_model.path`.

evaluate.features = @saved_model
saved_model.path = "/models/resnet"               # a SavedModel's folder,
saved_model.path = "https://tfhub.dev/..."        # a TF-Hub address, or
saved_model.path = "my_package.my_module.network" # the path of a callable
saved_model.features = "pool"                     # where it returns a dict
"""

import hashlib
import inspect
import os
import pathlib

from compare_gan import dotted_path
from compare_gan import gin_roles
from compare_gan.features import abstract_extractor
from compare_gan.storage import files
import gin
import numpy as np
import tensorflow as tf

gin_roles.declare("saved_model", paths=["path"])


@gin.configurable(
  "saved_model", module="compare_gan.features", denylist=["dataset"]
)
@abstract_extractor.named(
  lambda: abstract_extractor.bound("saved_model.name", "saved_model")
)
def saved_model(
  dataset,
  path=gin.REQUIRED,
  signature=None,
  features=None,
  logits=None,
  pixels=None,
  low=0.0,
  high=1.0,
  name="saved_model",
):
  """Returns the extractor around a network.

  Args:
    dataset: not used.
    path: a SavedModel's folder, a TF-Hub address, or a callable's dotted path.
    signature: its name, "serving_default" say; None calls the object itself.
    features, logits: names of outputs, where the network returns a dict. One
      tensor is the features; two are features and logits.
    pixels: the size that images are resized to, bilinearly and antialiased.
    low, high: what the network takes for pixels 0 and 1.
    name: part of the scores' names; "inception" is taken.
  """
  del dataset
  if name.startswith("inception"):
    raise ValueError(
      f"saved_model.name = {name!r}, but scores of that name are those of "
      "evaluate.features = @inception. Any other name would do."
    )
  loaded, source = _load(path)
  network = loaded
  if signature is not None:
    signatures = getattr(network, "signatures", {})
    if signature not in signatures:
      raise ValueError(
        f"saved_model.signature = {signature!r} is not in {path}. There are "
        f"{sorted(signatures)}; None calls the object itself."
      )
    network = signatures[signature]
  if not callable(network):
    raise ValueError(
      f"saved_model.path = {path!r} cannot be called. Set "
      "saved_model.signature to one of "
      f"{sorted(getattr(network, 'signatures', {}))}."
    )
  settings = dict(
    signature=signature,
    features=features,
    logits=logits,
    pixels=pixels,
    low=low,
    high=high,
  )
  extractor = SavedModel(network, source, name, settings)
  extractor.loaded = loaded  # A signature alone does not keep its variables.
  return extractor


class SavedModel(abstract_extractor.AbstractExtractor):
  """See `saved_model`; `source` is a hash of the network."""

  batch_size = 50

  def __init__(self, network, source, name, settings):
    self.name = name
    self.settings = settings
    self._network = network
    self._source = source

  def identity(self):
    return abstract_extractor.digest(
      "saved_model", self._source, *sorted(self.settings.items())
    )

  def extract(self, images):
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
        f"{sorted(outputs)}. One of these would do."
      )
    return outputs[name]


def _load(path):
  """Returns a network, and a hash of what it was loaded from."""
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
      f"saved_model.path = {path!r} is neither a folder nor an address nor the "
      "dotted path of a callable, my_package.my_module.network say."
    )
  network = getattr(module, attribute)
  source = pathlib.Path(inspect.getfile(module)).read_bytes()
  # A tf.Module's; what else a function closes over has to be in its file.
  variables = getattr(network, "variables", None) or ()
  weights = abstract_extractor.digest(*map(np.asarray, variables))
  return network, f"{path} {_hash(source)} {weights}"


def hash_of_folder(path: str) -> str:
  """Returns a hash of all files of a folder, wherever that is."""
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
