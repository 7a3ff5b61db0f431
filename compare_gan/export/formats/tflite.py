"""A TensorFlow Lite file, whose signature has the names."""

from collections.abc import Callable
import importlib.util
from typing import Any
from typing import Optional

from compare_gan.export import frozen_graph
from compare_gan.export import output_file
from compare_gan.export import signatures
from compare_gan.storage import files
import numpy as np
import tensorflow as tf

_SIGNATURE = "serving_default"


def write(
  gan: Any,
  signature: signatures.Signature,
  batch: Optional[int],
  path: str,
  averaged: bool = True,
) -> None:
  """Writes the file; see frozen_graph.write."""
  made = frozen_graph.graph_def(gan, signature, batch, averaged)
  module = tf.Module()
  function = frozen_graph.function(made, signature, gan, batch)
  module.images = function.get_concrete_function()
  with files.plain_folder() as folder:
    # A converter that starts from a function loses the names.
    tf.saved_model.save(module, folder, {_SIGNATURE: module.images})
    converter = tf.lite.TFLiteConverter.from_saved_model(
      folder, signature_keys=[_SIGNATURE]
    )
    content = converter.convert()
  output_file.write(path, content)


def read(path: str, signature: signatures.Signature) -> Callable[..., Any]:
  """Returns the file's generator, for arrays in the order of `signature`."""
  interpreter = _interpreter_class()(model_path=path)
  runner = interpreter.get_signature_runner(_SIGNATURE)

  def run(*arrays: np.ndarray) -> np.ndarray:
    names = (signature.z, signature.y)
    return runner(**dict(zip(names, arrays)))[signature.output]

  return run


def _interpreter_class():
  """Returns TensorFlow's Interpreter, or that of the package it moves to."""
  if importlib.util.find_spec("ai_edge_litert") is not None:
    from ai_edge_litert import interpreter

    return interpreter.Interpreter
  return tf.lite.Interpreter
