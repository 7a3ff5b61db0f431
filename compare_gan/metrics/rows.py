"""Sets of rows [N, D]: what every metric asks of them, and blocks of them.

Features arrive in float32 and are summed in float64. Converting a block at a
time keeps the extra memory constant: 16 MiB for 2048 features.
"""

import numpy as np

_BLOCK = 1024


def blocks(rows, size=_BLOCK):
  """Yields (slice, rows[slice] in float64); not to be written to."""
  for start in range(0, len(rows), size):
    part = slice(start, min(start + size, len(rows)))
    yield part, np.asarray(rows[part], np.float64)


def check(least=2, **sets):
  """Raises ValueError unless all sets are `least` finite rows of one width."""
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
      f"Widths differ: {widths}. Sets that are compared come from the same "
      "feature extractor."
    )
