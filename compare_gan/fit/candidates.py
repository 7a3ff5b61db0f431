"""What is worth trying for a card, in the order of preference.

The batch is part of an experiment, so it stays as long as anything else helps:

  1. the card as it is, then its batch in parts, in as few as possible
  2. the same with recomputation, which costs time
  3. a smaller batch, with both

Parts have at least `LEAST_PART` images, because batch norm sees one part. The
members of a group need less and less memory, so the first one that fits can be
found by bisection. Only a whole batch may need less than one in parts, which
have a second set of gradients; it comes first.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
import dataclasses
from typing import Optional

LEAST_PART = 8


@dataclasses.dataclass(frozen=True)
class Candidate:
  """How a step is computed, as far as that decides what memory it needs."""

  batch_size: int
  micro_batches: int = 1
  recompute: bool = False
  precision: str = "float32"

  def values(self) -> dict[str, object]:
    """Returns {gin name: value}."""
    return {
      "options.batch_size": self.batch_size,
      "options.micro_batches": self.micro_batches,
      "options.recompute": self.recompute,
      "run_config.precision": self.precision,
    }

  def bindings(self, other: Optional["Candidate"] = None) -> list[str]:
    """Returns the lines of gin that differ from those of another one."""
    known = other.values() if other else {}
    return [
      f"{name} = {value!r}"
      for name, value in self.values().items()
      if known.get(name) != value
    ]


# What a group of candidates changes, by gin's names.
PARTS = frozenset({"options.micro_batches"})
RECOMPUTE = frozenset({"options.recompute"})
BATCH = frozenset({"options.batch_size"})


def groups(
  card: Candidate, fixed: Iterable[str] = (), multiple: int = 1
) -> Iterator[list[Candidate]]:
  """Yields groups of candidates, the preferred group first.

  Args:
    card: what the card says.
    fixed: gin names that must keep the card's values.
    multiple: what the number of images in a part must be divisible by.
  """
  fixed = frozenset(fixed)
  kinds = [card]
  if not card.recompute and not fixed & RECOMPUTE:
    kinds.append(dataclasses.replace(card, recompute=True))
  for kind in kinds:
    yield _in_parts(kind, fixed, multiple)
  if fixed & BATCH:
    return
  for kind in reversed(kinds):  # Not every network can recompute.
    yield [
      dataclasses.replace(
        kind, batch_size=size, micro_batches=_most_parts(kind, fixed, size)
      )
      for size in _halves(card.batch_size, multiple)
    ]


def _in_parts(card, fixed, multiple):
  """Returns the candidates with the card's batch in more and more parts."""
  size, now = card.batch_size, card.micro_batches
  counts = [now]
  if not fixed & PARTS:
    counts += [
      count
      for count in range(2 * now, size // LEAST_PART + 1, now)
      if not size % (count * multiple)
    ]
  return [dataclasses.replace(card, micro_batches=count) for count in counts]


def _most_parts(card, fixed, size):
  """Returns the largest number of parts for a smaller batch."""
  if fixed & PARTS:
    return card.micro_batches
  counts = range(1, max(1, size // LEAST_PART) + 1)
  return max(count for count in counts if not size % count)


def _halves(size, multiple):
  """Returns a half, a quarter, ... of a batch, as far as they are whole."""
  found = []
  while size % (2 * multiple) == 0:
    size //= 2
    found.append(size)
  return found


def first_fitting(
  group: Sequence[Candidate], fits: Callable[[Candidate], Optional[bool]]
) -> Optional[Candidate]:
  """Returns the first candidate of a group that fits, None if none does.

  Args:
    group: candidates that need less and less memory.
    fits: whether one fits; None if it is impossible for another reason.
  """
  if not group:
    return None
  if fits(group[0]):
    return group[0]
  low, high = 0, len(group)  # The first one does not fit.
  best = None
  # The last one tells whether the others are worth a look.
  for at in range(len(group) - 1, 0, -1):
    answer = fits(group[at])
    if answer is not None:
      if not answer:
        return None
      best, high = group[at], at
      break
  while best is not None and high - low > 1:
    middle = (low + high) // 2
    if fits(group[middle]):
      best, high = group[middle], middle
    else:
      low = middle
  return best
