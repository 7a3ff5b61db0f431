"""Images in rows, with text to their left and below them, as one picture."""

from collections.abc import Container
from collections.abc import Sequence
import math
import os
from typing import Optional

from compare_gan.pictures import image_grid
import numpy as np

_SIDE = 56  # minimum width of a cell in pixels, so that a number fits below
_GAP = 3
_WIDE_GAP = 14
_LETTERS = 11  # pixels
_LINE = 15
_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)


def groups(
  images: np.ndarray, captions: Sequence[Sequence[str]], title: str = ""
) -> np.ndarray:
  """Returns a picture uint8 [H, W, 3] of groups, several next to each other.

  Args:
    images: [N, K, H, W, C] in [0, 1], N groups of K; the first of each stands
      a little apart.
    captions: N lists of K texts, written below the images.
    title: written above all images.
  """
  images = np.asarray(images)
  n, k, height, width = images.shape[:4]
  # Makes the picture about as wide as it is high.
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
  rows: Sequence[Sequence[Optional[np.ndarray]]],
  title: str = "",
  captions: Optional[Sequence[Sequence[str]]] = None,
  labels: Optional[Sequence[str]] = None,
  gaps: Container[int] = (),
  heads: Optional[Sequence[str]] = None,
) -> np.ndarray:
  """Returns a picture uint8 [H, W, 3] of rows of images.

  Args:
    rows: lists of images [H, W, C] in [0, 1], all of one shape; the last row
      may be shorter, and None leaves a place white.
    title: written above all images; it may have several lines.
    captions: a text below each image.
    labels: a text to the left of each row.
    gaps: numbers of the columns that are followed by a wide gap.
    heads: a text above each column; long ones are cut to its width.
  """
  from PIL import Image
  from PIL import ImageDraw

  font = _font()
  height, width = _size(rows)
  scale = max(1, math.ceil(_SIDE / width))
  height, width = scale * height, scale * width
  left = _GAP + max(
    (_length(font, label) + _GAP for label in labels or ()), default=0
  )
  above = _LINE * (title.count("\n") + 1 if title else 0)
  top = _GAP + above + (_LINE if heads else 0)
  step = height + (_LINE if captions else 0) + _GAP
  columns = max(map(len, rows))
  wide = [_WIDE_GAP if j in gaps else _GAP for j in range(columns)]
  xs = left + np.cumsum([0, *(width + gap for gap in wide)])
  size = max(int(xs[-1]), _GAP + _length(font, title)), top + step * len(rows)
  canvas = Image.new("RGB", size, _WHITE)
  draw = ImageDraw.Draw(canvas)

  def write(x: int, y: int, text: str) -> None:
    draw.text((x, y), text, fill=_BLACK, font=font)

  write(_GAP, 1, title)
  for x, head in zip(xs, heads or ()):
    write(int(x), above + 1, _cut(font, head, width))
  for i, row in enumerate(rows):
    y = top + i * step
    if labels:
      write(_GAP, y + (height - _LINE) // 2, labels[i])
    for j, image in enumerate(row):
      if image is None:
        continue
      cell = image_grid.grid(image[None]).repeat(scale, 0).repeat(scale, 1)
      canvas.paste(Image.fromarray(cell), (int(xs[j]), y))
      if captions:
        write(int(xs[j]), y + height, captions[i][j])
  return np.asarray(canvas)


def _font():
  """Returns matplotlib's own font: Pillow's differs from version to version."""
  import matplotlib
  from PIL import ImageFont

  folder = os.path.join(matplotlib.get_data_path(), "fonts", "ttf")
  return ImageFont.truetype(os.path.join(folder, "DejaVuSans.ttf"), _LETTERS)


def _size(rows):
  """Returns the height and width of the images."""
  images = (image for row in rows for image in row if image is not None)
  return next(images).shape[:2]


def _cut(font, text, width):
  """Returns the text, or as much of its beginning as is this wide."""
  while _length(font, text) > width and len(text) > 1:
    text = text[:-1]
  return text


def _length(font, text):
  """Returns the width of a text's longest line in pixels."""
  return math.ceil(max(map(font.getlength, text.split("\n"))))
