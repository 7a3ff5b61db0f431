"""What a network is made of, as text."""

from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any

from compare_gan.context import scope
import numpy as np


def table(title: str, variables: Sequence[Any]) -> str:
  """Returns lines of name, shape and size, the trained ones summed up.

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
  """Returns how many numbers are trained."""
  return sum(int(np.prod(v.shape)) for v in variables if v.trainable)
