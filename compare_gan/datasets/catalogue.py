"""Datasets by name: `dataset.name`.

The names are the built-in datasets', those of google/compare_gan's gin files,
with the number of images that its scores were computed on, and dotted paths.
Shape and classes are known before anything is read.
"""

import importlib
import inspect
from typing import NamedTuple
from typing import Optional

from compare_gan.datasets import abstract_dataset
from compare_gan.datasets import shapes
from compare_gan.datasets import toys
import gin


class DatasetInfo(NamedTuple):
  """A dataset by name.

  Attributes:
    name: as in `dataset.name`.
    tfds_name: in tensorflow-datasets.
    image_shape: (H, W, colors) after crop and resize.
    num_classes: 0 if there are no labels.
    train_split, eval_split: in tensorflow-datasets' notation.
    eval_samples: how many images a score is computed on.
  """

  name: str
  tfds_name: Optional[str]
  image_shape: tuple[int, int, int]
  num_classes: int
  train_split: str
  eval_split: str
  eval_samples: int


def _imagenet(name, size, num_classes=1000):
  return DatasetInfo(
    name,
    "imagenet2012",
    (size, size, 3),
    num_classes,
    "train",
    "validation",
    50000,
  )


_ALL = (
  DatasetInfo("mnist", "mnist", (28, 28, 1), 10, "train", "test", 10000),
  DatasetInfo(
    "fashion-mnist", "fashion_mnist", (28, 28, 1), 10, "train", "test", 10000
  ),
  DatasetInfo("cifar10", "cifar10", (32, 32, 3), 10, "train", "test", 10000),
  DatasetInfo("celeb_a", "celeb_a", (64, 64, 3), 0, "train", "test", 10000),
  DatasetInfo(
    "lsun-bedroom",
    "lsun/bedroom",
    (128, 128, 3),
    0,
    "train[:99%]",
    "train[99%:]",
    30000,
  ),
  _imagenet("imagenet_64", 64),
  _imagenet("imagenet_128", 128),
  _imagenet("imagenet_256", 256),
  _imagenet("imagenet_512", 512),
  _imagenet("imagenet_512_hq400", 512),
  _imagenet("soft_labeled_imagenet_128", 128),
  _imagenet("single_class_imagenet_128", 128, num_classes=1),
  _imagenet("random_class_imagenet_128", 128),
  _imagenet("labeled_only_imagenet_128", 128),
)


class _Unread(abstract_dataset.AbstractDataset):
  """A dataset whose facts are known and whose images cannot be read yet."""

  def __init__(self, info):
    super().__init__(
      info.name, info.image_shape, info.num_classes, info.eval_samples
    )

  def size(self, split):
    raise ValueError(
      f"dataset.name = {self.name!r} is known, but its images cannot be read "
      "yet. Meanwhile dataset.name = 'shapes32' is built in and needs no "
      "download."
    )

  def read(self, split, indices):
    self.size(split)


_BUILT_IN = {
  "shapes32": lambda: shapes.Shapes(32),
  "shapes64": lambda: shapes.Shapes(64),
  "shapes128": lambda: shapes.Shapes(128),
  "ring8": toys.ring8,
  "grid25": toys.grid25,
}
_UNREAD = {info.name: info for info in _ALL}


@gin.configurable("dataset", module="compare_gan.datasets")
def dataset(name=gin.REQUIRED, seed=547, flip=False):
  """Returns the AbstractDataset of `dataset.name`, before it is read.

  Args:
    name: a built-in one, or the dotted path of a class of one's own, which is
      called without arguments.
    seed: of the order of its images.
    flip: mirrors half of the images of `batches`, left to right.
  """
  if name in _BUILT_IN:
    found = _BUILT_IN[name]()
  elif name in _UNREAD:
    found = _Unread(_UNREAD[name])
  else:
    found = _own_class(name)()
  found.seed, found.flip = seed, flip
  return found


def _own_class(path):
  module_name, _, class_name = path.rpartition(".")
  known = ", ".join([*_BUILT_IN, *_UNREAD])
  try:
    module = importlib.import_module(module_name) if module_name else None
  except ModuleNotFoundError as error:
    # Something missing inside the user's module is the user's to read.
    if not f"{module_name}.".startswith(f"{error.name}."):
      raise
    module = None
  if module is None:
    raise ValueError(
      f"dataset.name = {path!r} is unknown. It can be one of {known}, or the "
      "dotted path of a class of your own, my_package.my_module.MyDataset."
    )
  found = getattr(module, class_name, None)
  base = abstract_dataset.AbstractDataset
  if not (inspect.isclass(found) and issubclass(found, base)):
    raise ValueError(
      f"dataset.name = {path!r}: {module_name} has no dataset of the name "
      f"{class_name}. A class that extends abstract_dataset.AbstractDataset or "
      "in_memory.InMemoryDataset would do."
    )
  return found
