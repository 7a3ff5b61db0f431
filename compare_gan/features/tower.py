"""A network in local files, and tower.json, which says how to call it.

  towers/dinov2_vitl14/model.onnx      or saved_model.pb and variables/
  towers/dinov2_vitl14/tower.json

tower.json has everything except the weights that a score depends on.
`Preprocessing` describes some keys; the others are

  layout          "NCHW" or "NHWC", of the network's input
  input, output   names; the output is [N, D]
  normalise       true divides each row by its length
  weights_sha256  of the file with weights. For several files, it is that of the
                  output of `sha256sum` for them in the order of their names
  licence         of the weights, for those who publish a score
  name            part of the scores' names; the folder's name if left out
  port            the author of the exported code, and its version

`python -m compare_gan features --help` says how to make both.
"""

from collections.abc import Callable
from collections.abc import Iterable
import dataclasses
import hashlib
import json
import os
import re
from typing import Any
from typing import NamedTuple
from typing import Optional

from compare_gan.features import abstract_extractor
from compare_gan.features.preprocessing import Preprocessing
from compare_gan.storage import files
import numpy as np

FILE = "tower.json"
_LAYOUTS = ("NCHW", "NHWC")
_TEXTS = ("input", "output", "licence", "weights_sha256")
_OPTIONAL = ("name", "port", "round_pixels")
_OF_IMAGES = tuple(field.name for field in dataclasses.fields(Preprocessing))
_REQUIRED = tuple(
  key
  for key in (*_OF_IMAGES, "layout", "normalise", *_TEXTS)
  if key not in _OPTIONAL
)
# Names of other extractors, and the letters of a score's name.
_TAKEN = ("classifier", "random_filters", "saved_model")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_BLOCK = 2**22
_VERSION = 1  # raise it when the same settings give other features


class Description(NamedTuple):
  """What tower.json says; see above."""

  path: str  # of tower.json, for messages
  name: str
  preprocessing: Preprocessing
  layout: str
  input: str
  output: str
  normalise: bool
  weights_sha256: str
  licence: str
  port: str = ""


def read(path: str) -> Description:
  """Returns the content of a tower.json; ValueError says what is wrong."""
  try:
    text = files.read_text(path)
  except FileNotFoundError as error:
    raise FileNotFoundError(
      f"There is no {path}, which describes the input and output of the "
      "network next to it. `python -m compare_gan features make-json` writes "
      "it."
    ) from error
  try:
    values = json.loads(text)
  except ValueError as error:
    raise ValueError(f"{path} is not JSON: {error}.") from error
  return description(path, values)


def description(path: str, values: Any) -> Description:
  """Returns the Description of the values for a tower.json at `path`."""
  if not isinstance(values, dict):
    raise ValueError(
      f"{path} holds {values!r}. It must hold an object, {{...}}."
    )
  _check_keys(path, values)
  values = {"name": name_of_folder(path), "port": "", **values}
  try:
    _check_values(values)
    preparation = {key: values[key] for key in _OF_IMAGES if key in values}
    for key in ("mean", "std"):
      if isinstance(preparation[key], list):
        preparation[key] = tuple(preparation[key])
    preprocessing = Preprocessing(**preparation)
  except ValueError as error:
    raise ValueError(f"{path}: {error}") from error
  kept = {k: v for k, v in values.items() if k not in preparation}
  return Description(path=path, preprocessing=preprocessing, **kept)


def name_of_folder(path: str) -> str:
  """Returns the name of the folder that a tower.json is in."""
  return os.path.basename(os.path.dirname(os.path.abspath(path)))


def find(path: str) -> str:
  """Returns the path of the tower.json that belongs to a network's path.

  Args:
    path: of a folder with the network and tower.json, or of the network's file
      or folder next to tower.json.
  """
  inside = os.path.join(path, FILE)
  beside = os.path.join(os.path.dirname(os.path.abspath(path)), FILE)
  is_folder = os.path.isdir(path)
  if is_folder and (os.path.isfile(inside) or not os.path.isfile(beside)):
    return inside
  return beside


