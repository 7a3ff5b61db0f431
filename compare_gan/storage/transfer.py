"""Transfer learning: a new training that starts with weights of an old one.

  options.init_from = "/models/biggan_imagenet"

takes every variable of the networks that has the same name and shape: weights,
moving moments and power iterations. Optimisers and counters start anew, and so
do accumulated moments (`accu/...`): they belong to the old weights, and an
evaluation would use them with the new ones. The average of G's weights starts
as the old average, or as a copy of the weights if there was none.

A table with one row for each class, such as a class-conditional norm's, keeps
its first rows if the new data have fewer classes; with more it starts anew.
"""

from collections.abc import Sequence
import os
import re
from typing import Any
from typing import Callable
from typing import Optional

from compare_gan.storage import checkpoints
import numpy as np

# Adam's moments and powers, the counters, the scale of float16's losses.
_OF_TRAINING = re.compile(
  r"(.*/)?\w+_opt(_\d+)?(/.*)?|global_step(_disc)?|loss_scale/.*"
)
_ACCUMULATED = re.compile(r"(.*/)?accu/\w+")
_OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"  # in a TensorFlow 2 SavedModel
_NAMES_SHOWN = 4


def values(path: str, num_classes: int = 0) -> Any:
  """Returns the Values to build a GAN with, see `scope.building(values=)`.

  Args:
    path: a checkpoint's prefix (".../model.ckpt-1000"), a model_dir, or an
      exported model (a SavedModel or TF-Hub module), of TensorFlow 1 or 2.
    num_classes: of the new GAN; 0 if it is not conditional.
  """
  shapes, read = _open(path)
  if _OBJECT_GRAPH in shapes:
    keys = _keys_by_name(read(_OBJECT_GRAPH))
  else:
    keys = {name: name for name in shapes}
  return Values(path, shapes, read, keys, num_classes)


class Values:
  """A `values` for `scope.building` that remembers what it returned.

  Attributes:
    reused, reshaped, new: names of the networks' variables.
    emptied: names of accumulated moments, which start empty.
  """

  def __init__(
    self,
    path: str,
    shapes: dict[str, Sequence[int]],
    read: Callable[[str], Any],
    keys: dict[str, str],
    num_classes: int,
  ) -> None:
    self._path = path
    self._shapes = shapes
    self._read = read
    self._keys = keys
    self._num_classes = num_classes
    self.reused: list[str] = []
    self.reshaped: list[str] = []
    self.new: list[str] = []
    self.emptied: list[str] = []

  def __call__(
    self, name: str, shape: Sequence[int], dtype: Any
  ) -> Optional[np.ndarray]:
    """Returns the old value, or None if none fits."""
    del dtype
    if _OF_TRAINING.fullmatch(name):
      return None
    if _ACCUMULATED.fullmatch(name):
      return self._note(self.emptied, name, None)
    if name not in self._keys:
      return self._note(self.new, name, None)
    key = self._keys[name]
    old, shape = tuple(self._shapes[key]), tuple(shape)
    if old == shape:
      return self._note(self.reused, name, self._read(key))
    if self._is_table_of_more_classes(old, shape):
      return self._note(self.reshaped, name, self._read(key)[: shape[0]])
    return self._note(self.new, name, None)

  def _is_table_of_more_classes(self, old, shape):
    return (
      len(shape) > 1
      and old[1:] == shape[1:]
      and self._num_classes == shape[0] < old[0]
    )

  def _note(self, names, name, value):
    names.append(name)
    return value

  def report(self) -> str:
    """Returns, in words, what was reused, once the GAN has been built.

    Raises:
      ValueError: nothing was reused.
    """
    if not self.reused and not self.reshaped:
      raise ValueError(
        f"options.init_from = {self._path!r} has none of this GAN's variables: "
        f"the GAN has {_few(self.new)}, but what is there is "
        f"{_few(sorted(self._keys))}. Name a model of the same "
        "options.architecture."
      )
    lines = [f"Starting from {self._path}:"]
    for what, names in (
      ("reused", self.reused),
      ("re-shaped", self.reshaped),
      ("new", self.new),
    ):
      lines.append(f"  {len(names)} variables {what}: {_few(names)}")
    if self.emptied:
      lines.append(
        f"  {len(self.emptied)} variables of accumulated moments start empty: "
        f"{_few(self.emptied)}"
      )
    return "\n".join(lines)


def _few(names):
  shown = ", ".join(names[:_NAMES_SHOWN]) or "none"
  more = len(names) - _NAMES_SHOWN
  return f"{shown} and {more} more" if more > 0 else shown


def _open(path):
  """Returns {name: shape} and `read(name)` of the weights at `path`."""
  exported = os.path.join(path, "variables", "variables")
  if os.path.isfile(f"{path}.index"):
    return checkpoints.load(path)
  if os.path.isfile(f"{exported}.index"):
    return checkpoints.load(exported)
  if checkpoints.all_steps(path):
    stored = checkpoints.last_good(path)
    if stored is not None:
      tensors = stored[1]
      shapes = {name: np.shape(value) for name, value in tensors.items()}
      return shapes, tensors.__getitem__
  raise FileNotFoundError(
    f"options.init_from = {path!r} is not a readable checkpoint, model_dir or "
    f"exported model: there is neither {path}.index, nor "
    "variables/variables.index or an intact model.ckpt-<step> in it."
  )


def _keys_by_name(object_graph):
  """Returns {variable's name: its key in the checkpoint}.

  TensorFlow 2 names the entries after the attributes that lead to them, and
  stores the variables' own names in the object graph.
  """
  from tensorflow.core.protobuf import trackable_object_graph_pb2

  graph = trackable_object_graph_pb2.TrackableObjectGraph()
  graph.ParseFromString(object_graph)
  return {
    attribute.full_name.split(":")[0]: attribute.checkpoint_key
    for node in graph.nodes
    for attribute in node.attributes
    if attribute.full_name
  }
