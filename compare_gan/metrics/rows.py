"""Sets of rows [N, D]: checks for every metric, and blocks of rows.

Features arrive in float32 and are summed in float64. Converting one block at a
time keeps the extra memory constant: 16 MiB for 2048 features.
"""

from collections.abc import Iterator
from typing import Optional

import numpy as np

_BLOCK = 1024


class Collected:
  """Arrays of N rows that come in batches, and are in memory once.

  A list of batches that is concatenated at the end would be there twice.

  Args:
    count: N.
    what: name of the rows in messages.
  """

  def __init__(self, count: int, what: str) -> None:
    self._count, self._what = count, what
    self._rows: Optional[np.ndarray] = None
    self._filled = 0

  def add(self, batch: np.ndarray) -> None:
    """Adds the next rows [n, ...]."""
    rows = self._rows
    if rows is None:
      shape = [self._count, *batch.shape[1:]]
      rows = self._rows = np.empty(shape, batch.dtype)
    end = self._filled + len(batch)
    if end > self._count:
      raise ValueError(
        f"{self._what} gave more than the {self._count} expected rows."
      )
    rows[self._filled : end] = batch
    self._filled = end

  def all(self) -> Optional[np.ndarray]:
    """Returns the rows [N, ...]; None if no batch was added."""
    if self._rows is not None and self._filled < self._count:
      raise ValueError(
        f"{self._what} gave {self._filled} rows, but {self._count} were "
        "expected."
      )
    return self._rows


def blocks(
  rows: np.ndarray, size: int = _BLOCK
) -> Iterator[tuple[slice, np.ndarray]]:
  """Yields (slice, rows[slice] in float64), which is read-only."""
  for start in range(0, len(rows), size):
    part = slice(start, min(start + size, len(rows)))
    yield part, np.asarray(rows[part], np.float64)


def check(least: int = 2, **sets: np.ndarray) -> None:
  """Raises ValueError unless sets have `least` finite rows of one width."""
  widths = {}
  for name, rows in sets.items():
    if np.ndim(rows) != 2:
      raise ValueError(f"{name} has shape {np.shape(rows)}, not [N, D].")
    if len(rows) < least:
      raise ValueError(
        f"{name} has {len(rows)} rows, but at least {least} are needed."
      )
    for start in range(0, len(rows), _BLOCK):
      finite = np.isfinite(rows[start : start + _BLOCK])
      if not finite.all():
        row = start + np.argmin(finite.all(axis=1))
        raise ValueError(
          f"{name} has NaN or infinity in row {row}, but only finite rows can "
          "be scored."
        )
    widths[name] = rows.shape[1]
  if len(set(widths.values())) > 1:
    raise ValueError(
      f"Widths differ: {widths}. Sets to compare must come from the same "
      "feature extractor."
    )
