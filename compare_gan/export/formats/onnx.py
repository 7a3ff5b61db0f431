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


def convert(
  gan: Any,
  signature: signatures.Signature,
  batch: Optional[int],
  averaged: bool = True,
) -> Any:
  """Returns an onnx.ModelProto; the arguments are those of `write`."""
  check()
  import tf2onnx

  made = frozen_graph.graph_def(gan, signature, batch, averaged)
  function = frozen_graph.function(made, signature, gan, batch)
  model, _ = tf2onnx.convert.from_function(
    function, function.input_signature, opset=OPSET
  )
  return model


def with_half_weights(model: Any) -> Any:
  """Returns the onnx.ModelProto with weights stored as float16.

  They are cast back when the model is loaded: it computes in float32. Weights
  that do not fit into float16 are left as they are.
  """
  import onnx
  from onnx import numpy_helper

  halved = onnx.ModelProto()
  halved.CopyFrom(model)
  casts = []
  for weight in halved.graph.initializer:
    if weight.data_type != onnx.TensorProto.FLOAT:
      continue
    array, name = numpy_helper.to_array(weight), weight.name
    if np.abs(array).max(initial=0.0) < 65504.0:
      half = numpy_helper.from_array(array.astype(np.float16), f"{name}__half")
      weight.CopyFrom(half)
      casts.append(
        onnx.helper.make_node(
          "Cast", [half.name], [name], to=onnx.TensorProto.FLOAT
        )
      )
  nodes = [*casts, *halved.graph.node]
  del halved.graph.node[:]
  halved.graph.node.extend(nodes)
  return halved


def count_numbers(model: Any) -> int:
  """Returns how many numbers the weights of an onnx.ModelProto have."""
  sizes = [np.prod(weight.dims) for weight in model.graph.initializer]
  return int(sum(sizes))


def write(
  gan: Any,
  signature: signatures.Signature,
  batch: Optional[int],
  path: str,
  averaged: bool = True,
) -> None:
  """Writes the file; see frozen_graph.write."""
  model = convert(gan, signature, batch, averaged)
  output_file.write(path, model.SerializeToString())


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
