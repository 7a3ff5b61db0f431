"""What all phases of a search have in common."""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple
from typing import Optional


class Group(NamedTuple):
  """Cells that share a search."""

  key: str  # "loss=ns penalty=gp"
  # (line of gin) -> whether all cells of the group have this binding
  holds: Callable[[str], bool]
  inert: frozenset[str]  # names of settings that have no effect here


class History(NamedTuple):
  """What a group has tried so far, in the order of the plan."""

  group: Group
  # (setting, value); smaller values are better, and inf means that it failed
  trials: list[tuple[dict[str, float], float]]


class Phase:
  """A part of a search.

  Args:
    name: its name in tables and file names.
    seeds: the number of seeds that each setting is trained with; None for
      study.seeds.

  Attributes:
    rounds: how often `settings` is called. In an adaptive phase every round is
      a barrier: it depends on all scores before it.
    adaptive: whether `settings` reads scores.
  """

  rounds = 1
  adaptive = False

  def __init__(self, name: str, seeds: Optional[int]) -> None:
    if seeds is not None:
      require_count(f"{name}.seeds", seeds)
    self.name = name
    self.seeds = seeds

  def names(self) -> list[str]:
    """Returns the names of all settings that it may set."""
    raise NotImplementedError

  def size(self, group: Group) -> int:
    """Returns the largest number of settings that it tries in a group."""
    return len(self.settings(History(group, []), 0, 0) or [])

  def settings(
    self, history: History, round: int, seed: int
  ) -> Optional[list[dict[str, float]]]:
    """Returns the settings of a round, or None after the last round.

    Args:
      history: the group's History. All runs in it have ended if the phase is
        adaptive.
      round: 0 ... rounds - 1.
      seed: study.seed.
    """
    raise NotImplementedError


def require_count(name: str, value: int) -> None:
  """Raises ValueError unless a value is an int of 1 or more."""
  if not isinstance(value, int) or value < 1:
    raise ValueError(f"{name} = {value!r}; it must be an int of 1 or more.")


def values_for(
  group: Group,
  default: Mapping[str, Any],
  where: Optional[Mapping[str, Mapping[str, Any]]],
) -> dict[str, Any]:
  """Returns `default` with the changes that `where` makes for a group."""
  found = dict(default)
  for line, changes in (where or {}).items():
    if group.holds(line):
      found.update(changes)
  return found


def without_inert(
  group: Group, settings: Iterable[dict[str, float]]
) -> list[dict[str, float]]:
  """Returns settings without inert entries, each once, in their order."""
  kept: dict[Any, dict[str, float]] = {}
  for setting in settings:
    live = {k: v for k, v in setting.items() if k not in group.inert}
    kept.setdefault(tuple(sorted(live.items())), live)
  return list(kept.values())
