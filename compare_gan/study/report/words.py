"""Numbers, counts and p-values as the report writes them."""

import math
from typing import Optional


def number(x: Optional[float]) -> str:
  """Returns a number with about three digits."""
  if x is None or math.isnan(x):
    return "-"
  if math.isinf(x):
    return "inf" if x > 0 else "-inf"
  return f"{x:.0f}" if 1000 <= abs(x) < 1e6 else f"{x:.3g}"


def p_text(p: float) -> str:
  """Returns ".004", "1.00" or "less than .001"."""
  return "less than .001" if p < 0.001 else p_digits(p)


def p_equals(p: float) -> str:
  """Returns "= .004" or "< .001"."""
  return "< .001" if p < 0.001 else f"= {p_digits(p)}"


def p_digits(p: float) -> str:
  """Returns ".004" or "1.00"."""
  return (f"{p:.3f}" if p < 0.1 else f"{p:.2f}").lstrip("0")


def plural(n: int, thing: str) -> str:
  """Returns "1 run" or "2 runs"."""
  return f"{n} {thing}" if n == 1 else f"{n} {thing}s"
