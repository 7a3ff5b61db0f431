"""An ONNX file, by tf2onnx; onnxruntime runs it."""

from collections.abc import Callable
import importlib.util
from typing import Any
from typing import Optional

from compare_gan.export import frozen_graph
from compare_gan.export import output_file
from compare_gan.export import signatures
import numpy as np

OPSET = 13  # the tf2onnx for TensorFlow 2.6 also writes it


def check() -> None:
  """Raises an error unless a file can be written and run."""
  missing = [
    name
    for name in ("tf2onnx", "onnx", "onnxruntime")
    if importlib.util.find_spec(name) is None
  ]
  if missing:
    raise ValueError(
      f"--format=onnx needs {', '.join(missing)}: pip install "
      "compare_gan[onnx], or 'tf2onnx' and 'onnxruntime'."
    )


def write(
  gan: Any,
  signature: signatures.Signature,
  batch: Optional[int],
  path: str,
  averaged: bool = True,
) -> None:
  """Writes the file; see frozen_graph.write."""
  check()
  import tf2onnx

  made = frozen_graph.graph_def(gan, signature, batch, averaged)
  function = frozen_graph.function(made, signature, gan, batch)
  output_file.make_folder_of(path)
  tf2onnx.convert.from_function(
    function, function.input_signature, opset=OPSET, output_path=path
  )


def read(path: str, signature: signatures.Signature) -> Callable[..., Any]:
  """Returns the file's generator, a function of arrays in its inputs' order."""
  del signature
  check()
  import onnxruntime

  session = onnxruntime.InferenceSession(
    path, providers=["CPUExecutionProvider"]
  )
  return _Session(session)


class _Session:
  def __init__(self, session: Any) -> None:
    self.inputs = session.get_inputs()
    self.outputs = session.get_outputs()
    self._session = session

  def __call__(self, *arrays: np.ndarray) -> np.ndarray:
    feeds = {port.name: array for port, array in zip(self.inputs, arrays)}
    [output] = self._session.run(None, feeds)
    return output
