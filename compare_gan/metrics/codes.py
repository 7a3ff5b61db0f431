"""The latents into which an encoder maps images."""

from collections.abc import Callable
from typing import Any

import numpy as np

BATCH = 64


def floats(images: np.ndarray) -> np.ndarray:
  """Returns uint8 or float images as float32 in [0, 1]."""
  scale = 255.0 if images.dtype == np.uint8 else 1.0
  return (images / scale).astype(np.float32)


def codes(
  images: np.ndarray, encode: Callable[[np.ndarray], Any]
) -> np.ndarray:
  """Returns the means [N, z_dim], float32, of `encode` for each image."""
  batches = [
    np.asarray(encode(floats(images[i : i + BATCH])).mean)
    for i in range(0, len(images), BATCH)
  ]
  found = np.concatenate(batches)
  if not np.isfinite(found).all():
    raise ValueError("The encoder makes NaN or infinity of images.")
  return found
