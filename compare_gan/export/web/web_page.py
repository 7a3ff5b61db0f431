"""One HTML page that shows a generator: no network, opened from disk.

It holds one of three things:

- a program (web_program.py) with its weights, and the interpreter that computes
  images in the browser,
- an ONNX model, and onnxruntime-web (onnxruntime_web.py), which does the same
  and is faster for large networks,
- frames, which are images made before.
"""

import base64
from collections.abc import Iterable
import html
import io
import json
from typing import Any
from typing import Optional

from compare_gan.export.web import onnxruntime_web
from compare_gan.export.web import web_program
from compare_gan.pictures import html_page

# Images are computed in a worker, which is made from a part of the page.
_SCRIPTS = "script-src 'unsafe-inline' blob:{}; worker-src blob:"
_WEBASSEMBLY = " 'wasm-unsafe-eval'"
_MEGABYTE = 2**20
_ENGINES = {"interpreter": "the interpreter", "onnxruntime": "onnxruntime-web"}


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
  require_size(_in_base64(size * (2 if half else 4)), max_megabytes)
  described, weights = web_program.pack(program, half)
  content = _content(
    "interpreter", gan, program.shape, json.loads(described), quantiles, classes
  )
  page = _page(about, content, weights)
  require_size(len(page), max_megabytes)
  return page


def live_by_onnxruntime(
  gan: Any,
  model: bytes,
  ports: dict[str, Any],
  runtime: onnxruntime_web.Runtime,
  about: tuple[str, str],
  quantiles: list[float],
  classes: list[str],
  max_megabytes: float,
) -> str:
  """Returns the HTML of a page that computes images by onnxruntime-web.

  Args:
    gan: the GAN that was exported, for its sizes.
    model: an ONNX file, for one image in [0, 1].
    ports: {"inputs": {"z": name, "y": name}, "output": name} of the model; y,
      if there are classes, is their weights.
    runtime: onnxruntime-web.
    about, quantiles, classes, max_megabytes: as for `live`.
  """
  require_size(_in_base64(len(model)), max_megabytes)
  shape = list(gan.image_shape)
  content = _content("onnxruntime", gan, shape, ports, quantiles, classes)
  weights = base64.b64encode(model).decode("ascii")
  page = _page(about, content, weights, runtime)
  require_size(len(page), max_megabytes)
  return page


def _in_base64(size):
  """Returns how many characters this many bytes are: each holds 6 bits."""
  return size * 4 / 3


def _content(engine, gan, shape, program, quantiles, classes):
  return {
    "engine": _ENGINES[engine],
    "z_dim": gan.options.z_dim,
    "image": shape,
    "classes": classes,
    "quantiles": quantiles,
    "program": program,
  }


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


def engine_code(name: str) -> str:
  """Returns the JavaScript of an engine, "interpreter" or "onnxruntime"."""
  return _part("web_bytes.js") + _part(f"web_{name}.js")


def _page(
  about: tuple[str, str],
  content: dict[str, Any],
  weights: str,
  runtime: Optional[onnxruntime_web.Runtime] = None,
) -> str:
  title, text = about
  parts = {
    "title": html.escape(title),
    "about": html.escape(text),
    "data": html_page.to_json(content),
    "weights": weights,
    "runtime": onnxruntime_web.html_of(runtime) if runtime else "",
    "engine": engine_code("onnxruntime" if runtime else "interpreter"),
    "state": _part("web_state.js"),
    "computing": _part("web_computing.js"),
    "script": _part("web_page.js"),
  }
  body = html_page.fill_template(_part("web_page.html"), parts)
  scripts = _SCRIPTS.format(_WEBASSEMBLY if runtime else "")
  return html_page.whole_page(title, _part("web_page.css"), body, scripts)


def _part(name):
  return html_page.read_beside(__file__, name)
