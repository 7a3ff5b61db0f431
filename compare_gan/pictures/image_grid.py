"""Many images as one picture."""

import math
from typing import Optional

import numpy as np


def grid(images: np.ndarray, columns: Optional[int] = None) -> np.ndarray:
  """Returns a uint8 picture [rows H, columns W, 3] of images in [0, 1].

  Args:
    images: [N, H, W, C] with one color or three; or [N, 1, 1, 2], points in the
      plane, which are drawn in one picture.
    columns: None for as many as rows, or a few more.
  """
  images = np.asarray(images)
  if images.shape[1:] == (1, 1, 2):
    return points(images[:, 0, 0])
  n, height, width, colors = images.shape
  columns = columns or math.ceil(math.sqrt(n))
  rows = math.ceil(n / columns)
  cells = np.zeros([rows * columns, height, width, 3], np.uint8)
  scaled = np.rint(255.0 * np.clip(images, 0.0, 1.0)).astype(np.uint8)
  cells[:n] = scaled if colors == 3 else np.repeat(scaled[..., :1], 3, -1)
  cells = cells.reshape(rows, columns, height, width, 3)
  return cells.transpose(0, 2, 1, 3, 4).reshape(
    rows * height, columns * width, 3
  )


def points(places: np.ndarray, side: int = 256) -> np.ndarray:
  """Returns a uint8 picture [side, side, 3] of points [N, 2] in [0, 1].

  Each is a dark square of 3 x 3 pixels; x goes to the right and y up.
  """
  picture = np.full([side, side, 3], 255, np.uint8)
  pixels = np.rint(np.clip(places, 0.0, 1.0) * (side - 3)).astype(int)
  for x, y in pixels:
    picture[side - 3 - y : side - y, x : x + 3] = (20, 60, 140)
  return picture
