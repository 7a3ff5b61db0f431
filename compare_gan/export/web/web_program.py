"""A frozen generator as a list of instructions that a web page can follow.

  {"inputs": {"z": 0, "y": 1}, "output": 75, "steps": [
    {"op": "matmul", "in": [0, 2], "out": 3, "batch": 1, "rows": 1, ...}, ...]}

Every value is a flat float32 array with a number. The instructions are few:
operations that only move numbers (slices, transposes, tiles, nearest
neighbours, concatenations, paddings) become a `view` or a `place`, a walk
through an array by strides. web_interpreter.js runs the instructions and says
what each does.
"""

import base64
import json
from typing import NamedTuple

from compare_gan.export import frozen as frozen_lib
from compare_gan.export.web import number_operations
from compare_gan.export.web import program_writer
from compare_gan.export.web import view_operations
from compare_gan.export.web import window_operations
import numpy as np

_RULES = {
  "Abs": number_operations.rule_of_unary("abs"),
  "Add": number_operations.rule_of_binary("add"),
  "AddN": number_operations.sum_of_all,
  "AddV2": number_operations.rule_of_binary("add"),
  "AvgPool": window_operations.rule_of_pool("avg_pool"),
  "BatchMatMul": window_operations.rule_of_matmul("adj_x", "adj_y"),
  "BatchMatMulV2": window_operations.rule_of_matmul("adj_x", "adj_y"),
  "BatchMatMulV3": window_operations.rule_of_matmul("adj_x", "adj_y"),
  "BiasAdd": number_operations.rule_of_binary("add"),
  "BroadcastTo": view_operations.rule_of_view(view_operations.broadcast),
  "ConcatV2": view_operations.concat,
  "Conv2D": window_operations.convolution,
  "Conv2DBackpropInput": window_operations.transposed_convolution,
  "DepthToSpace": view_operations.rule_of_view(view_operations.depth_to_space),
  "Elu": number_operations.rule_of_unary("elu"),
  "Exp": number_operations.rule_of_unary("exp"),
  "ExpandDims": view_operations.reshape,
  "LeakyRelu": number_operations.rule_of_unary("leaky_relu", "alpha"),
  "Log": number_operations.rule_of_unary("log"),
  "MatMul": window_operations.rule_of_matmul("transpose_a", "transpose_b"),
  "Max": number_operations.rule_of_reduction("max"),
  "MaxPool": window_operations.rule_of_pool("max_pool"),
  "Maximum": number_operations.rule_of_binary("maximum"),
  "Mean": number_operations.rule_of_reduction("mean"),
  "Min": number_operations.rule_of_reduction("min"),
  "Minimum": number_operations.rule_of_binary("minimum"),
  "Mul": number_operations.rule_of_binary("mul"),
  "Neg": number_operations.rule_of_unary("neg"),
  "Pack": view_operations.stack,
  "Pad": view_operations.pad,
  "PadV2": view_operations.pad,
  "RealDiv": number_operations.rule_of_binary("div"),
  "Relu": number_operations.rule_of_unary("relu"),
  "Relu6": number_operations.rule_of_unary("relu6"),
  "Reshape": view_operations.reshape,
  "ResizeNearestNeighbor": view_operations.rule_of_view(
    view_operations.resize_nearest
  ),
  "ReverseV2": view_operations.rule_of_view(view_operations.reverse),
  "Rsqrt": number_operations.rule_of_unary("rsqrt"),
  "Selu": number_operations.rule_of_unary("selu"),
  "Sigmoid": number_operations.rule_of_unary("sigmoid"),
  "Slice": view_operations.rule_of_view(view_operations.slice_),
  "Softmax": number_operations.softmax,
  "Softplus": number_operations.rule_of_unary("softplus"),
  "SpaceToDepth": view_operations.rule_of_view(view_operations.space_to_depth),
  "Split": view_operations.split,
  "SplitV": view_operations.split,
  "Sqrt": number_operations.rule_of_unary("sqrt"),
  "Square": number_operations.rule_of_unary("square"),
  "SquaredDifference": number_operations.rule_of_binary("squared_difference"),
  "Squeeze": view_operations.reshape,
  "StridedSlice": view_operations.rule_of_view(view_operations.strided_slice),
  "Sub": number_operations.rule_of_binary("sub"),
  "Sum": number_operations.rule_of_reduction("sum"),
  "Tanh": number_operations.rule_of_unary("tanh"),
  "Tile": view_operations.rule_of_view(view_operations.tile),
  "Transpose": view_operations.rule_of_view(view_operations.transpose),
  "Unpack": view_operations.split,
}


class Program(NamedTuple):
  """The program of a page, see the top of this file."""

  inputs: dict[str, int]
  output: int
  shape: list[int]  # of the image, [H, W, colors]
  steps: list[dict]
  weights: dict[int, np.ndarray]  # {number: value}


def translate(frozen: frozen_lib.Frozen) -> Program:
  """Returns the Program of a Frozen, or raises UnknownOperationError."""
  writer = program_writer.Writer(frozen)
  for operation in frozen.operations:
    if operation.outputs[0].name not in frozen.aliases:
      rule = _RULES.get(operation.type)
      if rule is None:
        raise program_writer.UnknownOperationError(
          f"{operation.type} ({operation.name}) is not among the operations "
          "that a page can compute."
        )
      rule(writer, operation)
  output = writer.value(frozen.output)
  shape = program_writer.static_shape(frozen.output)[1:]
  return Program(writer.inputs, output, shape, writer.steps, writer.weights)


def pack(program: Program, half: bool = False) -> tuple[str, str]:
  """Returns the JSON of a program, and its weights in base64.

  Args:
    program: a Program.
    half: whether to store weights as float16 where they fit into it.
  """
  chunks, entries, offset = [], [], 0
  for number, array in program.weights.items():
    is_half = half and bool(np.abs(array).max(initial=0.0) < 65504.0)
    chunk = array.astype("<f2" if is_half else "<f4").tobytes()
    chunk += bytes(-len(chunk) % 4)  # Floats start at multiples of 4.
    entries.append(
      {"id": number, "at": offset, "size": array.size, "half": is_half}
    )
    chunks.append(chunk)
    offset += len(chunk)
  described = {**program._asdict(), "weights": entries}
  packed = base64.b64encode(b"".join(chunks)).decode("ascii")
  return json.dumps(described, separators=(",", ":")), packed
