"""Images in arrays: npz, npy, mat and MNIST's idx files.

  dataset.name = "arrays"
  arrays.path = "/data/flowers.npz"

Images may be [N, H, W], [N, H, W, C], [N, C, H, W], MATLAB's [H, W, C, N] or
flat, like CIFAR's 3072 numbers; made of bytes, 16 bits, bits or numbers in
[0, 1], [-1, 1] or 0 ... 255. If shape and numbers leave that open, an error
names the binding that decides.

  npz          images (or x, data, X), labels (or y); x_train, y_train, x_test,
               y_test for both splits
  npy          images; labels are in another file, arrays.labels_path
  mat          data, labels (imagenet64.mat); X, y (train_32x32.mat of the
               street view house numbers); MATLAB's v7.3 files too
  a folder     data_batch_1.mat ... data_batch_5.mat train, test_batch.mat is
               for evaluation alone; or train-images-idx3-ubyte[.gz] and so on;
               or one file for train and one for test, such as train_32x32.mat
               and test_32x32.mat; or the one npz, npy or mat file in it

arrays.image_size resizes images when they are read. A pickle is never read,
since it could run any program. array_files.py finds the arrays,
array_formats.py reads them, array_pixels.py turns them into images, and
array_labels.py looks at their labels.
"""

from collections.abc import Sequence
import os
from typing import Annotated
from typing import Optional
from typing import Union

from compare_gan.configuration import accepted
from compare_gan.configuration import gin_roles
from compare_gan.datasets import array_files
from compare_gan.datasets import array_formats
from compare_gan.datasets import array_labels
from compare_gan.datasets import array_pixels
from compare_gan.datasets import damage
from compare_gan.datasets import in_memory
from compare_gan.datasets import reader_options
import gin
import numpy as np
import tensorflow as tf

LAYOUTS = array_pixels.LAYOUTS
VALUE_RANGES = array_pixels.VALUE_RANGES
_BLOCK = 2**24  # bytes that are moved at a time


gin_roles.declare(
  "arrays",
  paths=["path", "labels_path", "eval_path", "eval_labels_path"],
)


@gin.configurable(
  "arrays", module="compare_gan.datasets", denylist=["on_error"]
)
def open_arrays(
  path: str = gin.REQUIRED,
  labels_path: Optional[str] = None,
  eval_path: Optional[str] = None,
  eval_labels_path: Optional[str] = None,
  eval_fraction: Annotated[float, accepted.Range(least=0, below=1)] = 0.1,
  layout: Optional[str] = None,
  value_range: Optional[str] = None,
  num_classes: Optional[accepted.CountOrZero] = None,
  first_label: Optional[int] = None,
  labels: bool = True,
  eval_samples: accepted.Count = 10000,
  image_size: Optional[Union[int, Sequence[int]]] = None,
  on_error: str = "raise",
) -> in_memory.InMemoryDataset:
  """Returns the dataset of arrays in files.

  Args:
    path: an npz, npy, mat or idx file, or a folder of mat or idx files.
    labels_path: an npy or idx file, if `path` holds only images.
    eval_path, eval_labels_path: the files for evaluation.
    eval_fraction: the share held out, if there are no files for evaluation. 0:
      all images train, those of test files too, and scores compare with them.
    layout: one of LAYOUTS; None to infer it from the shape.
    value_range: one of VALUE_RANGES, or "0..4095" and so on; None to infer it
      from the numbers.
    num_classes: None for one more than the largest label.
    first_label: the first class in the files, 0 or 1; None for 0, or for 1 if
      `num_classes` is the largest label and none is 0. If images are
      [H, W, C, N] and labels go from 1 to 10, None makes 10 the class 0.
    labels: False leaves labels out.
    eval_samples: how many images a score is computed on, at most.
    image_size: 64 or (height, width) to resize to; None keeps their own size.
    on_error: `dataset.on_error`.
  """
  size = reader_options.two_sides("arrays.image_size", image_size)
  array_pixels.check_choices(layout, value_range)
  found = array_files.find(
    path, labels_path, eval_path, eval_labels_path, labels
  )
  has_zeros = first_label is None and num_classes in (None, 10)
  read = _read_splits(found, layout, has_zeros)
  if not eval_fraction and eval_path is None and "eval" in read:
    read = _merged(labels, **read)
  arrays = array_pixels.images_of(
    {split: (images, axes) for split, (images, axes, _) in read.items()},
    value_range,
  )
  given = {split: y if labels else None for split, (_, _, y) in read.items()}
  stored, count = array_labels.counted(given, arrays, first_label, num_classes)
  bad = _sort_out_labels(arrays, stored, count, on_error)
  if "eval" not in arrays:
    _hold_out(arrays, stored, eval_fraction)
  return Arrays(path, arrays, stored, count, eval_samples, size, bad)


