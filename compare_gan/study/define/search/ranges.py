"""Ranges of settings, and numbers drawn from them.

A study file writes a range as ("log", low, high), ("linear", low, high) or
("discrete", [values]).
"""

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
import math
from typing import Any
from typing import Optional
from typing import Union
import zlib

from compare_gan.study.define.search import phase
import numpy as np


class Discrete:
  """Maps [0, 1) to a list of values, in equal parts."""

  def __init__(self, values: Sequence[float]) -> None:
    self.values = tuple(values)

  def value_at(self, u: float) -> float:
    n = len(self.values)
    return self.values[min(int(u * n), n - 1)]

  def position_of(self, value: float) -> Optional[float]:
    """Returns the middle of a value's part; None if it is not in the list."""
    if value not in self.values:
      return None
    return (self.values.index(value) + 0.5) / len(self.values)


class Linear:
  """Maps [0, 1) to [low, high) in proportion."""

  def __init__(self, low: float, high: float) -> None:
    self.low, self.high = low, high

  def value_at(self, u: float) -> float:
    # A beta of 1 is not a valid beta: six digits must not round up to the end.
    u = min(u, 1.0 - 1e-6)
    return _six_digits(self.low + u * (self.high - self.low))

  def position_of(self, value: float) -> Optional[float]:
    if not self.low <= value <= self.high:
      return None
    return (value - self.low) / (self.high - self.low)


class Log:
  """Maps [0, 1) to [low, high) in proportion to the logarithm."""

  def __init__(self, low: float, high: float) -> None:
    self.low, self.high = low, high

  def value_at(self, u: float) -> float:
    log_low, log_high = math.log(self.low), math.log(self.high)
    return _six_digits(math.exp(log_low + u * (log_high - log_low)))

  def position_of(self, value: float) -> Optional[float]:
    if not self.low <= value <= self.high:
      return None
    return math.log(value / self.low) / math.log(self.high / self.low)


Range = Union[Discrete, Linear, Log]


def _six_digits(value):
  return float(f"{value:.6g}")


def parse(name: str, given: Any) -> Range:
  """Returns the Range that a study file writes as a tuple.

  Args:
    name: the name of the setting, for the error message.
    given: the tuple.
  """
  kind = given[0] if isinstance(given, (tuple, list)) and given else None
  if kind == "discrete" and len(given) == 2 and len(given[1]):
    return Discrete(given[1])
  if kind in ("log", "linear") and len(given) == 3:
    _, low, high = given
    if kind == "linear" and low < high:
      return Linear(low, high)
    if kind == "log" and 0 < low < high:
      return Log(low, high)
  raise ValueError(
    f"The range of {name} is {given!r}. It must be ('log', low, high) with 0 < "
    "low < high, ('linear', low, high) with low < high or ('discrete', "
    "[values])."
  )


def ranges_for(
  group: phase.Group,
  given: Mapping[str, Any],
  where: Optional[Mapping[str, Mapping[str, Any]]],
) -> dict[str, Range]:
  """Returns a group's {name: Range}, sorted by name, without inert settings."""
  found = phase.values_for(group, given, where)
  return {
    name: parse(name, found[name])
    for name in sorted(found)
    if name not in group.inert
  }


def all_names(
  given: Mapping[str, Any], where: Optional[Mapping[str, Iterable[str]]]
) -> list[str]:
  """Returns the names of all settings in a phase's values and its `where`."""
  return sorted(
    {*given, *(name for more in (where or {}).values() for name in more)}
  )


def check(
  given: Mapping[str, Any], where: Optional[Mapping[str, Mapping[str, Any]]]
) -> None:
  """Raises ValueError if one of a phase's ranges cannot be parsed."""
  for some in (given, *(where or {}).values()):
    for name, range_ in some.items():
      parse(name, range_)


def random_numbers(seed: int, *words: str) -> np.random.RandomState:
  """Returns a source of random numbers, seeded by a seed and some words."""
  return np.random.RandomState([seed, *(zlib.crc32(w.encode()) for w in words)])
