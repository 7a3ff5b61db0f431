"""One HTML page that shows a generator: no network, opened from disk.

It holds either a program (web_program.py) with its weights and the interpreter
that computes images in the browser, or frames, which are images made before.
"""

from collections.abc import Iterable
import html
import io
import json
from typing import Any

from compare_gan.export.web import web_program
from compare_gan.pictures import html_page

# The interpreter runs in a worker, which is made from a part of the page.
_SCRIPTS = "script-src 'unsafe-inline' blob:; worker-src blob:"
_MEGABYTE = 2**20


class TooLargeError(ValueError):
  """The page would be larger than allowed."""


def live(
  gan: Any,
  program: web_program.Program,
  about: tuple[str, str],
  quantiles: list[float],
  classes: list[str],
  max_megabytes: float,
  half: bool = False,
) -> str:
  """Returns the HTML of a page that computes images.

  Args:
    gan: the GAN that was frozen, for its sizes.
    program: a web_program.Program.
    about: (title, text), shown above.
    quantiles: of a coordinate of z, at equal steps of probability from 0 to 1.
    classes: their names; empty for a GAN that is not conditional.
    max_megabytes: of the page.
    half: whether to store the weights as float16.
  """
  size = sum(array.size for array in program.weights.values())
  # A byte of base64 holds 6 bits.
  require_size(size * (2 if half else 4) * 4 / 3, max_megabytes)
  described, weights = web_program.pack(program, half)
  content = {
    "z_dim": gan.options.z_dim,
    "image": program.shape,
    "classes": classes,
    "quantiles": quantiles,
    "program": json.loads(described),
  }
  page = _page(about, content, weights)
  require_size(len(page), max_megabytes)
  return page


def with_frames(
  image_shape: Iterable[int],
  about: tuple[str, str],
  classes: list[str],
  bases: list[list[str]],
  values: list[float],
  coordinates: int,
) -> str:
  """Returns the HTML of a page with sheets of images made before.

  Args:
    image_shape: [H, W, colors].
    about, classes: as for `live`.
    bases: for each z from which sweeps start, its sheets as data URIs: one for
      each class, or one. See `pictures.sweep_sheet` and `data_uri`.
    values: of a coordinate, one for each column of a sheet.
    coordinates: how many rows a sheet has.
  """
  content = {
    "image": list(image_shape),
    "classes": classes,
    "frames": {
      "bases": bases,
      "values": values,
      "coordinates": coordinates,
      "middle": len(values) // 2,
    },
    "quantiles": [0.0, 0.0],
    "z_dim": coordinates,
  }
  return _page(about, content, "")


def require_size(size: float, max_megabytes: float) -> None:
  """Raises TooLargeError for a page of more bytes than allowed."""
  if size > max_megabytes * _MEGABYTE:
    raise TooLargeError(
      f"The page would have {size / _MEGABYTE:.1f} MB, more than --max_mb = "
      f"{max_megabytes:g}."
    )


def data_uri(picture: Any) -> str:
  """Returns a picture, uint8 [H, W, 3], as the data URI of a PNG."""
  from PIL import Image

  file = io.BytesIO()
  Image.fromarray(picture).save(file, "PNG", optimize=True)
  return html_page.data_uri("png", file.getvalue())


def _page(about, content, weights):
  title, text = about
  parts = {
    "title": html.escape(title),
    "about": html.escape(text),
    "data": html_page.to_json(content),
    "weights": weights,
    "interpreter": _part("web_interpreter.js"),
    "script": _part("web_page.js"),
  }
  body = html_page.fill_template(_part("web_page.html"), parts)
  return html_page.whole_page(title, _part("web_page.css"), body, _SCRIPTS)


def _part(name):
  return html_page.read_beside(__file__, name)
