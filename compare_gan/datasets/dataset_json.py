"""Images with a dataset.json, as StyleGAN's tools write them.

  dataset.name = "dataset_json"
  dataset_json.path = "/data/cifar10-32x32.zip"

A zip, tar or folder with images (PNG, JPEG, ..., or npy: uint8 [colors, height,
width], as in EDM2) and a dataset.json, {"labels": [["00000/img00000000.png",
3], ...]}. "labels": null, or no dataset.json, is a set without labels. The
folders mean nothing: dataset.name = "folder" is for folders that are classes.
"""

from collections.abc import Sequence
import io
import json
from typing import Annotated
from typing import Any
from typing import Optional
from typing import Union

from compare_gan.configuration import accepted
from compare_gan.configuration import gin_roles
from compare_gan.datasets import encoded_images
from compare_gan.datasets import image_decoding
from compare_gan.datasets import numbered_files
from compare_gan.datasets import reader_options
import gin
import numpy as np

_LIST = "dataset.json"
_NPY = ".npy"

gin_roles.declare("dataset_json", paths=["path", "eval_path"])


@gin.configurable(
  "dataset_json", module="compare_gan.datasets", denylist=["on_error"]
)
def open_listed(
  path: str = gin.REQUIRED,
  eval_path: Optional[str] = None,
  eval_fraction: Annotated[float, accepted.Range(least=0, below=1)] = 0.1,
  labels: bool = True,
  num_classes: Optional[accepted.Count] = None,
  image_size: Optional[Union[int, Sequence[int]]] = None,
  colors: int = 3,
  resize: reader_options.Resize = "center_crop",
  background: reader_options.Background = "white",
  max_pixels: accepted.Count = 2**26,
  memory_bytes: accepted.CountOrZero = 2**30,
  eval_samples: accepted.Count = 10000,
  on_error: str = "raise",
) -> encoded_images.EncodedImages:
  """Returns the dataset of a zip or folder with a dataset.json.

  Args:
    path: of the zip, tar or folder.
    eval_path: another one, with the images for evaluation.
    eval_fraction: the share of images that is held out without eval_path.
    labels: False leaves the labels out, as if there were none.
    num_classes: None for one more than the largest label.
    image_size: 64 or (height, width); None if all images have the same size.
    colors, resize, background, max_pixels, memory_bytes, eval_samples: as in
      folder.
    on_error: `dataset.on_error`.
  """
  layout = reader_options.layout_of(
    "dataset_json", image_size, colors, resize, background, max_pixels
  )
  train = _Listed(path, "path", labels)
  if eval_path is None:
    rows, held_rows = reader_options.held_out(
      len(train.numbers), eval_fraction, "dataset_json"
    )
    held = train
  else:
    held = _Listed(eval_path, "eval_path", labels)
    rows, held_rows = (
      np.arange(len(train.numbers)),
      np.arange(len(held.numbers)),
    )
    if train.has_labels != held.has_labels:
      raise ValueError(
        f"dataset_json: one of {path} and {eval_path} has labels and the other "
        "has none. dataset_json.labels = False leaves them out."
      )
  if not train.has_labels:
    num_classes = 0
  elif num_classes is None:
    num_classes = 1 + int(train.labels.max())
  return encoded_images.EncodedImages(
    train.name,
    {"train": train.source(rows), "eval": held.source(held_rows)},
    layout,
    num_classes,
    "dataset_json",
    on_error,
    memory_bytes,
    eval_samples,
  )


READERS = {"dataset_json": open_listed}


