"""Tables of the variables of a network, as text."""

from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any

from compare_gan.context import scope
import numpy as np


def table(title: str, variables: Sequence[Any]) -> str:
  """Returns a title with the number of parameters, and a line per variable.

  A line has the name, the shape, and the size or "not trained".

  Args:
    title: of the table.
    variables: tf.Variables, or the VariableSpecs that stand in for them.
  """
  rows = [
    (
      scope.full_name(v),
      "x".join(map(str, v.shape)) or "scalar",
      f"{int(np.prod(v.shape)):,}" if v.trainable else "not trained",
    )
    for v in variables
  ]
  widths = [max(map(len, column)) for column in zip(*rows)] if rows else []
  lines = [
    f"  {name:{widths[0]}}  {shape:>{widths[1]}}  {size:>{widths[2]}}"
    for name, shape, size in rows
  ]
  return "\n".join([f"{title}: {count(variables):,} parameters", *lines])


def count(variables: Iterable[Any]) -> int:
  """Returns the number of parameters: the sizes of all trained variables."""
  return sum(int(np.prod(v.shape)) for v in variables if v.trainable)
