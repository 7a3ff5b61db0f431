"""What all signals have in common.

A signal of your own is a class with two methods:

  numbers(look)        -> {name: number}, its part of a row
  judge(curve, look)   -> a states.Finding, or None while all is well

It is named by `watchdog.signals = [@MySignal]`, or by its dotted path.
"""

import abc
from collections.abc import Sequence
from typing import Any
from typing import Callable
from typing import NamedTuple
from typing import Optional

from compare_gan.configuration import dotted_path
from compare_gan.watchdogs import probe
from compare_gan.watchdogs import signals
from compare_gan.watchdogs import states

Row = dict[str, float]  # "step", and the numbers of all signals


class Curve(NamedTuple):
  """The rows so far, the present look's last."""

  rows: Sequence[Row]
  patience: int  # A sign must show in so many looks in a row.
  grace: int  # A bad beginning is no sign in so many first looks.

  def last(self, name: str) -> Optional[list[float]]:
    """Returns a number of the last `patience` looks; None if one lacks it."""
    rows = self.looks()[-self.patience :]
    if len(rows) < self.patience or any(name not in row for row in rows):
      return None
    return [row[name] for row in rows]

  def looks(self) -> list[Row]:
    """Returns the rows of looks, without that of the first weights."""
    return [row for row in self.rows if "birth" not in row]

  def values(self, name: str) -> list[float]:
    """Returns a number of all rows that have it."""
    return [row[name] for row in self.rows if name in row]

  @property
  def is_past_grace(self) -> bool:
    return len(self.looks()) > self.grace


class Signal(abc.ABC):
  """Turns looks into numbers, and judges all numbers so far.

  Attributes:
    name: of the signal in diagnosis.json.
  """

  name = ""

  @abc.abstractmethod
  def numbers(self, look: probe.Look) -> dict[str, float]:
    """Returns {name: number} of a look; {} if the GAN lacks what it needs."""

  @abc.abstractmethod
  def judge(self, curve: Curve, look: probe.Look) -> Optional[states.Finding]:
    """Returns what is wrong, None if nothing is.

    Args:
      curve: the rows so far; decide by these alone, so that a training that
        goes on from a checkpoint comes to the same finding.
      look: the present one, for the words of the reason.
    """


def make(named: Sequence[Any]) -> list[Signal]:
  """Returns the built-in signals, then those that `watchdog.signals` names."""
  makers: list[Callable[[], Any]] = [*signals.built_in(), *find(named)]
  made: list[Any] = [maker() for maker in makers]
  for maker, one in zip(makers, made):
    if not isinstance(one, Signal):
      raise ValueError(
        f"watchdog.signals: {maker!r} returned {one!r}. It must return a "
        f"{Signal.__module__}.Signal."
      )
  return made


def find(named: Any) -> list[Callable[[], Any]]:
  """Returns what makes the signals that `watchdog.signals` names.

  Raises:
    ValueError: an item is not a callable or the path of one.
  """
  return dotted_path.callables(
    "watchdog.signals", named, "[@MySignal, 'my_package.my_signal.MySignal']"
  )
