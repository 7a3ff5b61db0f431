"""Many images as one picture."""

import math

import numpy as np


def grid(images, columns=None):
  """Returns a uint8 picture [rows H, columns W, 3] of images in [0, 1].

  Args:
    images: [N, H, W, C] with one color or three.
    columns: default: as many as rows, or a few more.
  """
  images = np.asarray(images)
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
