"""A generator as one file of TensorFlow's first generation, `frozen.pb`.

The file holds a GraphDef of the operations that depend on the inputs, and
constants. It has no variables, functions, control flow or float64, and no
attribute that TensorFlow 1.15 does not know, so that version and the compilers
made for it can read it.
"""

import os
from typing import Any
from typing import Optional

from compare_gan.export import frozen
from compare_gan.export import output_file
from compare_gan.export import signatures
import numpy as np
import tensorflow as tf

# Attributes of later versions that have no effect if they hold these values.
_NEW_ATTRIBUTES = ("grad_a", "grad_b", "grad_x", "grad_y")
_CONTROL_FLOW = {
  "Case",
  "Enter",
  "Exit",
  "For",
  "If",
  "LoopCond",
  "Merge",
  "NextIteration",
  "PartitionedCall",
  "RefMerge",
  "RefSwitch",
  "StatefulPartitionedCall",
  "StatelessCase",
  "StatelessIf",
  "StatelessWhile",
  "Switch",
  "While",
}
_CONVOLUTIONS = ("Conv2D", "Conv2DBackpropInput")
_VARIABLES = ("VarHandleOp", "ReadVariableOp", "Variable", "Assign")
_FLOAT64 = tf.float64.as_datatype_enum


def graph_def(
  gan: Any,
  signature: signatures.Signature,
  batch: Optional[int],
  averaged: bool = True,
) -> tf.compat.v1.GraphDef:
  """Returns the GraphDef of a GAN's generator in evaluation mode.

  Args:
    gan: an AbstractGAN.
    signature: a Signature.
    batch: how many images at once, None for any number.
    averaged: whether to use the moving average of the weights, if any.
  """

  def generate(z: tf.Tensor, labels: Optional[tf.Tensor]) -> tf.Tensor:
    return gan.generate(z, labels, averaged)

  specs = [port.spec() for port in signature.inputs(gan, batch)]
  graph = frozen.freeze_function(
    signature.function(generate), specs, keeps_casts=True, refused=_CONTROL_FLOW
  )
  made = _assembled(graph, signature.output)
  require_plain(made)
  return made


def _assembled(graph, output_name):
  """Returns the GraphDef of a Frozen, with this name for its output."""
  made = tf.compat.v1.GraphDef()
  made.versions.CopyFrom(graph.output.graph.as_graph_def().versions)
  for tensor in graph.inputs.values():
    placeholder = made.node.add()
    placeholder.name, placeholder.op = tensor.op.name, "Placeholder"
    placeholder.attr["dtype"].type = tensor.dtype.as_datatype_enum
    placeholder.attr["shape"].shape.CopyFrom(tensor.shape.as_proto())

  def add_constant(name, value):
    constant = made.node.add()
    constant.name, constant.op = name, "Const"
    constant.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value))
    constant.attr["dtype"].type = constant.attr["value"].tensor.dtype

  for name, value in graph.constants.items():
    add_constant(_constant(name), value)

  def reference(tensor):
    name = frozen.resolve(tensor, graph.aliases).name
    return _constant(name) if name in graph.constants else name

  for operation in graph.operations:
    node = tf.compat.v1.NodeDef()
    node.CopyFrom(operation.node_def)
    node.ClearField("input")
    node.ClearField("device")
    node.input.extend(_short(reference(x)) for x in operation.inputs)
    if operation.type in _CONVOLUTIONS:
      kernel = frozen.resolve(operation.inputs[1], graph.aliases).name
      if kernel in graph.constants:
        padded = _with_same_padding(operation, graph.constants[kernel])
        if padded is not None:
          add_constant(f"{node.name}/kernel", padded)
          node.input[1] = f"{node.name}/kernel"
          node.attr["padding"].s = b"SAME"
          del node.attr["explicit_paddings"]
    made.node.append(node)
  output = made.node.add()
  output.name, output.op = output_name, "Identity"
  output.attr["T"].type = graph.output.dtype.as_datatype_enum
  output.input.append(_short(reference(graph.output)))
  return _with_old_attributes(_without_unused(made))


def _without_unused(made):
  """Returns the GraphDef without unused constants."""
  used = _used(made)
  kept = tf.compat.v1.GraphDef(versions=made.versions)
  kept.node.extend(n for n in made.node if n.op != "Const" or n.name in used)
  return kept


def _used(made):
  """Returns the names of the nodes that others need."""
  return {x.split(":")[0].lstrip("^") for node in made.node for x in node.input}


def _constant(tensor_name):
  """Returns the node that stands for one output of an operation."""
  name, index = tensor_name.split(":")
  return name if index == "0" else f"{name}/output_{index}"


def _short(name):
  return name[:-2] if name.endswith(":0") else name


