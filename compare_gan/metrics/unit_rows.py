"""Rows divided by their lengths, for cosines."""

from collections.abc import Iterator

from compare_gan.metrics.rows import blocks
import numpy as np


def check_lengths(**sets: np.ndarray) -> None:
  """Raises ValueError if a row is all zeros, which has no direction."""
  for name, rows in sets.items():
    for part, block in blocks(rows):
      is_zero = ~block.any(axis=1)
      if is_zero.any():
        raise ValueError(
          f"{name} is all zeros in row {part.start + is_zero.argmax()}. Rows "
          "are divided by their lengths, so each needs a number other than 0."
        )


def unit_blocks(rows: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
  """Yields (slice, rows[slice] divided by their lengths, in float64)."""
  for part, block in blocks(rows):
    # Divide by the largest number first: squares must not over- or underflow.
    block = block / np.abs(block).max(axis=1, keepdims=True)
    yield part, block / np.linalg.norm(block, axis=1, keepdims=True)
