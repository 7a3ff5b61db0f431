"""Files that cannot be used: counted, named, and skipped or refused.

`dataset.on_error` chooses: "raise" (the default) refuses a dataset with bad
files, "skip" leaves them out and says so. Both happen when a dataset is opened,
so that its size is known and batch t does not change.
"""

import logging
from typing import NamedTuple

_LOG = logging.getLogger(__name__)
CHOICES = ("raise", "skip")
_SHOWN = 10


class Bad(NamedTuple):
  """A file, or a record of a file, that cannot be used."""

  split: str
  name: str
  reason: str


def check_choice(on_error: str) -> None:
  if on_error not in CHOICES:
    raise ValueError(
      f"dataset.on_error = {on_error!r}. It can be 'raise' or 'skip'."
    )


def refuse_or_warn(
  title: str, bad: list[Bad], total: int, on_error: str
) -> None:
  """Raises an error or warns if there are bad files.

  Args:
    title: of the dataset.
    bad: a list of Bad.
    total: how many examples there are, including the bad ones.
    on_error: "raise" or "skip".
  """
  if not bad:
    return
  lines = [f"  {split}: {name}: {reason}" for split, name, reason in bad]
  shown = "\n".join(lines[:_SHOWN])
  if len(lines) > _SHOWN:
    shown += f"\n  and {len(lines) - _SHOWN} more"
  found = f"{title}: {len(bad)} of {total} examples cannot be used:\n{shown}"
  if on_error == "raise":
    raise ValueError(
      f"{found}\nRepair or remove them, or leave them out with "
      "dataset.on_error = 'skip'. `python -m compare_gan datasets check` "
      "lists all of them."
    )
  _LOG.warning("%s\nThey are left out (dataset.on_error = 'skip').", found)
