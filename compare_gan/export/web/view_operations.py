"""Operations that only move numbers: views, splits, joins and paddings.

A rule is a function of a Writer and an operation; it names the results.
"""

from collections.abc import Callable
import operator
from typing import Any

from compare_gan.export.web import program_writer
import numpy as np


def reshape(writer: program_writer.Writer, op: Any) -> None:
  writer.name(op.outputs[0], writer.value(op.inputs[0]))


def rule_of_view(
  arrange: Callable[[program_writer.Writer, Any], program_writer.View],
) -> program_writer.Rule:
  """Returns the rule of an operation whose result is a view of its input.

  Args:
    arrange: `arrange(writer, op)` -> a function from arrays to views.
  """

  def rule(writer: program_writer.Writer, op: Any) -> None:
    [x, *_], [y, *_] = op.inputs, op.outputs
    moved = writer.view(
      writer.value(x), program_writer.static_shape(x), arrange(writer, op)
    )
    writer.name(y, moved)

  return rule


def transpose(writer: program_writer.Writer, op: Any) -> program_writer.View:
  order = writer.constant(op.inputs[1])
  return lambda x: x.transpose(order)


def reverse(writer: program_writer.Writer, op: Any) -> program_writer.View:
  axes = tuple(writer.constant(op.inputs[1]).tolist())
  return lambda x: np.flip(x, axes)


def broadcast(writer: program_writer.Writer, op: Any) -> program_writer.View:
  shape = writer.constant(op.inputs[1])
  return lambda x: np.broadcast_to(x, shape)


def tile(writer: program_writer.Writer, op: Any) -> program_writer.View:
  times = writer.constant(op.inputs[1]).tolist()

  def arrange(x: np.ndarray) -> np.ndarray:
    sizes = [part for t, n in zip(times, x.shape) for part in (t, n)]
    x = x[tuple(i for n in x.shape for i in (None, slice(n)))]
    return np.broadcast_to(x, sizes)

  return arrange


def slice_(writer: program_writer.Writer, op: Any) -> program_writer.View:
  begin, size = (writer.constant(tensor) for tensor in op.inputs[1:])
  return lambda x: x[
    tuple(slice(b, None if n < 0 else b + n) for b, n in zip(begin, size))
  ]


def strided_slice(
  writer: program_writer.Writer, op: Any
) -> program_writer.View:
  begin, end, stride = (writer.constant(tensor) for tensor in op.inputs[1:])

  def has(mask: str, i: int) -> bool:
    return bool(op.get_attr(f"{mask}_mask") >> i & 1)

  index: list[Any] = []
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
    index.append(Ellipsis)  # With it, mere numbers give a view, not a scalar.
  return lambda x: x[tuple(index)]


def depth_to_space(
  writer: program_writer.Writer, op: Any
) -> program_writer.View:
  program_writer.require_nhwc(op)
  b = op.get_attr("block_size")

  def arrange(x: np.ndarray) -> np.ndarray:
    n, h, w, c = x.shape
    x = x.reshape(n, h, w, b, b, c // b**2)
    return x.transpose(0, 1, 3, 2, 4, 5)

  return arrange


def space_to_depth(
  writer: program_writer.Writer, op: Any
) -> program_writer.View:
  program_writer.require_nhwc(op)
  b = op.get_attr("block_size")

  def arrange(x: np.ndarray) -> np.ndarray:
    n, h, w, c = x.shape
    x = x.reshape(n, h // b, b, w // b, b, c)
    return x.transpose(0, 1, 3, 2, 4, 5)

  return arrange


def resize_nearest(
  writer: program_writer.Writer, op: Any
) -> program_writer.View:
  height, width = writer.constant(op.inputs[1]).tolist()
  _, h, w, _ = program_writer.static_shape(op.inputs[0])
  if op.get_attr("align_corners") or height % h or width % w:
    raise program_writer.UnknownOperationError(
      f"{op.name} resizes {h}x{w} to {height}x{width} pixels: multiples "
      "without align_corners are needed."
    )

  def arrange(x: np.ndarray) -> np.ndarray:
    x = x[:, :, None, :, None]
    n, _, _, _, _, c = x.shape
    return np.broadcast_to(x, [n, h, height // h, w, width // w, c])

  return arrange


def split(writer: program_writer.Writer, op: Any) -> None:
  """Split(axis, x), SplitV(x, sizes, axis) and Unpack(x): several views."""
  if op.type == "Split":
    axis, x = int(writer.constant(op.inputs[0])), op.inputs[1]
  elif op.type == "SplitV":
    x, axis = op.inputs[0], int(writer.constant(op.inputs[2]))
  else:
    x, axis = op.inputs[0], op.get_attr("axis")
  number, shape, first = writer.value(x), program_writer.static_shape(x), 0
  axis %= len(shape)
  for y in op.outputs:
    size = 1 if op.type == "Unpack" else program_writer.static_shape(y)[axis]
    part = (*[slice(None)] * axis, slice(first, first + size))
    writer.name(y, writer.view(number, shape, operator.itemgetter(part)))
    first += size


def concat(writer: program_writer.Writer, op: Any) -> None:
  *xs, axis = op.inputs
  shape = program_writer.static_shape(op.outputs[0])
  _join(writer, op, xs, shape, int(writer.constant(axis)) % len(shape))


def stack(writer: program_writer.Writer, op: Any) -> None:
  shape = program_writer.static_shape(op.outputs[0])
  axis = op.get_attr("axis") % len(shape)
  _join(writer, op, op.inputs, shape, axis, stacked=True)


def _join(writer, op, xs, shape, axis, stacked=False):
  parts, first = [], 0
  for x in xs:
    size = 1 if stacked else program_writer.static_shape(x)[axis]
    part = (*[slice(None)] * axis, slice(first, first + size))
    parts.append(
      (
        writer.value(x),
        program_writer.walk_to_view(shape, lambda a, part=part: a[part]),
      )
    )
    first += size
  writer.name(
    op.outputs[0], writer.place(program_writer.count_numbers(shape), 0.0, parts)
  )


def pad(writer: program_writer.Writer, op: Any) -> None:
  x, before_after, *fill = op.inputs
  shape = program_writer.static_shape(op.outputs[0])
  part = tuple(
    slice(before, size - after)
    for (before, after), size in zip(writer.constant(before_after), shape)
  )
  walk = program_writer.walk_to_view(shape, lambda a: a[part])
  value = float(writer.constant(fill[0])) if fill else 0.0
  placed = writer.place(
    program_writer.count_numbers(shape), value, [(writer.value(x), walk)]
  )
  writer.name(op.outputs[0], placed)
