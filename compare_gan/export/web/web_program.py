"""A frozen generator as a list of instructions that a web page can follow.

  {"inputs": {"z": 0, "y": 1}, "output": 75, "steps": [
    {"op": "matmul", "in": [0, 2], "out": 3, "batch": 1, "rows": 1, ...}, ...]}

Every value is a flat float32 array with a number. The instructions are few:
what only moves numbers about (slices, transposes, tiles, nearest neighbours,
concatenations, paddings) is a `view` or a `place`, a walk through an array by
strides. web_interpreter.js runs them and says what each does.
"""

import base64
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence
import json
from typing import Any
from typing import NamedTuple
from typing import Union

from compare_gan.export import frozen as frozen_lib
import numpy as np


class UnknownOperationError(ValueError):
  """There is no instruction for an operation of the generator."""


class Program(NamedTuple):
  """See above."""

  inputs: dict[str, int]
  output: int
  shape: list[int]  # of the image, [H, W, colors]
  steps: list[dict]
  weights: dict[int, np.ndarray]  # {number: value}


def translate(frozen: frozen_lib.Frozen) -> Program:
  """Returns the Program of a Frozen, or raises UnknownOperationError."""
  writer = _Writer(frozen)
  for operation in frozen.operations:
    if operation.outputs[0].name not in frozen.aliases:
      rule = _RULES.get(operation.type)
      if rule is None:
        raise UnknownOperationError(
          f"{operation.type} ({operation.name}) is not among the operations "
          "that a page can compute."
        )
      rule(writer, operation)
  output = writer.value(frozen.output)
  shape = _shape(frozen.output)[1:]
  return Program(writer.inputs, output, shape, writer.steps, writer.weights)


def pack(program: Program, half: bool = False) -> tuple[str, str]:
  """Returns the JSON of a program, and its weights in base64.

  Args:
    program: a Program.
    half: as float16, where they fit into it.
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


def _shape(tensor):
  if not tensor.shape.is_fully_defined():
    raise UnknownOperationError(
      f"{tensor.op.type} ({tensor.op.name}) has the shape {tensor.shape}, "
      "which is not known in advance."
    )
  return tensor.shape.as_list()


def _size(shape):
  return int(np.prod(shape))


class _Writer:
  """What has been translated so far."""

  def __init__(self, frozen: frozen_lib.Frozen) -> None:
    self._frozen = frozen
    self._numbers = {}  # {tensor name, or a key of a changed weight: number}
    self._count = 0
    self.steps = []
    self.weights = {}
    self.inputs = {
      name: self._new(tensor.name) for name, tensor in frozen.inputs.items()
    }

  def _new(self, key=None):
    number, self._count = self._count, self._count + 1
    if key is not None:
      self._numbers[key] = number
    return number

  def constant(self, tensor: Any) -> np.ndarray:
    """Returns the array of a tensor that must depend on the weights alone."""
    tensor = frozen_lib.resolve(tensor, self._frozen.aliases)
    if tensor.name not in self._frozen.constants:
      raise UnknownOperationError(
        f"{tensor.name} depends on z or y, but an operation needs it as a "
        "constant."
      )
    return self._frozen.constants[tensor.name]

  def value(self, tensor: Any) -> int:
    """Returns the number of a tensor's value."""
    tensor = frozen_lib.resolve(tensor, self._frozen.aliases)
    if tensor.name in self._frozen.constants:
      return self.weight(tensor.name, self._frozen.constants[tensor.name])
    if tensor.name not in self._numbers:
      raise UnknownOperationError(f"{tensor.name} has not been computed.")
    return self._numbers[tensor.name]

  def weight(
    self, key: Union[str, tuple[str, tuple[int, ...]]], array: np.ndarray
  ) -> int:
    """Returns the number of a constant."""
    if key not in self._numbers:
      self.weights[self._new(key)] = np.asarray(array, np.float32)
    return self._numbers[key]

  def transposed(self, tensor: Any, order: Sequence[int]) -> int:
    """Returns the number of tf.transpose(tensor, order)."""
    tensor = frozen_lib.resolve(tensor, self._frozen.aliases)
    if tensor.name in self._frozen.constants:
      array = self._frozen.constants[tensor.name].transpose(order)
      return self.weight((tensor.name, tuple(order)), array)
    return self.view(
      self.value(tensor), _shape(tensor), lambda x: x.transpose(order)
    )

  def name(self, tensor: Any, number: int) -> None:
    """Makes a value the value of a tensor."""
    self._numbers[tensor.name] = number

  def step(self, op: str, inputs: list[int], **details: Any) -> int:
    """Writes an instruction; returns the number of its result."""
    out = self._new()
    self.steps.append({"op": op, "in": inputs, "out": out, **details})
    return out

  def view(
    self,
    number: int,
    shape: Sequence[int],
    arrange: Callable[[np.ndarray], np.ndarray],
  ) -> int:
    """Returns the number of `arrange(x)`, any numpy view of a value."""
    return self.step("view", [number], **_walk(shape, arrange))

  def place(
    self, size: int, fill: float, parts: Iterable[tuple[int, dict[str, Any]]]
  ) -> int:
    """Returns the number of an array of `fill`, in which values are placed.

    Args:
      size: how many numbers it has.
      fill: what it is where nothing is placed.
      parts: (number of a value, its walk through the array).
    """
    numbers, walks = zip(*parts)
    return self.step(
      "place", list(numbers), length=size, fill=float(fill), parts=list(walks)
    )


