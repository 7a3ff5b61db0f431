"""Writes the instructions of a program, and numbers its values."""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any
from typing import Union

from compare_gan.export import frozen as frozen_lib
import numpy as np

View = Callable[[np.ndarray], np.ndarray]  # as numpy makes it, without a copy


class UnknownOperationError(ValueError):
  """There is no instruction for an operation of the generator."""


def static_shape(tensor: Any) -> list[int]:
  """Returns the shape of a tensor; all its sizes must be known."""
  if not tensor.shape.is_fully_defined():
    raise UnknownOperationError(
      f"{tensor.op.type} ({tensor.op.name}) has the shape {tensor.shape}, "
      "which is not known in advance."
    )
  return tensor.shape.as_list()


def count_numbers(shape: Sequence[int]) -> int:
  """Returns how many numbers an array of a shape has."""
  return int(np.prod(shape))


class Writer:
  """The part of a program that has been translated so far."""

  def __init__(self, frozen: frozen_lib.Frozen) -> None:
    self._frozen = frozen
    # {tensor name, or a key of a changed weight: number}
    self._numbers: dict[Any, int] = {}
    self._count = 0
    self.steps: list[dict[str, Any]] = []
    self.weights: dict[int, np.ndarray] = {}
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
      self.value(tensor), static_shape(tensor), lambda x: x.transpose(order)
    )

  def name(self, tensor: Any, number: int) -> None:
    """Records that a tensor has the value of this number."""
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
    arrange: View,
  ) -> int:
    """Returns the number of `arrange(x)`, any numpy view of a value."""
    return self.step("view", [number], **walk_to_view(shape, arrange))

  def place(
    self, size: int, fill: float, parts: Iterable[tuple[int, dict[str, Any]]]
  ) -> int:
    """Returns the number of an array of `fill`, in which values are placed.

    Args:
      size: how many numbers it has.
      fill: its value where nothing is placed.
      parts: (number of a value, its walk through the array).
    """
    numbers, walks = zip(*parts)
    return self.step(
      "place", list(numbers), length=size, fill=float(fill), parts=list(walks)
    )


def walk_to_view(shape: Sequence[int], arrange: View) -> dict[str, Any]:
  """Returns the walk through an array of this shape that gives a view of it.

  As numpy computes it: x[offset + i[0] stride[0] + i[1] stride[1] + ...].
  """
  x = np.zeros(shape, np.int8)  # An item is a byte: strides count items.
  y = arrange(x)
  start, at = (a.__array_interface__["data"][0] for a in (x, y))
  if not np.may_share_memory(x, y):
    raise UnknownOperationError(f"A view of {shape} would be a copy.")
  axes: list[
    list[int]
  ] = []  # without axes of one item; axes that form one walk are merged
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


def require_nhwc(op: Any) -> None:
  """Raises UnknownOperationError for an operation with channels first."""
  if op.get_attr("data_format") != b"NHWC":
    raise UnknownOperationError(f"{op.name} is not NHWC.")


Rule = Callable[[Writer, Any], None]  # translates an operation of its type
