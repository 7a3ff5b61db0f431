"""The latents into which an encoder maps images, and the features before."""

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
  return _found(images, lambda x: encode(x).mean)


def features(
  images: np.ndarray, encode: Callable[[np.ndarray], Any]
) -> np.ndarray:
  """Returns the features [N, C], float32, of `encode` for each image."""

  def of(images: np.ndarray) -> Any:
    found = encode(images).features
    if found is None:
      raise ValueError(
        "The encoder returns no features, only codes: its EncoderOutput has "
        "features = None. @linear_probe classifies codes."
      )
    return found

  return _found(images, of)


def _found(images, of):
  found = np.concatenate(
    [
      np.asarray(of(floats(images[i : i + BATCH])))
      for i in range(0, len(images), BATCH)
    ]
  )
  if not np.isfinite(found).all():
    raise ValueError("The encoder makes NaN or infinity of images.")
  return found
