"""What a parameter accepts beyond its type, declared beside it, once.

  def cosine_schedule(
    base: accepted.NotNegative,
    unit: Annotated[str, accepted.OneOf("steps", "images")] = "steps",
  ):

`compare_gan.checks` compares gin's bindings with it before a training, and
`compare_gan explain` shows it. Python and gin themselves ignore it. A Range
limits numbers only: other values of a Union, such as schedules, are left alone.
Your own parameters declare it in the same way.
"""

import dataclasses
import math
from typing import Annotated
from typing import Any
from typing import Optional


class Accepted:
  """What stands in an Annotated type, and says which values are accepted."""

  def refusal(self, value: Any) -> Optional[str]:
    """Returns "It must be ..." for a value that is refused, else None."""
    raise NotImplementedError

  def in_words(self) -> str:
    """Returns what is accepted, "0 or more"."""
    raise NotImplementedError


@dataclasses.dataclass(frozen=True)
class Range(Accepted):
  """Numbers from `least` to `most`, None for no limit.

  Args:
    least, most: limits, which are accepted themselves.
    above, below: limits, which are not.
  """

  least: Optional[float] = None
  most: Optional[float] = None
  above: Optional[float] = None
  below: Optional[float] = None

  def refusal(self, value: Any) -> Optional[str]:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
      return None
    is_inside = (
      (self.least is None or value >= self.least)
      and (self.most is None or value <= self.most)
      and (self.above is None or value > self.above)
      and (self.below is None or value < self.below)
      and not math.isnan(value)
    )
    return None if is_inside else f"It must be {self.in_words()}."

  def in_words(self) -> str:
    if self.least is not None and self.most is not None:
      return f"from {_digits(self.least)} to {_digits(self.most)}"
    limits = []
    if self.least is not None:
      limits.append(f"{_digits(self.least)} or more")
    if self.above is not None:
      limits.append(f"above {_digits(self.above)}")
    if self.most is not None:
      limits.append(f"{_digits(self.most)} or less")
    if self.below is not None:
      limits.append(f"below {_digits(self.below)}")
    return " and ".join(limits)


def _digits(number):
  return str(number) if isinstance(number, int) else f"{number:g}"


class OneOf(Accepted):
  """One of some values, usually strings."""

  def __init__(self, *values: Any) -> None:
    self.values = values

  def refusal(self, value: Any) -> Optional[str]:
    if value in self.values:
      return None
    return f"It can be {self.in_words()}."

  def in_words(self) -> str:
    *most, last = map(repr, self.values)
    return f"{', '.join(most)} or {last}" if most else last


# Of random numbers, as numpy accepts it.
Seed = Annotated[int, Range(least=0, most=2**32 - 1)]
Count = Annotated[int, Range(least=1)]
CountOrZero = Annotated[int, Range(least=0)]
Positive = Annotated[float, Range(above=0)]
NotNegative = Annotated[float, Range(least=0)]
Share = Annotated[float, Range(least=0, most=1)]  # of a whole; a probability
Decay = Annotated[float, Range(least=0, below=1)]  # what a moving average keeps
