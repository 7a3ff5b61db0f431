"""README.md of a bundle: the card that people read before they use a model."""

from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
from typing import Any
from typing import Optional

from compare_gan.gans import parameter_table
from compare_gan.storage import parts as parts_lib
from compare_gan.storage.score_row import ScoreRow

_DRAWN = "drawn by compare_gan itself, under its licence, Apache-2.0"
# Datasets that compare_gan draws, by the beginnings of their names.
_DRAWN_NAMES = ("shapes", "ring8", "grid25")
_NOT_STATED = "not stated; ask who made the model"


@dataclasses.dataclass(frozen=True)
class Model:
  """What a card says.

  Attributes:
    name: of the model.
    step: of the checkpoint.
    config: {"selector.parameter": value}, see gin_text.
    gan: the model.
    held: the parts in the bundle.
    dtype: of the weights.
    rows: the scores of this checkpoint.
    license: of the weights; None if it is not stated.
    data_license: None if it is not stated.
  """

  name: str
  step: int
  config: Mapping[str, Any]
  gan: Any
  held: Sequence[str]
  dtype: str
  rows: Sequence[ScoreRow]
  license: Optional[str] = None
  data_license: Optional[str] = None


def one_line(model: Model) -> str:
  """Returns the model in one line."""
  classes = model.gan.num_classes
  which = f", {classes} classes" if classes else ""
  height, width, _ = model.gan.image_shape
  return (
    f"{model.gan.options.architecture} on {_dataset(model)}, {height} x {width}"
    f" pixels{which}, {model.step:,} steps"
  )


def text(model: Model) -> str:
  """Returns the card in Markdown, with the header that Hugging Face reads."""
  parts = [
    _header(model),
    f"# {model.name}",
    f"{one_line(model)}. Trained and scored with compare_gan.",
    "![samples](samples.png)",
    _table(["", ""], _facts(model)),
    "## Scores",
    _scores(model),
    "## Use",
    _use(model),
  ]
  return "\n\n".join(parts) + "\n"


def _header(model):
  lines = ["---", "library_name: compare_gan"]
  if model.license:
    lines.append(f"license: {_quoted(model.license.lower())}")
  lines.append("pipeline_tag: unconditional-image-generation")
  lines += ["tags:", "- gan", "- tensorflow", "---"]
  return "\n".join(lines)


def _quoted(text):
  """Returns a text that YAML takes for a string."""
  return '"{}"'.format(text.replace("\\", "\\\\").replace('"', '\\"'))


def _dataset(model):
  return str(model.config.get("dataset.name", "unknown data"))


def _facts(model):
  gan, options = model.gan, model.gan.options
  height, width, colors = gan.image_shape
  seen = model.step * options.disc_iters * options.batch_size
  parameters = [f"G {_count(gan.generator)}"]
  if parts_lib.DISCRIMINATOR in model.held:
    parameters.append(f"D {_count(gan.discriminator)}")
  if parts_lib.ENCODER in model.held:
    parameters.append(f"E {_count(gan.encoder)}")
  averaged = getattr(gan, "averaged_generator", None) is not None
  return [
    ("Architecture", f"`{options.architecture}`, {type(gan).__name__}"),
    ("Parameters", ", ".join(parameters)),
    ("Images", f"{height} x {width}, {colors} color{'s' * (colors > 1)}"),
    ("z", f"{options.z_dim} numbers"),
    ("Classes", f"{gan.num_classes or 'none'}"),
    ("Data", _dataset(model)),
    ("Licence of the data", model.data_license or _data_license(model)),
    ("Licence of the weights", model.license or _NOT_STATED),
    (
      "Training",
      f"{model.step:,} steps of {options.disc_iters} x {options.batch_size} "
      f"images: {seen:,} in total",
    ),
    ("Loss", str(model.config.get("loss.fn", "the default"))),
    ("Regularisers", _regularisers(model)),
    ("Weights", f"{model.dtype}{', moving average' * averaged}"),
    ("Holds", ", ".join(model.held)),
  ]


def _count(network):
  return f"{parameter_table.count(network.variables):,}"


def _regularisers(model):
  found = [
    str(value)
    for name, value in model.config.items()
    if name == "penalty.fn" or name.endswith("/term.fn")
  ]
  return ", ".join(x for x in found if x != "@no_penalty") or "none"


def _data_license(model):
  return _DRAWN if _dataset(model).startswith(_DRAWN_NAMES) else _NOT_STATED


def _scores(model):
  rows = [
    (name, f"{value:.4g}", row.better.get(name) or "", row.protocol_digest)
    for row in model.rows
    for name, value in sorted(row.scores.items())
  ]
  if not rows:
    return "None were computed for this checkpoint."
  return (
    _table(["score", "value", "better", "protocol"], rows)
    + "\n\nThe protocol is the digest of how a score was computed; the whole "
    "card is in `scores.jsonl`. Scores of other protocols are not comparable."
  )


def _table(head, rows):
  lines = [head, ["---"] * len(head), *rows]
  return "\n".join(f"| {' | '.join(_cell(x) for x in row)} |" for row in lines)


def _cell(value):
  return str(value).replace("|", "\\|").replace("\n", " ")


def _use(model):
  name = f"{model.name}.zip"
  lines = [
    ("Images", f"python -m compare_gan sample --bundle {name} --n 64"),
    ("Scores", f"python -m compare_gan evaluate --bundle {name}"),
    (
      "A web page",
      f"python -m compare_gan web --bundle {name} --out page.html",
    ),
    (
      "Other programs",
      f"python -m compare_gan export --bundle {name} --format onnx "
      "--out model.onnx",
    ),
  ]
  if parts_lib.DISCRIMINATOR in model.held:
    lines.append(("A new training", f'options.init_from = "{name}"'))
  return "\n".join(f"- {what}: `{line}`" for what, line in lines)
