"""What is known of a dataset before it is read: shape, classes, splits.

The names are those of `dataset.name` in google/compare_gan's gin files, with
the number of images that its scores were computed on.
"""

from typing import NamedTuple
from typing import Optional

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


@gin.configurable("dataset", module="compare_gan.datasets")
def dataset(name=gin.REQUIRED, seed=547):
  """Returns the DatasetInfo of `dataset.name`.

  Args:
    name: one of the catalogue's.
    seed: of the order of its images.
  """
  del seed
  for info in _ALL:
    if info.name == name:
      return info
  raise ValueError(
    f"dataset.name = {name!r} is unknown. It can be one of "
    f"{', '.join(info.name for info in _ALL)}."
  )
