"""Images in rows with words beside and below them, as one picture."""

from collections.abc import Sequence
import math
from typing import Optional

from compare_gan import image_grid
import numpy as np

_SIDE = 56  # pixels that a cell is wide at least, so that a number fits below
_GAP = 3
_WIDE_GAP = 14
_LINE = 15  # pixels of a line of text
_LETTER = 7
_WHITE = 255


def groups(images, captions, title: str = "") -> np.ndarray:
  """Returns a picture uint8 [H, W, 3] of groups, several beside each other.

  Args:
    images: [N, K, H, W, C] in [0, 1], N groups of K; the first of each stands
      a little apart.
    captions: N lists of K texts, for below the images.
    title: for above all.
  """
  images = np.asarray(images)
  n, k, height, width = images.shape[:4]
  # About as wide as it is high.
  beside = round(math.sqrt(n * (height + _LINE) / ((k + 1.0) * width)))
  beside = max(1, min(n, beside))
  rows, texts = [], []
  for start in range(0, n, beside):
    part = slice(start, start + beside)
    rows.append([image for group in images[part] for image in group])
    texts.append([text for group in captions[part] for text in group])
  apart = {j * k + place for j in range(beside) for place in (0, k - 1)}
  return sheet(rows, title, captions=texts, gaps=apart)


def sheet(
  rows: Sequence[Sequence[np.ndarray]],
  title: str = "",
  captions: Optional[Sequence[Sequence[str]]] = None,
  labels: Optional[Sequence[str]] = None,
  gaps=(),
) -> np.ndarray:
  """Returns a picture uint8 [H, W, 3] of rows of images.

  Args:
    rows: lists of images [H, W, C] in [0, 1], all of one shape; the last row
      may be shorter.
    title: for above all; it may have lines.
    captions: a text for below each image.
    labels: a text for the left of each row.
    gaps: numbers of the columns that a wide gap follows.
  """
  from PIL import Image
  from PIL import ImageDraw

  height, width = rows[0][0].shape[:2]
  scale = max(1, math.ceil(_SIDE / width))
  height, width = scale * height, scale * width
  left = _GAP + _LETTER * max(map(len, labels or [""]))
  top = _GAP + _LINE * (title.count("\n") + 1 if title else 0)
  step = height + (_LINE if captions else 0) + _GAP
  columns = max(map(len, rows))
  wide = [_WIDE_GAP if j in gaps else _GAP for j in range(columns)]
  xs = left + np.cumsum([0, *(width + gap for gap in wide)])
  size = [max(int(xs[-1]), _LETTER * _longest(title)), top + step * len(rows)]
  canvas = Image.new("RGB", size, (_WHITE,) * 3)
  draw = ImageDraw.Draw(canvas)
  draw.text((_GAP, 1), title, fill=(0, 0, 0))
  for i, row in enumerate(rows):
    y = top + i * step
    if labels:
      draw.text((_GAP, y + height // 2 - _LINE // 2), labels[i], fill=(0, 0, 0))
    for j, image in enumerate(row):
      cell = image_grid.grid(image[None]).repeat(scale, 0).repeat(scale, 1)
      canvas.paste(Image.fromarray(cell), (int(xs[j]), y))
      if captions:
        place = int(xs[j]), y + height + 1
        draw.text(place, captions[i][j], fill=(0, 0, 0))
  return np.asarray(canvas)


def _longest(text):
  return max(map(len, text.split("\n")))
