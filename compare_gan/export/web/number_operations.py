"""Operations that map, combine or reduce numbers.

A rule is a function of a Writer and an operation; it names the results.
"""

from typing import Any

from compare_gan.export.web import program_writer
import numpy as np


def rule_of_unary(name: str, *attributes: str) -> program_writer.Rule:
  def rule(writer: program_writer.Writer, op: Any) -> None:
    details = {attribute: op.get_attr(attribute) for attribute in attributes}
    y = writer.step(name, [writer.value(op.inputs[0])], **details)
    writer.name(op.outputs[0], y)

  return rule


def rule_of_binary(name: str) -> program_writer.Rule:
  def rule(writer: program_writer.Writer, op: Any) -> None:
    shape = program_writer.static_shape(op.outputs[0])
    inputs = [_repeating(writer, tensor, shape) for tensor in op.inputs]
    y = writer.step(name, inputs, length=program_writer.count_numbers(shape))
    writer.name(op.outputs[0], y)

  return rule


def _repeating(writer, tensor, shape):
  """Returns the number of a value that fills `shape` by being repeated.

  A value whose shape is the end of `shape`, such as a bias, does so already;
  any other is broadcast first.
  """
  number, own = writer.value(tensor), program_writer.static_shape(tensor)
  while own and own[0] == 1:
    own = own[1:]
  if own == shape[len(shape) - len(own) :]:
    return number
  return writer.view(number, own, lambda x: np.broadcast_to(x, shape))


def sum_of_all(writer: program_writer.Writer, op: Any) -> None:
  number = writer.value(op.inputs[0])
  for other in op.inputs[1:]:
    inputs = [number, writer.value(other)]
    number = writer.step(
      "add",
      inputs,
      length=program_writer.count_numbers(program_writer.static_shape(other)),
    )
  writer.name(op.outputs[0], number)


def rule_of_reduction(name: str) -> program_writer.Rule:
  def rule(writer: program_writer.Writer, op: Any) -> None:
    x, axes = op.inputs[0], writer.constant(op.inputs[1])
    shape = program_writer.static_shape(x)
    reduced = sorted({int(axis) % len(shape) for axis in np.ravel(axes)})
    kept = [axis for axis in range(len(shape)) if axis not in reduced]
    # The axes that are reduced come last.
    number = writer.view(
      writer.value(x), shape, lambda a: a.transpose(kept + reduced)
    )
    count = program_writer.count_numbers([shape[axis] for axis in reduced])
    writer.name(op.outputs[0], writer.step(name, [number], count=count))

  return rule


def softmax(writer: program_writer.Writer, op: Any) -> None:
  x = op.inputs[0]
  number = writer.step(
    "softmax", [writer.value(x)], count=program_writer.static_shape(x)[-1]
  )
  writer.name(op.outputs[0], number)
