"""One HTML page that computes images in the browser, without a network."""

from typing import Any
from typing import Optional

from compare_gan.export import frozen
from compare_gan.export import output_file
from compare_gan.export import signatures
from compare_gan.export.formats import onnx
from compare_gan.export.web import onnxruntime_web
from compare_gan.export.web import web_page
from compare_gan.export.web import web_program
from compare_gan.gans import latent_codes
from compare_gan.looks import views
import numpy as np

_MAX_MEGABYTES = 40.0  # as of `compare_gan web`
# The page mixes classes: its model takes their weights.
_SIGNATURE = signatures.Signature("web", batch=1, y_is_weights=True)


def write(
  gan: Any,
  signature: signatures.Signature,
  batch: Optional[int],
  path: str,
  averaged: bool = True,
) -> list[str]:
  """Writes the page; `compare_gan web` offers more choices.

  Args:
    gan: an AbstractGAN.
    signature, batch: not used. A page has sliders for z.
    path: of the HTML file.
    averaged: whether to use the moving average of the weights, if any.
  """
  del signature, batch
  classes = [str(label) for label in range(gan.num_classes)]
  page = html(gan, averaged, classes, gan.options.architecture, _MAX_MEGABYTES)
  output_file.write(path, page.encode("utf-8"))
  return ["This page was not compared with the model: it runs in a browser."]


def html(
  gan: Any,
  averaged: bool,
  classes: list[str],
  title: str,
  max_megabytes: float,
  half: bool = False,
) -> str:
  """Returns a page that computes images.

  Args:
    gan: an AbstractGAN.
    averaged: whether to use the moving average of the weights, if any.
    classes: names of the classes; empty for a GAN that is not conditional.
    title: of the page.
    max_megabytes: of the page.
    half: whether to store the weights as float16.
  """
  _require_no_codes()
  program = web_program.translate(frozen.freeze(gan, averaged))
  parameters = sum(array.size for array in program.weights.values())
  text = f"{parameters:,} numbers, computed in your browser."
  return web_page.live(
    gan, program, (title, text), _quantiles(), classes, max_megabytes, half
  )


ENGINES = ("interpreter", "onnxruntime")  # what may compute a page's images


def html_by(engine: str, *given: Any, folder: str) -> str:
  """Returns the page of one of the ENGINES.

  Args:
    engine: its name.
    *given: the arguments of `html`.
    folder: with the files of onnxruntime-web, for that engine.
  """
  if engine == "onnxruntime":
    return html_with_onnxruntime(folder, *given)
  return html(*given)


def html_with_onnxruntime(
  folder: str,
  gan: Any,
  averaged: bool,
  classes: list[str],
  title: str,
  max_megabytes: float,
  half: bool,
) -> str:
  """Returns a page that computes images by onnxruntime-web.

  Args:
    folder: with the files of onnxruntime-web.
    gan, averaged, classes, title, max_megabytes, half: as for `html`.
  """
  _require_no_codes()
  runtime = onnxruntime_web.read(folder)
  model = onnx.convert(gan, _SIGNATURE, 1, averaged)
  if half:
    model = onnx.with_half_weights(model)
  text = (
    f"{onnx.count_numbers(model):,} numbers, computed in your browser by "
    f"onnxruntime-web {runtime.version}."
  )
  inputs = {"z": _SIGNATURE.z}
  if gan.num_classes:
    inputs["y"] = _SIGNATURE.y
  return web_page.live_by_onnxruntime(
    gan,
    model.SerializeToString(),
    {"inputs": inputs, "output": _SIGNATURE.output},
    runtime,
    (title, text),
    _quantiles(),
    classes,
    max_megabytes,
  )


def _require_no_codes():
  latent_codes.require_none("A page", "Use another format.")


def _quantiles():
  # Without the far tails of a normal distribution, which would look like edges.
  probabilities = np.clip(np.linspace(0.0, 1.0, 513), 0.0005, 0.9995)
  return views.z_quantiles(probabilities).tolist()
