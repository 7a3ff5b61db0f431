"""What is to be known of a tensorflow-datasets dataset before it is read."""

from collections.abc import Sequence
from typing import Callable
from typing import NamedTuple
from typing import Optional
from typing import Union

from compare_gan.datasets import tfds_builders
from compare_gan.datasets import tfds_crops
import numpy as np


class DatasetInfo(NamedTuple):
  """A dataset by name.

  Attributes:
    name: as in `dataset.name`.
    tfds_name: in tensorflow-datasets.
    image_shape: (H, W, colors) after crop and resize.
    num_classes: 0 if there are no labels.
    train_split, eval_split: in tensorflow-datasets' notation.
    eval_samples: how many images a score is computed on.
    eval_size: how many eval_split has, if that is known.
    prepare: (image, image_shape, u) -> image of that shape, uint8, or float32
      in [0, 1]; None if images have it already. u [3] is None where nothing is
      random.
    is_random: whether `prepare` uses u in training.
    labels: "own"; "single", all 0; "random", a new one each time; "soft", drawn
      each time from the probabilities in tfds_images.soft_labels.
    min_side: smaller training images are left out.
    image_feature, label_feature: in tensorflow-datasets.
  """

  name: str
  tfds_name: str
  image_shape: tuple
  num_classes: int
  train_split: str
  eval_split: str
  eval_samples: int
  prepare: Optional[Callable] = None
  is_random: bool = False
  labels: str = "own"
  min_side: int = 0
  image_feature: str = "image"
  label_feature: str = "label"
  eval_size: Optional[int] = None


def resized(
  info: DatasetInfo, image_size: Union[int, Sequence[int]]
) -> DatasetInfo:
  """Returns the DatasetInfo with images of another size."""
  if info.prepare not in (None, tfds_crops.shrink):
    raise ValueError(
      f"tfds_images.image_size = {image_size}, but {info.name} has a crop of "
      f"its own, to {info.image_shape}. Use dataset.name = 'tfds:"
      f"{info.tfds_name}'."
    )
  shape = (*_two(image_size), info.image_shape[-1])
  return info._replace(image_shape=shape, prepare=tfds_crops.shrink)


def any_dataset(
  name: str,
  data_dir: Optional[str],
  image_size: Optional[Union[int, Sequence[int]]],
  image: Optional[str],
  label: Optional[str],
  eval_samples: int,
) -> DatasetInfo:
  """Returns the DatasetInfo of a dataset that is not in the table."""
  builder = tfds_builders.open_builder(name, data_dir, f"tfds:{name}")
  import tensorflow_datasets as tfds

  features = builder.info.features
  image = image or _only(features, tfds.features.Image, "image", name)
  if image is None:
    raise ValueError(f"tfds:{name} has no images, but {sorted(features)}.")
  if np.dtype(features[image].np_dtype) != np.uint8:
    raise ValueError(
      f"tfds:{name}: the feature {image!r} is of "
      f"{np.dtype(features[image].np_dtype)}. Images of bytes (uint8) are read."
    )
  label = label or _only(features, tfds.features.ClassLabel, "label", name)
  shape = features[image].shape
  prepare = None
  if image_size is not None:
    shape, prepare = (*_two(image_size), shape[-1]), tfds_crops.shrink
  if None in shape[:2]:
    raise ValueError(
      f"tfds:{name} has images of different sizes. Set "
      "tfds_images.image_size, for example to 64."
    )
  shape = (*shape[:2], shape[2] or 3)
  num_classes = features[label].num_classes if label else 0
  if num_classes is None:
    raise ValueError(
      f"tfds:{name}: nothing in {builder.data_dir} says how many classes the "
      f"feature {label!r} has. Add a file {label}.labels.txt with one name "
      "per line."
    )
  splits = builder.info.splits
  tests = [split for split in ("test", "validation") if split in splits]
  train, held = "train", tests[0] if tests else "train[90%:]"
  if not tests:
    train = "train[:90%]"
  available = splits[held].num_examples if "train" in splits else eval_samples
  return DatasetInfo(
    name=f"tfds:{name}",
    tfds_name=name,
    image_shape=shape,
    num_classes=num_classes,
    train_split=train,
    eval_split=held,
    eval_samples=min(eval_samples, available),
    prepare=prepare,
    image_feature=image,
    label_feature=label or "label",
  )


def _two(size):
  """Returns (height, width) for one number or for both."""
  return (size, size) if isinstance(size, int) else tuple(size)


def _only(features, kind, usual, name):
  """Returns the name of the only feature of a kind, or of the usual one."""
  found = [key for key in features if isinstance(features[key], kind)]
  if len(found) > 1 and usual not in found:
    raise ValueError(
      f"tfds:{name} has several {usual} features, {', '.join(sorted(found))}. "
      f"Set tfds_images.{usual}_feature to one of them."
    )
  return usual if usual in found else next(iter(found), None)