def _with_same_padding(operation, kernel):
  """Returns the kernel for which explicit padding is "SAME", or None.

  Many converters support no explicit padding, or get it wrong. "SAME" adds the
  same number of pixels on both sides, or one more at the end. If explicit
  padding adds fewer on one side, the kernel gets zeros on that side instead.
  """
  if operation.type == "Conv2D":
    large, small = operation.inputs[0].shape, operation.outputs[0].shape
  elif operation.type == "Conv2DBackpropInput":
    large, small = operation.outputs[0].shape, operation.inputs[2].shape
  else:
    return None
  get = operation.get_attr
  if get("padding") != b"EXPLICIT" or get("data_format") != b"NHWC":
    return None
  if set(get("dilations")) != {1}:
    return None
  zeros = []
  for axis in (1, 2):
    n, m, stride = large[axis], small[axis], get("strides")[axis]
    if n is None or m != -(-n // stride):
      return None
    before = get("explicit_paddings")[2 * axis]
    # The part of the padding at the end that the kernel's last step reaches.
    after = (m - 1) * stride + kernel.shape[axis - 1] - n - before
    zeros.append((max(after - before - 1, 0), max(before - after, 0)))
  return np.pad(kernel, [*zeros, (0, 0), (0, 0)], mode="constant")


def _with_old_attributes(made):
  """Returns the graph without attributes that have their default values.

  TensorFlow does the same with its SavedModels, so that a version without an
  attribute can read them: a missing attribute means its default value.
  """
  from tensorflow.core.protobuf import meta_graph_pb2
  from tensorflow.python.framework import meta_graph

  meta = meta_graph_pb2.MetaGraphDef()
  meta.graph_def.CopyFrom(made)
  meta_graph.strip_graph_default_valued_attrs(meta)
  for node in meta.graph_def.node:
    for name in [name for name in node.attr if name.startswith("_")]:
      del node.attr[name]
  return meta.graph_def


def require_plain(made: tf.compat.v1.GraphDef) -> None:
  """Raises an error if an old reader could not read this GraphDef."""
  found = []
  if made.library.function:
    found.append(f"{len(made.library.function)} functions")
  for node in made.node:
    if node.op in _CONTROL_FLOW:
      found.append(f"control flow ({node.op} {node.name})")
    if node.op.startswith(_VARIABLES):
      found.append(f"a variable ({node.op} {node.name})")
    if _has_float64(node):
      found.append(f"float64 ({node.op} {node.name})")
    found += [
      f"the attribute {name} ({node.op} {node.name})"
      for name in _NEW_ATTRIBUTES
      if name in node.attr
    ]
  if found:
    shown = ", ".join(found[:5]) + (" ..." if len(found) > 5 else "")
    raise ValueError(
      f"The frozen generator has {shown}, which TensorFlow 1.15 or a compiler "
      "for it cannot read. Use a generator without them, or "
      "--format=savedmodel."
    )


def _has_float64(node):
  return any(
    attr.type == _FLOAT64 or _FLOAT64 in attr.list.type
    for attr in node.attr.values()
  )


def operations(made: tf.compat.v1.GraphDef) -> dict[str, int]:
  """Returns {type: how many} of a GraphDef's operations, sorted by type."""
  types = [node.op for node in made.node]
  return {op: types.count(op) for op in sorted(set(types))}


def write(
  gan: Any,
  signature: signatures.Signature,
  batch: Optional[int],
  path: str,
  averaged: bool = True,
) -> tf.compat.v1.GraphDef:
  """Writes the file; returns the GraphDef."""
  made = graph_def(gan, signature, batch, averaged)
  output_file.write(path, made.SerializeToString(deterministic=True))
  return made


def read(path: str) -> Any:
  """Returns the FrozenGraph of a file."""
  from google.protobuf import message

  if not os.path.isfile(path):
    raise FileNotFoundError(f"There is no frozen graph {path!r}.")
  made = tf.compat.v1.GraphDef()
  with open(path, "rb") as file:
    try:
      made.ParseFromString(file.read())
    except message.DecodeError as error:
      raise ValueError(f"{path} is not a frozen graph: {error}") from error
  return FrozenGraph(made, path)


class FrozenGraph:
  """A GraphDef that can be called with arrays.

  Attributes:
    inputs: Ports, in the order of their nodes.
    outputs: names of the nodes that no other one needs, with ":0".
    graph_def: the GraphDef.
  """

  def __init__(self, made: tf.compat.v1.GraphDef, path: str) -> None:
    self.graph_def = made
    self.inputs = [_port(n) for n in made.node if n.op == "Placeholder"]
    used = _used(made)
    ends = [n for n in made.node if n.name not in used]
    idle = ("NoOp", "Placeholder")
    self.outputs = [f"{n.name}:0" for n in ends if n.op not in idle]
    if not self.inputs or not self.outputs:
      raise ValueError(
        f"{path} has {len(self.inputs)} inputs and {len(self.outputs)} "
        "outputs: it is not a frozen generator."
      )
    function = tf.compat.v1.wrap_function(
      lambda: tf.graph_util.import_graph_def(made, name=""), []
    )
    names = [f"{port.name}:0" for port in self.inputs]
    tensor = function.graph.get_tensor_by_name
    self._function = function.prune(
      [tensor(name) for name in names], [tensor(name) for name in self.outputs]
    )

  def run(self, *arrays: np.ndarray) -> list[np.ndarray]:
    """Returns the arrays of all outputs."""
    given = [
      tf.constant(array, tf.as_dtype(port.dtype))
      for array, port in zip(arrays, self.inputs)
    ]
    return [tensor.numpy() for tensor in self._function(*given)]

  def __call__(self, *arrays: np.ndarray) -> np.ndarray:
    [output] = self.run(*arrays)
    return output


def _port(node):
  shape = tf.TensorShape(node.attr["shape"].shape)
  sizes = tuple(shape.as_list()) if shape.rank is not None else None
  dtype = tf.as_dtype(node.attr["dtype"].type).as_numpy_dtype
  return signatures.Port(node.name, sizes, np.dtype(dtype).name)


def function(
  made: tf.compat.v1.GraphDef,
  signature: signatures.Signature,
  gan: Any,
  batch: Optional[int],
) -> Any:
  """Returns the graph as a tf.function: inputs -> {output's name: images}.

  For converters that start from a function and keep the names.
  """
  ports = signature.inputs(gan, batch)
  specs = [port.spec() for port in ports]

  def images(*tensors: tf.Tensor) -> dict[str, tf.Tensor]:
    given = {f"{p.name}:0": x for p, x in zip(ports, tensors)}
    [output] = tf.graph_util.import_graph_def(
      made, given, [f"{signature.output}:0"], name="graph"
    )
    return {signature.output: output}

  return tf.function(images, input_signature=specs, autograph=False)
