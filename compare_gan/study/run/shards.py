"""Parts of a study for several machines that share its folder.

--shard=0/2 and --shard=1/2 divide the runs of a study between two machines.
"""

import hashlib
from typing import NamedTuple
from typing import Optional


class Shard(NamedTuple):
  """One of `total` parts of a study; they are numbered from 0."""

  number: int
  total: int


def parse(text: Optional[str]) -> Optional[Shard]:
  """Returns the Shard of "i/n"; None for None."""
  if text is None:
    return None
  first, _, last = text.partition("/")
  if not (first.isdigit() and last.isdigit() and int(first) < int(last)):
    raise ValueError(
      f"--shard={text}: it must be i/n with i from 0 to n - 1. Two machines "
      "have --shard=0/2 and --shard=1/2."
    )
  return Shard(int(first), int(last))


def number_of(run_id: str, total: int) -> int:
  """Returns which of `total` shards a run belongs to, 0 to total - 1."""
  return int(hashlib.sha256(run_id.encode()).hexdigest()[:8], 16) % total


def is_in(run_id: str, shard: Optional[Shard]) -> bool:
  """Returns whether a run belongs to a shard; None is the whole study."""
  return shard is None or number_of(run_id, shard.total) == shard.number