def bound_name(parameter: str) -> Optional[str]:
  """Returns the name of the network that gin binds a path to, if it is there.

  Args:
    parameter: the path's parameter, such as "onnx_features.path".
  """
  path = abstract_extractor.bound(parameter, None)
  if not isinstance(path, str) or not os.path.exists(path):
    return None
  return read(find(path)).name if os.path.isfile(find(path)) else None


# ---- Weights -----------------------------------------------------------------


def digest_of_weights(folder: str, names: Iterable[str]) -> str:
  """Returns the SHA-256 of a file, or of the list of several files' SHA-256."""
  lines = [
    f"{_sha256(os.path.join(folder, name))}  {name}\n" for name in sorted(names)
  ]
  if len(lines) == 1:
    return lines[0].split()[0]
  return hashlib.sha256("".join(lines).encode()).hexdigest()


def check_weights(
  described: Description, folder: str, names: list[str]
) -> None:
  """Raises ValueError unless tower.json was made for these files.

  Args:
    described: the content of tower.json.
    folder, names: of the files with weights.
  """
  found = digest_of_weights(folder, names)
  if found != described.weights_sha256.lower():
    raise ValueError(
      f"{described.path}: weights_sha256 = {described.weights_sha256!r}, but "
      f"{', '.join(sorted(names))} in {folder} has {found}. If the file is "
      "complete and the right one, write that; otherwise copy it again."
    )


def _sha256(path):
  whole = hashlib.sha256()
  with files.call(open, path, "rb") as file:
    while block := files.call(file.read, _BLOCK):
      whole.update(block)
  return whole.hexdigest()


# ---- What the network says about itself --------------------------------------


class Port(NamedTuple):
  """An input or an output of a network."""

  dtype: str  # "float32"
  shape: Optional[list[Any]]  # known sizes are ints; None if rank is unknown


def check_ports(
  described: Description, inputs: dict[str, Port], outputs: dict[str, Port]
) -> None:
  """Raises ValueError unless the network fits its tower.json."""
  path = described.path
  for key, ports in (("input", inputs), ("output", outputs)):
    name = getattr(described, key)
    if name not in ports:
      raise ValueError(
        f"{path}: {key} = {name!r}, but the network's are {sorted(ports)}."
      )
    if ports[name].dtype != "float32":
      raise ValueError(
        f"{path}: {key} {name!r} is of {ports[name].dtype}. Export the network "
        "with float32 inputs and outputs."
      )
  others = sorted(set(inputs) - {described.input})
  if others:
    raise ValueError(
      f"{path}: the network also needs the inputs {others}. Export it with "
      "images as its only input."
    )
  _check_input(described, inputs[described.input].shape)
  _check_output(described, outputs[described.output].shape)


def _check_input(described, shape):
  if shape is None:
    return
  pixels = described.preprocessing.pixels
  wanted = ["N", pixels, pixels]
  wanted.insert(described.layout.index("C"), 3)
  if len(shape) != 4 or any(
    isinstance(size, int) and size != right
    for size, right in zip(shape[1:], wanted[1:])
  ):
    raise ValueError(
      f"{described.path}: layout = {described.layout!r} and pixels = {pixels} "
      f"give images of {wanted}, but the network takes {shape}."
    )
  if isinstance(shape[0], int):
    raise ValueError(
      f"{described.path}: the network takes batches of {shape[0]} images only. "
      "Export it with a first dimension of any size."
    )


def _check_output(described, shape):
  if shape is not None and len(shape) != 2:
    raise ValueError(
      f"{described.path}: output = {described.output!r} is {shape}, but [N, D] "
      "is needed, one row for each image. Choose a token or average them in "
      "the exported network."
    )


# ---- The extractor -----------------------------------------------------------