def _walk(shape, arrange):
  """Returns how to walk through an array of a shape to meet a view of it.

  As numpy computes it: x[offset + i[0] stride[0] + i[1] stride[1] + ...].
  """
  x = np.zeros(shape, np.int8)  # An item is a byte: strides count items.
  y = arrange(x)
  start, at = (a.__array_interface__["data"][0] for a in (x, y))
  if not np.may_share_memory(x, y):
    raise UnknownOperationError(f"A view of {shape} would be a copy.")
  axes = []  # without those of one item, and those that are one walk merged
  for size, stride in zip(y.shape, y.strides):
    if size == 1:
      continue
    if axes and axes[-1][1] == size * stride:
      axes[-1] = [axes[-1][0] * size, stride]
    else:
      axes.append([size, stride])
  return {
    "size": [size for size, _ in axes],
    "stride": [stride for _, stride in axes],
    "offset": at - start,
  }


# ---- Numbers on the move --------------------------------------------------


def _reshape(writer, op):
  writer.name(op.outputs[0], writer.value(op.inputs[0]))


def _arranged(arrange):
  """Returns the rule of an operation whose result is a view of its input.

  Args:
    arrange: `arrange(writer, op)` -> a function from arrays to views.
  """

  def rule(writer, op):
    [x, *_], [y, *_] = op.inputs, op.outputs
    moved = writer.view(writer.value(x), _shape(x), arrange(writer, op))
    writer.name(y, moved)

  return rule


def _transpose(writer, op):
  order = writer.constant(op.inputs[1])
  return lambda x: x.transpose(order)


def _reverse(writer, op):
  axes = tuple(writer.constant(op.inputs[1]).tolist())
  return lambda x: np.flip(x, axes)


def _broadcast(writer, op):
  shape = writer.constant(op.inputs[1])
  return lambda x: np.broadcast_to(x, shape)


def _tile(writer, op):
  times = writer.constant(op.inputs[1]).tolist()

  def arrange(x):
    sizes = [part for t, n in zip(times, x.shape) for part in (t, n)]
    x = x[tuple(i for n in x.shape for i in (None, slice(n)))]
    return np.broadcast_to(x, sizes)

  return arrange


def _slice(writer, op):
  begin, size = (writer.constant(tensor) for tensor in op.inputs[1:])
  return lambda x: x[
    tuple(slice(b, None if n < 0 else b + n) for b, n in zip(begin, size))
  ]


def _strided_slice(writer, op):
  begin, end, stride = (writer.constant(tensor) for tensor in op.inputs[1:])

  def has(mask, i):
    return bool(op.get_attr(f"{mask}_mask") >> i & 1)

  index = []
  for i in range(len(begin)):
    if has("ellipsis", i):
      index.append(Ellipsis)
    elif has("new_axis", i):
      index.append(None)
    elif has("shrink_axis", i):
      index.append(int(begin[i]))
    else:
      first = None if has("begin", i) else int(begin[i])
      last = None if has("end", i) else int(end[i])
      index.append(slice(first, last, int(stride[i])))
  if Ellipsis not in index:
    index.append(Ellipsis)  # With it, numbers alone give a view, not a scalar.
  return lambda x: x[tuple(index)]