class _Listed:
  """The images of a zip or folder, with the labels of its dataset.json.

  Attributes:
    name: of the dataset.
    numbers: of the images among the files.
    labels: int64, one for each image; 0 without labels.
    has_labels: whether there are any.
  """

  def __init__(self, path: str, parameter: str, labels: bool) -> None:
    self._title = f"dataset_json.{parameter} = {path!r}"
    self.files = _Files(
      numbered_files.open_files(path, f"dataset_json.{parameter}")
    )
    self.name = path.replace("\\", "/").rstrip("/").split("/")[-1].split(".")[0]
    found = {
      name: number
      for number, name in enumerate(self.files.names)
      if image_decoding.is_named_as_one(name) or name.lower().endswith(_NPY)
    }
    if not found:
      raise ValueError(
        f"{self._title} holds no images ({', '.join(image_decoding.SUFFIXES)}, "
        f"{_NPY})."
      )
    self.numbers = np.array(sorted(found.values()), np.int64)
    self.labels = np.zeros(len(found), np.int64)
    listed = self._read_list() if labels else None
    self.has_labels = listed is not None
    if listed is not None:
      self._refuse_others(listed, found)
      names = self.files.names
      self.labels = np.array([listed[names[n]] for n in self.numbers], np.int64)

  def source(self, rows: np.ndarray) -> encoded_images.Source:
    """Returns the Source of these images."""
    return encoded_images.Source(
      self.files,
      self.numbers[rows],
      self.labels[rows],
      tuple(self.files.bad),
    )

  def _read_list(self):
    """Returns {name of an image: label}, None without labels."""
    if _LIST not in self.files.names:
      inside = [n for n in self.files.names if n.endswith(f"/{_LIST}")]
      if inside:
        raise ValueError(
          f"{self._title} holds {inside[0]}, but must hold {_LIST} itself: "
          "leave the folder around it out."
        )
      return None
    try:
      content = json.loads(self.files.read(self.files.names.index(_LIST)))
    except ValueError as error:  # UnicodeDecodeError is one, too.
      raise ValueError(f"{self._title}: {_LIST} is damaged: {error}") from error
    if not isinstance(content, dict) or "labels" not in content:
      raise ValueError(
        f"{self._title}: {_LIST} must be a dict with 'labels', a list of "
        "[name, label] or null."
      )
    pairs = content["labels"]
    if pairs is None:
      return None
    if not isinstance(pairs, list):
      raise ValueError(f"{self._title}: the labels in {_LIST} are no list.")
    return self._labels_of(pairs)

  def _labels_of(self, pairs):
    listed: dict[str, int] = {}
    for pair in pairs:
      if not (isinstance(pair, list) and len(pair) == 2):
        raise ValueError(
          f"{self._title}: {_LIST} lists {pair!r}, not [name, label]."
        )
      name, label = pair
      if not isinstance(name, str) or name in listed:
        raise ValueError(f"{self._title}: {_LIST} lists {name!r} twice.")
      # Vectors of attributes are not classes.
      if isinstance(label, bool) or not isinstance(label, int) or label < 0:
        raise ValueError(
          f"{self._title}: {_LIST} gives {name} the label {label!r}, which is "
          "not the number of a class. dataset_json.labels = False leaves "
          "labels out."
        )
      listed[name.replace("\\", "/")] = label
    return listed

  def _refuse_others(self, listed, found):
    bad = {name for name, _ in self.files.bad}
    missing = sorted(set(listed) - set(found) - bad)
    if missing:
      raise ValueError(
        f"{self._title}: {_LIST} lists {missing[0]}, one of {len(missing)} "
        "files that are not there. Copy all of them."
      )
    others = sorted(set(found) - set(listed))
    if others:
      raise ValueError(
        f"{self._title}: {others[0]} has no label in {_LIST}, like "
        f"{len(others)} of {len(found)} images. dataset_json.labels = False "
        "leaves labels out."
      )


class _Files:
  """Numbered files in which an npy is read as an image."""

  def __init__(self, files: Any) -> None:
    self._files = files
    self.names, self.bad, self.stamp = files.names, files.bad, files.stamp

  def read(self, i: int) -> bytes:
    data = self._files.read(i)
    return _as_png(data) if self.names[i].lower().endswith(_NPY) else data


def _as_png(data: bytes) -> bytes:
  """Returns the PNG, which loses nothing, of an npy's bytes."""
  from PIL import Image

  try:
    array = np.load(io.BytesIO(data), allow_pickle=False)
  except Exception as error:  # A damaged header raises almost anything.
    raise ValueError(f"it is a damaged npy: {error}") from error
  if not isinstance(array, np.ndarray) or array.dtype != np.uint8:
    kind = getattr(array, "dtype", type(array).__name__)
    raise ValueError(
      f"it is an npy of {kind}, and pixels are uint8 (latents of an "
      "autoencoder are not images)"
    )
  if array.ndim == 4 and array.shape[0] == 1:
    array = array[0]
  if array.ndim != 3 or array.shape[0] not in (1, 3):
    raise ValueError(
      f"it is an npy of shape {list(array.shape)}, and an image is [1 or 3, "
      "height, width]"
    )
  image = array[0] if array.shape[0] == 1 else array.transpose(1, 2, 0)
  file = io.BytesIO()
  Image.fromarray(np.ascontiguousarray(image)).save(
    file, "PNG", compress_level=1
  )
  return file.getvalue()
