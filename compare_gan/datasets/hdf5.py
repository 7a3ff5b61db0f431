"""Images in an HDF5 file, as BigGAN-PyTorch and StudioGAN write them.

  dataset.name = "hdf5"
  hdf5.path = "/data/ILSVRC128.hdf5"

The file has `imgs`, uint8 [N, colors, height, width], and `labels`, integers
[N]; other names can be bound. Splits of up to `memory_bytes` are read once and
stay in memory; larger ones are read from the file, image by image, whenever a
batch needs them: an epoch is a permutation of all images either way. It needs
h5py, which comes with TensorFlow.
"""

import os
import threading
from typing import Annotated
from typing import Any
from typing import Optional

from compare_gan.configuration import accepted
from compare_gan.configuration import gin_roles
from compare_gan.datasets import damage
from compare_gan.datasets import in_memory
from compare_gan.datasets import reader_options
from compare_gan.datasets import stamps
from compare_gan.storage import files
import gin
import numpy as np
import tensorflow as tf

_ROWS = 256  # images that are read at a time

gin_roles.declare("hdf5", paths=["path", "eval_path"])


@gin.configurable("hdf5", module="compare_gan.datasets", denylist=["on_error"])
def open_hdf5(
  path: str = gin.REQUIRED,
  eval_path: Optional[str] = None,
  eval_fraction: Annotated[float, accepted.Range(least=0, below=1)] = 0.1,
  images: str = "imgs",
  labels: Optional[str] = "labels",
  num_classes: Optional[accepted.Count] = None,
  memory_bytes: accepted.CountOrZero = 2**30,
  eval_samples: accepted.Count = 10000,
  on_error: str = "raise",
) -> in_memory.InMemoryDataset:
  """Returns the dataset of an HDF5 file.

  Args:
    path: of the file.
    eval_path: another one, with the images for evaluation.
    eval_fraction: the share of images that is held out without eval_path.
    images, labels: names in the file; `labels` is None for none.
    num_classes: None for one more than the largest label.
    memory_bytes: splits of up to this many bytes of pixels stay in memory.
    eval_samples: how many images a score is computed on, at most.
    on_error: `dataset.on_error`.
  """
  train = _File(path, "path", images, labels)
  if eval_path is None:
    held = train
    rows, held_rows = reader_options.held_out(
      train.count, eval_fraction, "hdf5"
    )
  else:
    held = _File(eval_path, "eval_path", images, labels)
    rows, held_rows = np.arange(train.count), np.arange(held.count)
    if held.shape != train.shape:
      raise ValueError(
        f"hdf5: training images have the shape {train.shape}, those for "
        f"evaluation {held.shape}."
      )
  count = 0
  if labels is not None:
    largest = int(train.labels.max(initial=0))
    count = num_classes or 1 + largest
  splits = {"train": (train, rows), "eval": (held, held_rows)}
  return Hdf5Images(splits, count, memory_bytes, eval_samples, on_error)


READERS = {"hdf5": open_hdf5}


class Hdf5Images(in_memory.InMemoryDataset):
  """Images of HDF5 files.

  Args:
    splits: {split: (_File, rows that belong to it)}.
    num_classes: 0 if there are no labels.
    memory_bytes: splits of up to this many bytes stay in memory.
    max_eval_samples: how many images a score is computed on, at most.
    on_error: "raise" or "skip".
  """

  def __init__(
    self,
    splits: dict[str, tuple["_File", np.ndarray]],
    num_classes: int,
    memory_bytes: int,
    max_eval_samples: int,
    on_error: str,
  ) -> None:
    file = splits["train"][0]
    self._splits: dict[str, tuple[_File, np.ndarray]] = {}
    bad: list[damage.Bad] = []
    for split, (source, rows) in splits.items():
      good = _in_range(source.labels[rows], num_classes)
      bad += [
        damage.Bad(
          split,
          f"image {row}",
          f"its label {source.labels[row]} is outside of 0 to "
          f"{max(1, num_classes) - 1}",
        )
        for row in rows[~good].tolist()
      ]
      self._splits[split] = source, rows[good]
    total = sum(len(rows) for _, rows in splits.values())
    name = os.path.basename(file.path).split(".")[0]
    damage.refuse_or_warn(name, bad, total, on_error)
    eval_samples = min(max_eval_samples, len(self._splits["eval"][1]))
    super().__init__(name, file.shape, num_classes, eval_samples)
    self.bad = bad
    self._memory_bytes = memory_bytes

  def size(self, split: str) -> int:
    return len(self._splits[split][1])

  def stamp(self, split: str) -> str:
    file, rows = self._splits[split]
    return stamps.digest(file.stamp, rows.tolist())

  def load(self, split: str) -> tuple[np.ndarray, np.ndarray]:
    file, rows = self._splits[split]
    images = in_memory.empty([len(rows), *file.shape])
    for first in range(0, len(rows), _ROWS):
      part = rows[first : first + _ROWS]
      images[first : first + len(part)] = file.images(part)
    return images, file.labels[rows]

  def read(
    self, split: str, indices: tf.Tensor, u: Optional[tf.Tensor] = None
  ) -> tuple[tf.Tensor, tf.Tensor]:
    del u
    file, rows = self._splits[split]
    if len(rows) * int(np.prod(file.shape)) <= self._memory_bytes:
      return super().read(split, indices)
    images = tf.numpy_function(
      lambda i: file.images(rows[i]), [indices], tf.uint8
    )
    images = tf.ensure_shape(images, [*indices.shape, *file.shape])
    labels = tf.constant(file.labels[rows], tf.int32)
    return images, tf.gather(labels, indices)


