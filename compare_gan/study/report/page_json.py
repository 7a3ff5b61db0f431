"""Converts numbers and texts for the page's JSON."""

from collections.abc import Callable
from collections.abc import Mapping
import math
from typing import Any
from typing import Optional

import numpy as np


def rounded(x: Optional[float], digits: int = 5) -> Optional[float]:
  """Returns a float with few digits; None if it is None or not finite."""
  if x is None or not math.isfinite(x):
    return None
  return float(f"{x:.{digits}g}")


def plain(x: Any) -> Any:
  """Returns numbers for JSON, with None in place of nan and inf."""
  if isinstance(x, (np.ndarray, list, tuple)):
    return [plain(each) for each in x]
  if isinstance(x, (bool, int, np.integer)):
    return int(x)
  return rounded(float(x), 6)


def plain_texts(cell: Mapping[str, Any]) -> dict[str, str]:
  """Returns a cell with its values as text, whatever their types in gin."""
  return {axis: str(value) for axis, value in cell.items()}


def map_values(
  groups: Mapping[str, Mapping[Any, Any]], function: Callable[[Any], Any]
) -> dict[str, dict[Any, Any]]:
  """Returns {axis: {value: function(entry)}}."""
  return {
    axis: {value: function(each) for value, each in by_value.items()}
    for axis, by_value in groups.items()
  }
