"""What a gin file may say about numbers; raised before the first step."""

import numbers
from typing import Any
from typing import Optional


def is_number(value: Any) -> bool:
  return isinstance(value, numbers.Real) and not isinstance(value, bool)


def require_number(
  name: str,
  value: Any,
  least: Optional[float] = None,
  most: Optional[float] = None,
) -> float:
  """Returns `name`, as gin knows it; raises if it is not in [least, most]."""
  is_good = (
    is_number(value)
    and (least is None or value >= least)
    and (most is None or value <= most)
  )
  if not is_good:
    low = "-inf" if least is None else f"{least:g}"
    high = "inf" if most is None else f"{most:g}"
    raise ValueError(
      f"{name} = {value!r}. It must be a number from {low} to {high}."
    )
  return float(value)


def require_range(name: str, value: Any) -> None:
  """Raises unless `name` is a pair of numbers, the smaller first."""
  is_pair = isinstance(value, (list, tuple)) and len(value) == 2
  if not is_pair or not all(map(is_number, value)) or value[0] > value[1]:
    raise ValueError(
      f"{name} = {value!r}. It must be two numbers, the smaller first, such "
      "as (0.5, 1.5)."
    )
