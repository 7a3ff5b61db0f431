"""Hashes of a dataset, which identify it on disk and on protocol cards.

`content` hashes each image: datasets with the same content have the same images
in the same order, regardless of their names, their places and the code that
reads them. Order counts, because it decides which images are the first ones,
and the blocks and random subsets of some metrics.

`fingerprint` hashes a sample: enough to find a network that was trained on the
dataset, without reading all of it. The network's weights have their own hash.
"""

from collections.abc import Sequence
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


def fingerprint(
  dataset: abstract_dataset.AbstractDataset,
  splits: Sequence[str] = abstract_dataset.SPLITS,
) -> str:
  """Returns 12 hex digits of the sizes and of examples spread over the splits.

  It depends on the decoded pixels, but not on the order of batches, flips or
  the dataset's name.
  """
  parts = [dataset.image_shape, dataset.num_classes]
  for split in splits:
    size = dataset.size(split)
    parts += [split, size]
    if size:
      places = np.linspace(0, size - 1, min(size, _SAMPLE))
      indices = tf.constant(np.round(places).astype(np.int64))
      images, labels = dataset.read(split, indices)
      parts += [np.asarray(images), np.asarray(labels, np.int64)]
  return abstract_extractor.digest(*parts)


class Content(NamedTuple):
  """12 hex digits each, of all requested examples in order."""

  images: str
  labels: str


def content(
  dataset: abstract_dataset.AbstractDataset, split: str, count: int
) -> Content:
  """Returns the hashes of the first examples of a split.

  Each image is read once, in batches of any size. The hashes are cached if the
  dataset can tell when its images change, see `stamp`. Pixels are hashed as
  values k / 255, whether they are stored as bytes or as floats.

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
  """Returns bytes of an image that are the same for k and for k / 255."""
  if image.dtype != np.uint8:
    whole = np.rint(255.0 * image)
    # As computed by pixels.to_unit, or by a division.
    if not (
      np.array_equal(image, whole * np.float32(1.0 / 255.0))
      or np.array_equal(image, whole / np.float32(255.0))
    ):
      return b"floats" + image.astype("<f4").tobytes()
    image = whole.astype(np.uint8)
  return b"bytes" + image.tobytes()