READERS = {"arrays": open_arrays}


def read_images(
  path: str, layout: Optional[str] = None, value_range: Optional[str] = None
) -> np.ndarray:
  """Returns the images of one file, as a dataset of this file would.

  Args:
    path: an npz, npy, mat or idx file.
    layout, value_range: as for `open_arrays`.

  Returns:
    [N, H, W, C], uint8 or float32 in [0, 1].
  """
  array_pixels.check_choices(layout, value_range)
  numbers, axes = array_pixels.images_first(
    _read_only_array(path), layout, None
  )
  if value_range is None and numbers.dtype.kind == "f":
    low = min((float(x.min()) for x in numbers.blocks()), default=0.0)
    if low < 0.0:
      # A resize that overshoots also gives such numbers.
      raise ValueError(
        f"{path} holds {numbers.dtype.name} from {low:g} on, which may be "
        "images in [-1, 1] or damaged ones in [0, 1]. Set arrays.value_range "
        f"to one of {VALUE_RANGES}."
      )
  return array_pixels.images_of({path: (numbers, axes)}, value_range)[path]


def _read_only_array(path):
  """Returns the Numbers of the one array, or of the images, in a file."""
  members = array_formats.members_of(path)
  if not isinstance(members, dict):
    return members
  if len(members) == 1:
    return next(iter(members.values()))
  found = array_files.find(path, None, None, None, labels=False)
  if "eval" in found:
    raise ValueError(
      f"{path} holds the images of two splits. Store those to be scored "
      "alone, as 'images'."
    )
  return found["train"][0]


def read_labels(path: str, count: int) -> np.ndarray:
  """Returns the labels in a file, int64 [count].

  Args:
    path: an npy or idx file of integers, or of one-hot rows.
    count: how many images there are.
  """
  given = array_formats.read_all(_read_only_array(path))
  if len(given) != count and given.size != count:
    raise ValueError(
      f"{path} holds labels of shape {given.shape}, but there are {count} "
      "images, each of which needs one."
    )
  return array_labels.one_each(given, count, path)


class Arrays(in_memory.InMemoryDataset):
  """Arrays that are already in memory.

  Args:
    path: of the file, for the name.
    images, labels: {split: array}.
    num_classes: 0 if there are no labels.
    max_eval_samples: how many images a score is computed on, at most.
    size: (height, width) to resize to when images are read, or None.
    bad: the images that were left out.
  """

  def __init__(
    self,
    path: str,
    images: dict[str, np.ndarray],
    labels: dict[str, np.ndarray],
    num_classes: int,
    max_eval_samples: int,
    size: Optional[tuple[int, int]] = None,
    bad: Sequence[damage.Bad] = (),
  ) -> None:
    shape: tuple[int, ...] = images["train"].shape[1:]
    if images["eval"].shape[1:] != shape:
      raise ValueError(
        f"arrays: training images have the shape {shape}, those for "
        f"evaluation {images['eval'].shape[1:]}."
      )
    name = os.path.basename(os.path.normpath(path)).split(".")[0]
    eval_samples = min(max_eval_samples, len(images["eval"]))
    super().__init__(
      name, (*(size or shape[:2]), shape[2]), num_classes, eval_samples
    )
    self.stored_shape = shape
    self._arrays = images, labels
    self.bad = bad

  def read(
    self, split: str, indices: tf.Tensor, u: Optional[tf.Tensor] = None
  ) -> tuple[tf.Tensor, tf.Tensor]:
    del u
    images, labels = super().read(split, indices)
    return _resized(images, self.image_shape[:2]), labels

  def load(self, split: str) -> tuple[np.ndarray, np.ndarray]:
    images, labels = self._arrays
    return images[split], labels[split]


