"""What the report shows of one run: curves, picture, microscope, log."""

import base64
from collections.abc import Sequence
import io
import json
import math
import os
import re
from typing import Any
from typing import Optional

from compare_gan.pictures import html_page
from compare_gan.storage import files
from compare_gan.study.report import page_json
import numpy as np

POINTS = 200  # of a learning curve, at most
_FLOATS = 3_000_000  # in the curves of all runs, at most: 16 MB of base64
_BINS = 24
_SPECTRUM = 32  # singular values of a layer, at most
_LAYERS = 40
_LOG_LINES = 40
_LINE = 300  # characters
_PICTURE = re.compile(r"step-(\d+)\.png$")
_SIDE = 512  # pixels of a thumbnail, at most
_MORE = 8  # pictures of a run besides its samples, at most
_QUALITIES = (85, 60, 35)


def detail(row: Any, folder: str, points: int = POINTS) -> dict[str, Any]:
  """Returns what the page needs to show a run, except for its picture.

  Args:
    row: the run's row of the table.
    folder: the run's folder.
    points: the largest number of points of a learning curve.
  """
  found: dict[str, Any] = {
    "checkpoints": [
      [
        each["step"],
        {k: page_json.rounded(v) for k, v in each["scores"].items()},
      ]
      for each in row.checkpoints or []
    ],
    "curves": curves(os.path.join(folder, "scalars.csv"), points),
    "microscope": microscope(os.path.join(folder, "microscope.json")),
  }
  if row.status != "ok":
    lines = list(row.log_tail or [])[-_LOG_LINES:]
    found["log"] = [str(line)[:_LINE] for line in lines]
  return found


# ---- Learning curves ---------------------------------------------------------


