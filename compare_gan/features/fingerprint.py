"""Hashes of a dataset: what it is known by, on disk and on protocol cards.

`content` is of each image: two datasets with one content hold the same images
in the same order, whatever they are called, wherever they are and whoever
reads them. Order counts, because which images are the first so many depends on
it, and so do the blocks and random subsets of some metrics.

`fingerprint` is of a sample: enough to find again what was trained on a
dataset, whose weights have a hash of their own, without reading all of it.
"""

import hashlib
from typing import Any
from typing import NamedTuple
import weakref

from compare_gan.datasets import abstract_dataset
from compare_gan.datasets import cache
from compare_gan.features import abstract_extractor
import numpy as np
import tensorflow as tf

_SAMPLE = 64  # examples of each split
_VERSION = 1  # of `content`
_BATCH = 256


def fingerprint(dataset: abstract_dataset.AbstractDataset) -> str:
  """Returns 12 hex digits of the sizes and of examples spread over the splits.

  The pixels count as they are decoded. The order that batches come in, whether
  they are flipped and the name do not.
  """
  parts = [dataset.image_shape, dataset.num_classes]
  for split in abstract_dataset.SPLITS:
    size = dataset.size(split)
    parts += [split, size]
    if size:
      places = np.linspace(0, size - 1, min(size, _SAMPLE))
      indices = tf.constant(np.round(places).astype(np.int64))
      images, labels = dataset.read(split, indices)
      parts += [np.asarray(images), np.asarray(labels, np.int64)]
  return abstract_extractor.digest(*parts)


class Content(NamedTuple):
  """12 hex digits each, of all examples that were asked for, in order."""

  images: str
  labels: str


def content(
  dataset: abstract_dataset.AbstractDataset, split: str, count: int
) -> Content:
  """Returns the hashes of the first examples of a split.

  Each image is read once, in any batches; what was found is kept in the cache
  if the dataset knows by itself when its images change, see `stamp`. Pixels
  count as the values k / 255 that they stand for, whether they are stored as
  bytes or as floats.

  Args:
    dataset: an AbstractDataset.
    split: "train" or "eval".
    count: of the first images in order.
  """
  found = _contents.setdefault(dataset, {})
  key = split, count, dataset.seed
  if key not in found:
    found[key] = _kept_content(dataset, split, count)
  return found[key]


# {dataset: {(split, count, seed): its Content}}
_contents: weakref.WeakKeyDictionary[
  abstract_dataset.AbstractDataset, dict[tuple[str, int, Any], Content]
] = weakref.WeakKeyDictionary()


def _kept_content(dataset, split, count):
  stamp = dataset.stamp(split)
  if stamp is None:
    return _content(dataset, split, count)
  name = abstract_extractor.digest(_VERSION, stamp, split, count, dataset.seed)

  def make() -> np.ndarray:
    text = " ".join(_content(dataset, split, count))
    return np.frombuffer(text.encode(), np.uint8)

  text = cache.array(f"content-{name}", make).tobytes().decode()
  return Content(*text.split())


def _content(dataset, split, count):
  images = hashlib.sha256(f"{_VERSION} {dataset.image_shape}".encode())
  labels = hashlib.sha256(f"{_VERSION}".encode())
  for batch in dataset.in_order(split, _BATCH, count, as_stored=True):
    for image in batch["images"].numpy():
      images.update(_bytes(image))
    labels.update(batch["labels"].numpy().astype("<i8").tobytes())
  return Content(images.hexdigest()[:12], labels.hexdigest()[:12])


def _bytes(image):
  """Returns what stands for an image, the same for k and for k / 255."""
  if image.dtype != np.uint8:
    whole = np.rint(255.0 * image)
    # As pixels.to_unit has it, or as a division does.
    if not (
      np.array_equal(image, whole * np.float32(1.0 / 255.0))
      or np.array_equal(image, whole / np.float32(255.0))
    ):
      return b"floats" + image.astype("<f4").tobytes()
    image = whole.astype(np.uint8)
  return b"bytes" + image.tobytes()