def _in_range(labels, num_classes):
  return (labels >= 0) & (labels < max(1, num_classes))


class _File:
  """An HDF5 file of images.

  Attributes:
    path: of the file.
    count: of its images.
    shape: (height, width, colors).
    labels: int64 [count], 0 without labels.
    stamp: changes with the file.
  """

  def __init__(
    self, path: str, parameter: str, images: str, labels: Optional[str]
  ) -> None:
    self.path = path
    self._title = f"hdf5.{parameter} = {path!r}"
    self._images = images
    self._lock = threading.Lock()
    self._opened: Any = None
    self._refuse_missing(path)
    with self._lock:
      file = self._file()
      self.count, self.shape = self._shape_of(file, images)
      self.labels = np.zeros(self.count, np.int64)
      if labels is not None:
        self.labels = self._labels_of(file, labels)
    self._at_opening = stamps.file_stamp(path)
    self.stamp = stamps.digest(self._at_opening, images, labels)

  def images(self, rows: np.ndarray) -> np.ndarray:
    """Returns uint8 [n, height, width, colors] of rows in any order."""
    wanted, places = np.unique(rows, return_inverse=True)
    with self._lock:
      if stamps.file_stamp(self.path) != self._at_opening:
        raise ValueError(f"{self.path} has changed since it was opened.")
      data = self._file()[self._images]
      # One at a time: h5py takes far longer for a list of rows.
      found = np.stack([data[int(row)] for row in wanted])
    return np.ascontiguousarray(found.transpose(0, 2, 3, 1)[places.reshape(-1)])

  def _refuse_missing(self, path):
    try:
      files.call(open, path, "rb").close()
    except (FileNotFoundError, NotADirectoryError) as error:
      raise FileNotFoundError(
        f"{self._title}: there is no such file."
      ) from error
    except OSError as error:
      raise files.unreadable(path, error) from error

  def _file(self):
    if self._opened is None:
      try:
        import h5py
      except ImportError as error:
        raise ValueError(
          f"{self._title} needs h5py: pip install h5py."
        ) from error
      try:
        self._opened = h5py.File(self.path, "r")
      except OSError as error:
        raise ValueError(
          f"{self._title} is not an HDF5 file, or is damaged: {error}"
        ) from error
    return self._opened

  def _shape_of(self, file, name):
    import h5py

    data = file.get(name)
    if not isinstance(data, h5py.Dataset):
      raise ValueError(
        f"{self._title} holds {sorted(file)}, and no {name!r}. Set hdf5.images "
        "to the name of its images."
      )
    shape = tuple(data.shape)
    if data.dtype != np.uint8 or len(shape) != 4 or shape[1] not in (1, 3):
      last = len(shape) == 4 and shape[-1] in (1, 3)
      raise ValueError(
        f"{self._title}: {name!r} is {data.dtype} {list(shape)}, but must be "
        "uint8 [images, 1 or 3 colors, height, width]"
        f"{': its colors are last' if last else ''}. dataset.name = 'arrays' "
        "reads other layouts, from an npy."
      )
    if not shape[0]:
      raise ValueError(f"{self._title}: {name!r} holds no images.")
    return shape[0], (*shape[2:], shape[1])

  def _labels_of(self, file, name):
    import h5py

    data = file.get(name)
    if not isinstance(data, h5py.Dataset):
      raise ValueError(
        f"{self._title} holds {sorted(file)}, and no {name!r}. Set hdf5.labels "
        "to the name of its labels, or to None."
      )
    if data.dtype.kind not in "iu" or data.size != self.count:
      raise ValueError(
        f"{self._title}: {name!r} is {data.dtype} {list(data.shape)}, but must "
        f"be one integer for each of {self.count} images."
      )
    return np.asarray(data).reshape(-1).astype(np.int64)
