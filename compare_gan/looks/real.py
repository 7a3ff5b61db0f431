"""The real images that a model is compared with, and rows of numbers for them.

Rows are pixels, or the features of any extractor. Those of the train split are
kept on disk, under a name that contains all that they depend on: the dataset,
the extractor and the number of images.
"""

from collections.abc import Iterator
from collections.abc import Sequence
import functools
import importlib
import math
import pkgutil
from typing import Any
from typing import Callable
from typing import Optional
from typing import Union

from compare_gan import features
from compare_gan.datasets import cache
from compare_gan.features import abstract_extractor
from compare_gan.features import fingerprint as fingerprint_lib
import gin
import numpy as np
import tensorflow as tf

PIXELS = "pixels"
_VERSION = 1
_BATCH = 1000  # images
_BATCH_PIXELS = 2**24  # at most


class RealImages:
  """Images of a dataset, and the rows by which they are compared.

  Args:
    dataset: an AbstractDataset.
    make_extractor: as `evaluate.features`, called when features are needed;
      None to compare pixels.
    split: of the images that `some` returns.
    num_train: how many training images to use, the first ones of the split;
      None for all.
  """

  def __init__(
    self,
    dataset: Any,
    make_extractor: Optional[Callable] = None,
    split: str = "eval",
    num_train: Optional[int] = None,
  ) -> None:
    self.dataset = dataset
    self.split = split
    self.num_train = _count(dataset, num_train)
    numbers = int(np.prod(dataset.image_shape))
    self._batch = int(np.clip(_BATCH_PIXELS // numbers, 1, _BATCH))
    self._make_extractor = make_extractor

  @functools.cached_property
  def _rows(self) -> Union["_Pixels", "_Features"]:
    # Pictures of real images need no features, which may have to be trained.
    if self._make_extractor is None:
      return _Pixels()
    return _Features(self._make_extractor(self.dataset))

  @property
  def by(self) -> str:
    """Returns what is compared, "pixels" or an extractor's name."""
    return self._rows.name

  @property
  def by_in_words(self) -> str:
    """Returns "pixels" or "features of classifier"."""
    return self.by if self.by == PIXELS else f"features of {self.by}"

  def rows(self, images: np.ndarray) -> np.ndarray:
    """Returns rows [N, D] of images in [0, 1]."""
    return self._rows.rows(images)

  def unit_rows(self, images: np.ndarray) -> np.ndarray:
    """Returns rows float64 [N, D], with pixels scaled to [0, 1]."""
    return self.rows(images).astype(np.float64) / self._rows.unit

  def distances(self, squares: np.ndarray) -> np.ndarray:
    """Returns distances from squared distances of rows.

    Pixels count as numbers in [0, 1].
    """
    return np.sqrt(squares) / self._rows.unit

  def train_rows(self) -> Iterator[np.ndarray]:
    """Yields rows of the training images in order, some at a time."""
    if isinstance(self._rows, _Pixels):  # Pixels cost nothing.
      yield from self._computed_train_rows()
      return
    key = self._key(self._rows.extractor)
    kept = cache.array(f"features-{key}", self._all_train_rows)
    for start in range(0, len(kept), _BATCH):
      yield kept[start : start + _BATCH]

  def _key(self, extractor):
    return abstract_extractor.digest(
      _VERSION,
      fingerprint_lib.fingerprint(self.dataset),
      extractor.identity(),
      self.num_train,
    )

  def _all_train_rows(self):
    return np.concatenate(list(self._computed_train_rows()))

  def _computed_train_rows(self):
    stream = self.dataset.in_order("train", self._batch, self.num_train)
    for batch in stream:
      yield self.rows(batch["images"].numpy())

  def train(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns training images in [0, 1] and their labels.

    Args:
      indices: ints [N], into the split in order.
    """
    images, labels = self.dataset.read(
      "train", tf.constant(np.asarray(indices), tf.int64)
    )
    images = np.asarray(images)
    if images.dtype == np.uint8:
      images = images.astype(np.float32) / np.float32(255.0)
    return images, np.asarray(labels)

  def some(
    self, n: int, split: Optional[str] = None
  ) -> tuple[np.ndarray, Optional[np.ndarray]]:
    """Returns the first n images in [0, 1] and labels, or all if it has fewer.

    Args:
      n: how many.
      split: by default `evaluate.split`.

    Returns:
      images: float32 [n, H, W, C].
      labels: ints [n]; None if the dataset has no classes.
    """
    split = split or self.split
    n = min(n, self.dataset.size(split) or n)
    batches = list(self.dataset.in_order(split, self._batch, n))
    images = np.concatenate([batch["images"].numpy() for batch in batches])
    labels = np.concatenate([batch["labels"].numpy() for batch in batches])
    return images, labels if self.dataset.num_classes else None

  def of_classes(self, classes: Sequence[int], n: int) -> list[np.ndarray]:
    """Returns up to n images in [0, 1] of each class, from `split`.

    They are the first ones of a shuffled epoch, because the images of a folder
    are sorted by class. A rare class may get fewer.
    """
    size = self.dataset.size(self.split)
    batch = min(self._batch, size)
    found: dict[int, list[np.ndarray]] = {k: [] for k in classes}
    batches = self.dataset.batches(self.split, batch, seed=0)
    for part in batches.take(math.ceil(size / batch)):
      for image, label in zip(part["images"].numpy(), part["labels"].numpy()):
        images = found.get(int(label))
        if images is not None and len(images) < n:
          images.append(image)
      if all(len(images) >= n for images in found.values()):
        break
    return [np.array(found[k]) for k in classes]


def _count(dataset, wanted):
  size = dataset.size("train")
  if wanted is None:
    return size
  if wanted > size:
    raise ValueError(
      f"{dataset.name} has {size} training images, but evaluate.num_train = "
      f"{wanted}. Set it to {size} or less, or to None for all."
    )
  return wanted


def to_8_bits(images: np.ndarray) -> np.ndarray:
  """Returns images in [0, 1] as uint8, as in files and on screens."""
  return np.rint(255.0 * np.clip(images, 0.0, 1.0)).astype(np.uint8)


class _Pixels:
  """Pixels as stored in files: copies are at a distance of exactly 0."""

  name = PIXELS
  unit = 255.0

  def rows(self, images: np.ndarray) -> np.ndarray:
    return to_8_bits(images).reshape(len(images), -1)


class _Features:
  unit = 1.0

  def __init__(self, extractor: abstract_extractor.AbstractExtractor) -> None:
    self.extractor = extractor
    self.name = str(extractor.name)

  def rows(self, images: np.ndarray) -> np.ndarray:
    return self.extractor(images).features.astype(np.float32)


# ---- Extractors by name ------------------------------------------------------


def extractor_names() -> list[str]:
  """Returns the names of the extractors of compare_gan/features."""
  found = []
  for info in pkgutil.iter_modules(features.__path__):
    module = importlib.import_module(f"{features.__name__}.{info.name}")
    if hasattr(getattr(module, info.name, None), "extractor_name"):
      found.append(info.name)
  return found


def make_extractor(
  name: Optional[str], default: Callable
) -> Optional[Callable]:
  """Returns the extractor for --features, as `evaluate.features`, or None.

  None stands for pixels.

  Args:
    name: "pixels", an extractor's name in gin, or None for the default.
    default: `evaluate.features`.
  """
  if name is None:
    return default
  if name == PIXELS:
    return None
  try:
    found = gin.get_configurable(name)
  except ValueError:
    found = None
  known = extractor_names()
  if name not in known and not hasattr(found, "extractor_name"):
    raise ValueError(
      f"--features={name} is unknown. It can be {PIXELS}, {', '.join(known)}, "
      "or the gin name of an extractor of your own, made by "
      "@abstract_extractor.named(...) in a module that gin imports: 'import "
      "my_package.my_extractor'."
    )
  return found
