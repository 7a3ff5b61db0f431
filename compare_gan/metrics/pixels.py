"""The images that metrics accept."""

import numpy as np


def check(**sets: np.ndarray) -> None:
  """Raises ValueError unless all are images: uint8, or floats in [0, 1]."""
  for name, images in sets.items():
    if np.ndim(images) != 4 or not len(images):
      raise ValueError(
        f"{name} has shape {np.shape(images)}, not [N, H, W, C] with N > 0."
      )
    if images.dtype == np.uint8:
      continue
    for image in images:
      if not (image.min() >= 0 and image.max() <= 1):  # NaN fails too
        raise ValueError(
          f"{name} is {images.dtype} and has pixels from {image.min()} to "
          f"{image.max()}, but floats must be in [0, 1]. Use uint8 for 0 to "
          "255."
        )


def to_255(images: np.ndarray) -> np.ndarray:
  """Returns images in float64 in [0, 255]."""
  scale = 1.0 if images.dtype == np.uint8 else 255.0
  return images.astype(np.float64) * scale