class Tower(abstract_extractor.AbstractExtractor):
  """A network with a tower.json, after both are checked.

  Args:
    described: the content of tower.json.
    network: float32 images in the network's layout -> rows [N, D].
    kind: of the file, "onnx", or "saved_model" and the signature.
    name: of the scores; None for that of tower.json.
    batch_size: how many images the network gets at once.
  """

  def __init__(
    self,
    described: Description,
    network: Callable[[np.ndarray], np.ndarray],
    kind: str,
    name: Optional[str] = None,
    batch_size: int = 50,
  ) -> None:
    self.described = described
    self.name = described.name if name is None else name
    self.batch_size = batch_size
    preprocessing = dataclasses.asdict(described.preprocessing)
    self.settings = {
      "network": described.name,
      "format": kind,
      "weights_sha256": described.weights_sha256.lower(),
      "port": described.port,
      **preprocessing,
      "mean": list(map(float, preprocessing["mean"])),
      "std": list(map(float, preprocessing["std"])),
      "round_pixels": described.preprocessing.rounds,
      "layout": described.layout,
      "output": described.output,
      "normalise": described.normalise,
      "dtype": "float32",
    }
    self._network = network
    self.width = self._width()

  def identity(self) -> str:
    return abstract_extractor.digest(
      "tower", _VERSION, *sorted(self.settings.items())
    )

  def extract(self, images: Any) -> tuple[np.ndarray, None]:
    x = self.described.preprocessing(np.asarray(images))
    if self.described.layout == "NCHW":
      x = x.transpose(0, 3, 1, 2)
    rows = self._network(np.ascontiguousarray(x))
    if np.ndim(rows) != 2 or len(rows) != len(images):
      raise ValueError(
        f"{self.described.path}: output = {self.described.output!r} is of "
        f"shape {np.shape(rows)} for {len(images)} images, but one row of "
        "features for each is needed, [N, D]."
      )
    if self.described.normalise:
      rows = self._normalised(np.asarray(rows, np.float64))
    return rows, None

  def _normalised(self, rows):
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if not lengths.all():
      raise ValueError(
        f"{self.described.path}: normalise = true, but a row of features is "
        "all zeros, and has no direction. Set it to false."
      )
    return rows / lengths

  def _width(self):
    """Returns D from a first run, which fails if the network cannot run."""
    ramps = np.linspace(0, 1, 2 * 8 * 8 * 3).reshape([2, 8, 8, 3])
    rows, _ = self.extract(ramps.astype(np.float32))
    return rows.shape[1]


# ---- Checks of keys ----------------------------------------------------------


def _check_keys(path, values):
  accepted = sorted({*_REQUIRED, *_OPTIONAL})
  unknown = sorted(set(values) - set(accepted))
  if unknown:
    raise ValueError(
      f"{path} has the keys {', '.join(unknown)}, which nothing reads. There "
      f"are {', '.join(accepted)}."
    )
  missing = [key for key in _REQUIRED if key not in values]
  if missing:
    raise ValueError(
      f"{path} lacks {', '.join(missing)}. `python -m compare_gan features "
      "make-json` writes all keys."
    )


def _check_values(values):
  for key in (*_TEXTS, "name", "port"):
    if not isinstance(values[key], str):
      raise ValueError(f"{key} = {values[key]!r}. It must be a string.")
  if values["layout"] not in _LAYOUTS:
    raise ValueError(
      f"layout = {values['layout']!r}. It can be "
      f"{' or '.join(map(repr, _LAYOUTS))}."
    )
  if not isinstance(values["normalise"], bool):
    raise ValueError(
      f"normalise = {values['normalise']!r}. It must be true or false."
    )
  if not re.fullmatch("[0-9a-fA-F]{64}", values["weights_sha256"]):
    raise ValueError(
      f"weights_sha256 = {values['weights_sha256']!r}. It must be the 64 hex "
      "digits that `sha256sum` prints."
    )
  check_name("name", values["name"])


def check_name(key: str, name: str) -> None:
  """Raises ValueError unless a network's name can be part of scores' names."""
  if name.startswith("inception") or name in _TAKEN:
    raise ValueError(
      f"{key} = {name!r} is the name of another extractor, so scores would be "
      "mistaken for those of that one. Choose another name, such as "
      "dinov2_vitl14."
    )
  if not _NAME.fullmatch(name):
    raise ValueError(
      f"{key} = {name!r} is part of the scores' names. It may hold only "
      "letters, digits, '_', '-' and '.'."
    )