def points_for(runs: int, scalars: int = 10) -> int:
  """Returns how many points a curve may have if there are `runs` runs."""
  return int(np.clip(_FLOATS // max(1, runs * scalars), 20, POINTS))


def curves(path: str, points: int) -> Optional[dict[str, Any]]:
  """Returns {"names", "values"} of scalars.csv, or None without one.

  The values are float32 in base64, one curve after another; the first is that
  of the steps. If there are more rows than `points`, evenly spaced ones are
  taken, including the first and the last. Rows that a killed run left
  incomplete are skipped.
  """
  if not os.path.isfile(path):
    return None
  with open(path, encoding="utf-8", errors="replace") as file:
    header, *lines = file.read().split("\n")[:-1] or [""]
  names = header.strip().split(",")
  if not lines or names[0] != "step":
    return None
  if len(lines) > points:
    places = np.rint(np.linspace(0, len(lines) - 1, points)).astype(int)
    lines = [lines[i] for i in places]
  cells = [line.strip().split(",") for line in lines]
  rows = [_floats(row) for row in cells if len(row) == len(names)]
  if not rows:
    return None
  values = np.asarray(rows, "<f4").T  # [names, points]
  return {
    "names": names,
    "values": base64.b64encode(values.tobytes()).decode(),
  }


def _floats(texts):
  try:
    return list(map(float, texts))
  except ValueError:  # A row without some scalar.
    return [float(text or math.nan) for text in texts]


# ---- The microscope ----------------------------------------------------------


def microscope(path: str) -> Optional[dict[str, Any]]:
  """Returns microscope.json, reduced for the page, or None without one.

  A spectrum keeps its first, last and evenly spaced singular values. Gradient
  norms become histograms with the same bins for real, fake and interpolated.
  """
  if not os.path.isfile(path):
    return None
  try:
    with open(path, encoding="utf-8") as file:
      found = json.load(file)
  except ValueError:
    return {"errors": {"microscope.json": "The file is not complete JSON."}}
  spectra = found.get("singular_values") or {}
  norms = found.get("gradient_norms") or {}
  return {
    "step": found.get("step"),
    "lipschitz": _rounded(found.get("lipschitz")),
    "penalty": _rounded(found.get("penalty")),
    "spectra": {
      layer: spectrum(values)
      for layer, values in list(spectra.items())[:_LAYERS]
      if values
    },
    "gradient_norms": histograms(norms),
    "errors": found.get("errors") or {},
  }


def _rounded(numbers):
  return numbers and {
    name: page_json.rounded(x) if isinstance(x, (int, float)) else x
    for name, x in numbers.items()
  }


def spectrum(values: Sequence[float]) -> dict[str, Any]:
  """Returns {"size", "at", "values"}: indices from 1, and singular values."""
  size = len(values)
  at = np.unique(
    np.rint(np.linspace(0, size - 1, min(size, _SPECTRUM))).astype(int)
  )
  return {
    "size": size,
    "at": (at + 1).tolist(),
    "values": [page_json.rounded(values[i], 4) for i in at],
  }


def histograms(
  norms: dict[str, Sequence[Optional[float]]],
) -> Optional[dict[str, Any]]:
  """Returns {"edges", "shares", "medians"} of lists of norms, or None."""
  arrays = {
    name: np.asarray([np.nan if x is None else x for x in norms[name]], float)
    for name in norms
  }
  arrays = {name: x[np.isfinite(x)] for name, x in arrays.items()}
  arrays = {name: x for name, x in arrays.items() if len(x)}
  if not arrays:
    return None
  high = max(x.max() for x in arrays.values()) or 1.0
  edges = np.linspace(0.0, high, _BINS + 1)
  return {
    "edges": [page_json.rounded(edge) for edge in edges],
    "shares": {
      name: [
        page_json.rounded(n / len(x), 3) for n in np.histogram(x, edges)[0]
      ]
      for name, x in arrays.items()
    },
    "medians": {
      name: page_json.rounded(np.median(x)) for name, x in arrays.items()
    },
  }


# ---- Pictures ----------------------------------------------------------------


def picture(folder: str) -> Optional[str]:
  """Returns the path of the newest samples/step-<n>.png of a run, or None."""
  samples = os.path.join(folder, "samples")
  if not os.path.isdir(samples):
    return None
  found = filter(None, map(_PICTURE.match, os.listdir(samples)))
  newest = max(found, key=lambda match: int(match[1]), default=None)
  return newest and os.path.join(samples, newest[0])


def more_pictures(folder: str) -> dict[str, str]:
  """Returns {name: path} of a run's pictures/<name>.png, which users make.

  For example, by `compare_gan sample --make=spectrum --out=runs/<id>/pictures`.
  """
  pictures = os.path.join(folder, "pictures")
  found = [name for name in files.names(pictures) if name.endswith(".png")]
  return {
    name[: -len(".png")]: os.path.join(pictures, name) for name in found[:_MORE]
  }


def thumbnail(path: str, limit: float, side: int = _SIDE) -> Optional[str]:
  """Returns a data URI of a picture of at most `limit` bytes, or None.

  It holds the file itself if that is small enough, else a JPEG whose quality
  and then size are reduced until it fits. An incomplete picture gives None.

  Args:
    path: the path of the picture.
    limit: the largest size, in bytes.
    side: the largest side of a JPEG, in pixels.
  """
  from PIL import Image

  if os.path.getsize(path) * 4 / 3 <= limit:
    with open(path, "rb") as file:
      return html_page.data_uri("png", file.read())
  try:
    with Image.open(path) as opened:
      image = opened.convert("RGB")
  except OSError:  # A run was killed while it wrote this.
    return None
  image.thumbnail((side, side))
  while min(image.size) >= 16:
    for quality in _qualities(image, limit):
      content = _jpeg(image, quality)
      if len(content) * 4 / 3 <= limit:
        return html_page.data_uri("jpeg", content)
    width, height = image.size
    image.thumbnail((max(1, width // 2), max(1, height // 2)))
  return None


def _qualities(image, limit):
  """Returns those worth trying: the best needs half a byte per pixel."""
  pixels = image.size[0] * image.size[1]
  return _QUALITIES if 2 * limit > pixels else _QUALITIES[1:]


def _jpeg(image, quality):
  file = io.BytesIO()
  image.save(file, "JPEG", quality=quality)
  return file.getvalue()