def _resized(images, size):
  """Returns resized images of the same dtype.

  Bilinear, like OpenCV's INTER_LINEAR in the model cards; smaller images are
  averages of the pixels that they cover.
  """
  if tuple(images.shape[1:3]) == size:
    return images
  resized = tf.image.resize(images, size, antialias=True)
  if images.dtype != tf.uint8:
    return resized
  return tf.cast(tf.round(resized), tf.uint8)


def _read_splits(found, layout, has_zeros):
  """Returns {split: (Numbers, layout, labels)} of {split: (Numbers, labels)}.

  Args:
    found: as `array_files.find` returns it.
    layout: `arrays.layout`.
    has_zeros: whether labels 1 to 10 may stand for the digits 1 to 9 and 0.
  """
  has_zeros = has_zeros and array_labels.are_1_to_10(
    given for _, given in found.values()
  )
  return {
    split: _images_first(images, layout, given, has_zeros)
    for split, (images, given) in found.items()
  }


def _images_first(images, layout, labels, has_zeros):
  """Returns Numbers with images first, their layout, and the labels.

  In the street view house numbers, which are [H, W, C, N], 10 is the label of
  the digit 0.

  Args:
    images: Numbers as in the file.
    layout: `arrays.layout`.
    labels: as in the file, or None.
    has_zeros: whether that may be the case here.
  """
  numbers, axes = array_pixels.images_first(images, layout, labels)
  if numbers is not images and has_zeros and labels is not None:
    labels = np.asarray(labels) % 10
  return numbers, axes, labels


def _merged(has_labels, train, eval):
  """Returns the images of both splits as training images."""
  (images, axes, labels), (more, more_axes, more_labels) = train, eval
  if axes != more_axes:
    raise ValueError(
      f"arrays: training images have the axes {axes}, and the images for "
      f"evaluation, which are trained on as well, {more_axes}. Set "
      "arrays.layout."
    )
  both = array_formats.Parts([images, more])
  if not has_labels or (labels is None and more_labels is None):
    return {"train": (both, axes, None)}
  if labels is None or more_labels is None:
    return {"train": train, "eval": eval}  # which is refused
  labels = [
    array_labels.one_each(labels, images.shape[0], "train"),
    array_labels.one_each(more_labels, more.shape[0], "eval"),
  ]
  return {"train": (both, axes, np.concatenate(labels))}


def _sort_out_labels(arrays, stored, num_classes, on_error):
  """Leaves out images whose labels are out of range; returns [Bad]."""
  bad, total = [], sum(len(labels) for labels in stored.values())
  last = max(1, num_classes) - 1
  for split, labels in stored.items():
    is_bad = (labels < 0) | (labels > last)
    for place in np.flatnonzero(is_bad).tolist():
      reason = f"its label {labels[place]} is outside of 0 to {last}"
      bad.append(damage.Bad(split, f"image {place}", reason))
  damage.refuse_or_warn("arrays", bad, total, on_error)
  for split, labels in list(stored.items()):
    is_good = (labels >= 0) & (labels <= last)
    if not is_good.all():
      arrays[split] = arrays[split][is_good]
      stored[split] = labels[is_good]
  return bad


def _hold_out(arrays, stored, fraction):
  """Moves a share of the training images to "eval"."""
  images, labels = arrays["train"], stored["train"]
  train, held = reader_options.held_out(len(images), fraction, "arrays")
  if not fraction:
    arrays["eval"], stored["eval"] = images, labels
    return
  arrays["eval"], stored["eval"] = images[held], labels[held]
  # In place, front to back: row k comes from row train[k] >= k.
  step = max(1, _BLOCK // max(1, images[0].nbytes))
  for first in range(0, len(train), step):
    rows = train[first : first + step]
    images[first : first + len(rows)] = images[rows]
  arrays["train"], stored["train"] = images[: len(train)], labels[train]