def _depth_to_space(writer, op):
  _require_nhwc(op)
  b = op.get_attr("block_size")

  def arrange(x):
    n, h, w, c = x.shape
    x = x.reshape(n, h, w, b, b, c // b**2)
    return x.transpose(0, 1, 3, 2, 4, 5)

  return arrange


def _space_to_depth(writer, op):
  _require_nhwc(op)
  b = op.get_attr("block_size")

  def arrange(x):
    n, h, w, c = x.shape
    x = x.reshape(n, h // b, b, w // b, b, c)
    return x.transpose(0, 1, 3, 2, 4, 5)

  return arrange


def _resize_nearest(writer, op):
  height, width = writer.constant(op.inputs[1]).tolist()
  _, h, w, _ = _shape(op.inputs[0])
  if op.get_attr("align_corners") or height % h or width % w:
    raise UnknownOperationError(
      f"{op.name} resizes {h}x{w} to {height}x{width} pixels: multiples, "
      "without align_corners, would do."
    )

  def arrange(x):
    x = x[:, :, None, :, None]
    n, _, _, _, _, c = x.shape
    return np.broadcast_to(x, [n, h, height // h, w, width // w, c])

  return arrange


def _split(writer, op):
  """Split(axis, x), SplitV(x, sizes, axis) and Unpack(x): several views."""
  if op.type == "Split":
    axis, x = int(writer.constant(op.inputs[0])), op.inputs[1]
  elif op.type == "SplitV":
    x, axis = op.inputs[0], int(writer.constant(op.inputs[2]))
  else:
    x, axis = op.inputs[0], op.get_attr("axis")
  number, shape, first = writer.value(x), _shape(x), 0
  axis %= len(shape)
  for y in op.outputs:
    size = 1 if op.type == "Unpack" else _shape(y)[axis]
    part = (*[slice(None)] * axis, slice(first, first + size))
    writer.name(y, writer.view(number, shape, lambda a, part=part: a[part]))
    first += size


def _concat(writer, op):
  *xs, axis = op.inputs
  shape = _shape(op.outputs[0])
  _join(writer, op, xs, shape, int(writer.constant(axis)) % len(shape))


def _stack(writer, op):
  shape = _shape(op.outputs[0])
  axis = op.get_attr("axis") % len(shape)
  _join(writer, op, op.inputs, shape, axis, stacked=True)


def _join(writer, op, xs, shape, axis, stacked=False):
  parts, first = [], 0
  for x in xs:
    size = 1 if stacked else _shape(x)[axis]
    part = (*[slice(None)] * axis, slice(first, first + size))
    parts.append((writer.value(x), _walk(shape, lambda a, part=part: a[part])))
    first += size
  writer.name(op.outputs[0], writer.place(_size(shape), 0.0, parts))


def _pad(writer, op):
  x, before_after, *fill = op.inputs
  shape = _shape(op.outputs[0])
  part = tuple(
    slice(before, size - after)
    for (before, after), size in zip(writer.constant(before_after), shape)
  )
  walk = _walk(shape, lambda a: a[part])
  value = writer.constant(fill[0]) if fill else 0.0
  placed = writer.place(_size(shape), value, [(writer.value(x), walk)])
  writer.name(op.outputs[0], placed)


# ---- One number for one number --------------------------------------------


def _unary(name, *attributes):
  def rule(writer, op):
    details = {attribute: op.get_attr(attribute) for attribute in attributes}
    y = writer.step(name, [writer.value(op.inputs[0])], **details)
    writer.name(op.outputs[0], y)

  return rule


def _binary(name):
  def rule(writer, op):
    shape = _shape(op.outputs[0])
    inputs = [_repeating(writer, tensor, shape) for tensor in op.inputs]
    y = writer.step(name, inputs, length=_size(shape))
    writer.name(op.outputs[0], y)

  return rule


def _repeating(writer, tensor, shape):
  """Returns the number of a value that fills `shape` by being repeated.

  So does one whose shape is the end of `shape`, as that of a bias is; another
  is broadcast first.
  """
  number, own = writer.value(tensor), _shape(tensor)
  while own and own[0] == 1:
    own = own[1:]
  if own == shape[len(shape) - len(own) :]:
    return number
  return writer.view(number, own, lambda x: np.broadcast_to(x, shape))


def _sum_of_all(writer, op):
  number = writer.value(op.inputs[0])
  for other in op.inputs[1:]:
    inputs = [number, writer.value(other)]
    number = writer.step("add", inputs, length=_size(_shape(other)))
  writer.name(op.outputs[0], number)


# ---- Many numbers for one -------------------------------------------------


def _reduction(name):
  def rule(writer, op):
    x, axes = op.inputs[0], writer.constant(op.inputs[1])
    shape = _shape(x)
    reduced = sorted({int(axis) % len(shape) for axis in np.ravel(axes)})
    kept = [axis for axis in range(len(shape)) if axis not in reduced]
    # The axes that go are the last ones.
    number = writer.view(
      writer.value(x), shape, lambda a: a.transpose(kept + reduced)
    )
    count = _size([shape[axis] for axis in reduced])
    writer.name(op.outputs[0], writer.step(name, [number], count=count))

  return rule


def _softmax(writer, op):
  x = op.inputs[0]
  number = writer.step("softmax", [writer.value(x)], count=_shape(x)[-1])
  writer.name(op.outputs[0], number)


def _pool(name):
  def rule(writer, op):
    _require_nhwc(op)
    x, y = _image(op.inputs[0]), _image(op.outputs[0])
    kernel, stride = op.get_attr("ksize")[1:3], op.get_attr("strides")[1:3]
    number = writer.step(
      name,
      [writer.value(op.inputs[0])],
      input=x,
      output=y,
      kernel=kernel,
      stride=stride,
      pad=_padding(op, x, y, kernel, stride),
    )
    writer.name(op.outputs[0], number)

  return rule


# ---- Products -------------------------------------------------------------


def _matmul(transpose_a, transpose_b):
  """Returns the rule of a product of matrices, or of batches of them.

  Args:
    transpose_a, transpose_b: the names of these attributes.
  """

  def rule(writer, op):
    a, b = op.inputs
    shapes = [_shape(a), _shape(b)]
    numbers = []
    for i, attribute in enumerate((transpose_a, transpose_b)):
      rank = len(shapes[i])
      if op.get_attr(attribute):
        order = [*range(rank - 2), rank - 1, rank - 2]
        numbers.append(writer.transposed(op.inputs[i], order))
        shapes[i] = [shapes[i][axis] for axis in order]
      else:
        numbers.append(writer.value(op.inputs[i]))
    batches = [_size(shape[:-2]) for shape in shapes]
    if batches[0] != batches[1]:
      raise UnknownOperationError(
        f"{op.name} multiplies {shapes[0]} by {shapes[1]}: as many matrices on "
        "either side would do."
      )
    rows, inner = shapes[0][-2:]
    number = writer.step(
      "matmul",
      numbers,
      batch=batches[0],
      rows=rows,
      inner=inner,
      columns=shapes[1][-1],
    )
    writer.name(op.outputs[0], number)

  return rule


def _convolution(writer, op):
  """Conv2D: its large image is what comes in."""
  x, kernel = op.inputs
  number = writer.value(kernel)  # [k, k, in, out]
  _convolve(writer, op, x, _shape(kernel), number, transposed=False)


def _transposed_convolution(writer, op):
  """Conv2DBackpropInput: its large image is what comes out."""
  _, kernel, x = op.inputs
  order = [0, 1, 3, 2]  # [k, k, out, in] becomes that of a convolution.
  shape = [_shape(kernel)[axis] for axis in order]
  number = writer.transposed(kernel, order)
  _convolve(writer, op, x, shape, number, transposed=True)


def _convolve(writer, op, x, kernel_shape, kernel, transposed):
  _require_nhwc(op)
  y = op.outputs[0]
  in_shape, out_shape = _image(x), _image(y)
  if list(op.get_attr("dilations")) != [1, 1, 1, 1] or (
    kernel_shape[2:] != [in_shape[2], out_shape[2]]
  ):
    raise UnknownOperationError(
      f"{op.name} is dilated or has groups, which a page cannot compute."
    )
  large, small = in_shape, out_shape
  if transposed:
    large, small = small, large
  kernel_size, stride = kernel_shape[:2], op.get_attr("strides")[1:3]
  number = writer.step(
    "convolve",
    [writer.value(x), kernel],
    transposed=transposed,
    input=in_shape,
    output=out_shape,
    kernel=kernel_size,
    stride=stride,
    pad=_padding(op, large, small, kernel_size, stride),
  )
  writer.name(y, number)


def _require_nhwc(op):
  if op.get_attr("data_format") != b"NHWC":
    raise UnknownOperationError(f"{op.name} is not NHWC.")


def _image(tensor):
  """Returns [H, W, C] of a tensor that is one image."""
  n, *shape = _shape(tensor)
  if n != 1 or len(shape) != 3:
    raise UnknownOperationError(f"{tensor.name} is not one image.")
  return shape


def _padding(op, large, small, kernel, stride):
  """Returns how many rows and columns are added at the top and left."""
  padding = op.get_attr("padding")
  if padding == b"EXPLICIT":
    _, _, top, _, left, _, _, _ = op.get_attr("explicit_paddings")
    return [top, left]
  if padding == b"VALID":
    return [0, 0]
  return [
    max((small[i] - 1) * stride[i] + kernel[i] - large[i], 0) // 2
    for i in range(2)
  ]


_RULES = {
  "Abs": _unary("abs"),
  "Add": _binary("add"),
  "AddN": _sum_of_all,
  "AddV2": _binary("add"),
  "AvgPool": _pool("avg_pool"),
  "BatchMatMul": _matmul("adj_x", "adj_y"),
  "BatchMatMulV2": _matmul("adj_x", "adj_y"),
  "BatchMatMulV3": _matmul("adj_x", "adj_y"),
  "BiasAdd": _binary("add"),
  "BroadcastTo": _arranged(_broadcast),
  "ConcatV2": _concat,
  "Conv2D": _convolution,
  "Conv2DBackpropInput": _transposed_convolution,
  "DepthToSpace": _arranged(_depth_to_space),
  "Elu": _unary("elu"),
  "Exp": _unary("exp"),
  "ExpandDims": _reshape,
  "LeakyRelu": _unary("leaky_relu", "alpha"),
  "Log": _unary("log"),
  "MatMul": _matmul("transpose_a", "transpose_b"),
  "Max": _reduction("max"),
  "MaxPool": _pool("max_pool"),
  "Maximum": _binary("maximum"),
  "Mean": _reduction("mean"),
  "Min": _reduction("min"),
  "Minimum": _binary("minimum"),
  "Mul": _binary("mul"),
  "Neg": _unary("neg"),
  "Pack": _stack,
  "Pad": _pad,
  "PadV2": _pad,
  "RealDiv": _binary("div"),
  "Relu": _unary("relu"),
  "Relu6": _unary("relu6"),
  "Reshape": _reshape,
  "ResizeNearestNeighbor": _arranged(_resize_nearest),
  "ReverseV2": _arranged(_reverse),
  "Rsqrt": _unary("rsqrt"),
  "Selu": _unary("selu"),
  "Sigmoid": _unary("sigmoid"),
  "Slice": _arranged(_slice),
  "Softmax": _softmax,
  "Softplus": _unary("softplus"),
  "SpaceToDepth": _arranged(_space_to_depth),
  "Split": _split,
  "SplitV": _split,
  "Sqrt": _unary("sqrt"),
  "Square": _unary("square"),
  "SquaredDifference": _binary("squared_difference"),
  "Squeeze": _reshape,
  "StridedSlice": _arranged(_strided_slice),
  "Sub": _binary("sub"),
  "Sum": _reduction("sum"),
  "Tanh": _unary("tanh"),
  "Tile": _arranged(_tile),
  "Transpose": _arranged(_transpose),
  "Unpack": _split,
}
