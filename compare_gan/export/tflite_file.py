"""A generator as a TensorFlow Lite file, with its names as a signature."""

from collections.abc import Callable
import importlib.util
import os
from typing import Any
from typing import Optional

from compare_gan.export import frozen_graph
from compare_gan.storage import files
import tensorflow as tf

_SIGNATURE = "serving_default"


def write(
  gan: Any,
  signature: Any,
  batch: Optional[int],
  path: str,
  averaged: bool = True,
) -> tf.compat.v1.GraphDef:
  """Writes the file; see frozen_graph.write. Returns the GraphDef of it."""
  made = frozen_graph.graph_def(gan, signature, batch, averaged)
  module = tf.Module()
  function = frozen_graph.function(made, signature, gan, batch)
  module.images = function.get_concrete_function()
  with files.plain_folder() as folder:
    # A converter that starts from a function forgets the names.
    tf.saved_model.save(module, folder, {_SIGNATURE: module.images})
    converter = tf.lite.TFLiteConverter.from_saved_model(
      folder, signature_keys=[_SIGNATURE]
    )
    content = converter.convert()
  folder = os.path.dirname(path)
  if folder:
    os.makedirs(folder, exist_ok=True)
  with open(path, "wb") as file:
    file.write(content)
  return made


def read(path: str, signature: Any) -> Callable[..., Any]:
  """Returns the file's generator, for arrays in the order of `signature`."""
  interpreter = _interpreter_class()(model_path=path)
  runner = interpreter.get_signature_runner(_SIGNATURE)

  def run(*arrays):
    names = (signature.z, signature.y)
    return runner(**dict(zip(names, arrays)))[signature.output]

  return run


def _interpreter_class():
  """Returns TensorFlow's, or that of the package it moves to."""
  if importlib.util.find_spec("ai_edge_litert") is not None:
    from ai_edge_litert import interpreter

    return interpreter.Interpreter
  return tf.lite.Interpreter
