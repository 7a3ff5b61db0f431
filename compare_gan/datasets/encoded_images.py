"""Datasets of encoded images, whatever holds them: folders, zips, TFRecords.

When such a dataset is opened, each of its images is read and decoded once. The
result is kept in the cache, under a digest of all names, sizes and times. So
bad files are known before the first step, sizes do not change, and batch t is a
function of (seed, t). What fits is kept as uint8 pixels, in the cache and in
memory; the rest is read and decoded when it is needed, several batches at once.
A file that changes later raises an error with its name.
"""

from collections.abc import Sequence
import concurrent.futures
import json
import logging
import os
from typing import Any
from typing import NamedTuple
from typing import Optional
import zlib

from compare_gan.datasets import cache
from compare_gan.datasets import damage
from compare_gan.datasets import image_decoding
from compare_gan.datasets import in_memory
from compare_gan.datasets import stamps
import numpy as np
import tensorflow as tf

_LOG = logging.getLogger(__name__)
_VERSION = 1  # raise it when the same file gives other pixels
_MANY = 2000  # images; for more of them a message says that it takes long


class Source(NamedTuple):
  """The examples of a split.

  Attributes:
    files: has `names`, `bad`, `stamp` and `read(i)`, as in numbered_files.py.
    numbers: array of the numbers of the files that belong to the split.
    labels: array of their labels; None if the files contain them: then `files`
      has `label_and_image(data)` and `damaged()`, see records.py.
    bad: [(name, reason)] of files that could not even be listed.
  """

  files: Any
  numbers: np.ndarray
  labels: Any
  bad: Sequence[tuple[str, str]] = ()


class EncodedImages(in_memory.InMemoryDataset):
  """Encoded images of two splits.

  Args:
    name: of the dataset.
    sources: {"train": Source, "eval": Source}. If both hold the same images,
      they are read and kept once.
    layout: an image_decoding.Layout; a size of None takes that of the images,
      which must all have the same size.
    num_classes: 0 if there are no labels, None to count them.
    gin_name: of the reader, "folder", for messages.
    on_error: "raise" or "skip".
    memory_bytes: splits of up to this many bytes of pixels stay in memory.
    max_eval_samples: how many images a score is computed on, at most.
    cache_name: name of its files in the cache; None for `name`.
    classes: their names in the order of labels, if they have any.
  """

  def __init__(
    self,
    name: str,
    sources: dict[str, Source],
    layout: image_decoding.Layout,
    num_classes: Optional[int],
    gin_name: str,
    on_error: str = "raise",
    memory_bytes: int = 2**30,
    max_eval_samples: int = 10000,
    cache_name: Optional[str] = None,
    classes: Sequence[str] = (),
  ) -> None:
    if _are_the_same(**sources):
      sources = {"train": sources["train"]}
    self._sources = sources
    self._gin_name = gin_name
    if layout.size is None:
      size = _common_size(sources, layout, gin_name)
      layout = layout._replace(size=size, is_exact=True)
    self._layout = layout
    self._memory_bytes = memory_bytes
    self._decoded: dict[str, np.ndarray] = {}
    self._examples: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    self._crcs: dict[str, dict[int, int]] = {}
    self._are_plain: dict[str, bool] = {}
    self.name = name
    self.classes = tuple(classes)
    self._cache_name = cache_name or name
    checks = {split: self._checked(split) for split in sources}
    if num_classes is None:
      num_classes = 1 + int(max(checks["train"][0], default=-1))
    refused: list[damage.Bad] = []
    for split, (labels, bad, crcs, plain) in checks.items():
      refused += self._sort_out(split, labels, bad, num_classes)
      numbers = self._examples[split][0].tolist()
      places = np.searchsorted(sources[split].numbers, numbers)
      self._crcs[split] = dict(zip(numbers, crcs[places].tolist()))
      self._are_plain[split] = bool(plain[places].all())
    damage.refuse_or_warn(name, refused, _count(sources), on_error)
    height, width = layout.size or ()
    shape = height, width, layout.colors
    eval_samples = min(max_eval_samples, self.size("eval"))
    super().__init__(name, shape, num_classes, eval_samples)
    self.bad = refused
    self.preparation = {
      "resize": "none" if layout.is_exact else layout.resize,
      "crop": layout.crop,
      "background": layout.background,
    }
    if not all(self._fits(split) for split in sources):
      self.parallel_reads = tf.data.AUTOTUNE

  def size(self, split: str) -> int:
    return len(self._examples[self._stored(split)][0])

  def _stored(self, split):
    """Returns the split under which images of this one are stored."""
    return split if split in self._sources else "train"

  def stamp(self, split: str) -> str:
    split = self._stored(split)
    numbers, labels = self._examples[split]
    return stamps.digest(self._key(split), numbers.tolist(), labels.tolist())

  def read(
    self, split: str, indices: tf.Tensor, u: Optional[tf.Tensor] = None
  ) -> tuple[tf.Tensor, tf.Tensor]:
    del u
    split = self._stored(split)
    if self._fits(split):
      return super().read(split, indices)
    numbers, labels = self._examples[split]
    labels = tf.gather(labels, indices)
    if not self._are_plain[split]:
      images = tf.numpy_function(
        lambda i: self._decode_each(split, numbers[i]), [indices], tf.uint8
      )
      return images, labels
    files = tf.numpy_function(
      lambda i: np.array([self._image(split, n) for n in numbers[i]], object),
      [indices],
      tf.string,
    )
    files = tf.ensure_shape(files, indices.shape)
    return _decode_jpegs(files, self._layout.colors), labels

  def load(self, split: str) -> tuple[np.ndarray, np.ndarray]:
    numbers, labels = self._examples[split]
    images = cache.array(
      f"{self._key(split)}-pixels-{stamps.digest(numbers.tolist())}",
      lambda: self._decode_all(split, numbers),
    )
    self._decoded.pop(split, None)
    return images, labels

  def name_of(self, split: str, index: int) -> str:
    """Returns the name of an example's file."""
    split = self._stored(split)
    return self._sources[split].files.names[self._examples[split][0][index]]

  def _sort_out(self, split, labels, bad, num_classes):
    """Keeps the good examples of a split; returns the bad ones, [Bad]."""
    source = self._sources[split]
    bad = {int(place): reason for place, reason in bad.items()}
    bad = {**_label_faults(labels, max(1, num_classes) - 1), **bad}
    named = [(source.files.names[source.numbers[p]], bad[p]) for p in bad]
    named = [*source.bad, *sorted(named)]
    good = np.setdiff1d(np.arange(len(source.numbers)), list(bad))
    self._examples[split] = source.numbers[good], labels[good].astype(np.int32)
    return [damage.Bad(split, *found) for found in named]

  def _key(self, split):
    source = self._sources[split]
    chosen = stamps.digest(
      _VERSION,
      source.files.stamp,
      source.numbers.tolist(),
      list(self._layout),
    )
    return f"{self._cache_name}-{split}-{chosen}"

  def _checked(self, split):
    """Returns the result of checking all images of a split, which is done once.

    Returns:
      labels: int64 [n].
      bad: {place: reason}.
      crcs: int64 [n], of the encoded images.
      plain: bools [n], see image_decoding.is_plain_jpeg.
    """
    source = self._sources[split]

    def check() -> np.ndarray:
      text = json.dumps(self._check_all(split))
      return np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)

    stored = cache.array(f"{self._key(split)}-check", check)
    text = stored.tobytes().decode("utf-8", "surrogatepass")
    labels, bad, crcs, plain = json.loads(text)
    if source.labels is not None:
      labels = source.labels
    return (
      np.asarray(labels, np.int64),
      bad,
      np.asarray(crcs, np.int64),
      np.asarray(plain, bool),
    )

  def _check_all(self, split):
    source = self._sources[split]
    n = len(source.numbers)
    labels = [0] * n
    crcs = [0] * n
    plain = [False] * n
    keeps_pixels = n * self._bytes_each() <= self._memory_bytes
    pixels = self._empty(n) if keeps_pixels else None
    if n > _MANY:
      _LOG.warning("%s: reading all %d images, once.", self.name, n)
    damaged = source.files.damaged() if source.labels is None else {}

    def check_one(place: int) -> Optional[str]:
      number = int(source.numbers[place])
      if number in damaged:
        return damaged[number]
      try:
        data = source.files.read(number)
        if source.labels is None:
          labels[place], data = source.files.label_and_image(data)
        image = image_decoding.decode(data, self._layout)
        plain[place] = image_decoding.is_plain_jpeg(data, self._layout)
      except (ValueError, OSError) as error:
        return str(error)
      crcs[place] = zlib.crc32(data)
      if pixels is not None:
        pixels[place] = image
      return None

    reasons = list(_in_threads(check_one, range(n)))
    bad = {place: reason for place, reason in enumerate(reasons) if reason}
    if pixels is not None:
      self._decoded[split] = pixels
    return labels, bad, crcs, plain

  def _decode_all(self, split, numbers):
    pixels = self._decoded.get(split)
    if pixels is not None and len(pixels) == len(numbers):
      return pixels
    return self._decode_each(split, numbers, _in_threads)

  def _decode_each(self, split, numbers, apply=map):
    """Returns uint8 [n, H, W, colors], decoded by `apply`, a kind of `map`."""
    pixels = self._empty(len(numbers))

    def decode(place: int) -> None:
      data = self._image(split, numbers[place])
      pixels[place] = image_decoding.decode(data, self._layout)

    for _ in apply(decode, range(len(numbers))):
      pass
    return pixels

  def _image(self, split, number):
    """Returns an encoded image, unchanged since the dataset was opened."""
    source, number = self._sources[split], int(number)
    try:
      data = source.files.read(number)
      if source.labels is None:
        _, data = source.files.label_and_image(data)
      if zlib.crc32(data) != self._crcs[split][number]:
        raise ValueError("its content has changed")
    except (ValueError, OSError) as error:
      raise ValueError(
        f"{self.name}: {source.files.names[number]} could be read when the "
        f"dataset was opened, but not any more: {error}"
      ) from error
    return data

  def _empty(self, n):
    return in_memory.empty([n, *self._layout.size, self._layout.colors])

  def _bytes_each(self):
    height, width = self._layout.size
    return height * width * self._layout.colors

  def bytes_in_memory(self, split: str) -> int:
    return self.size(split) * self._bytes_each() if self._fits(split) else 0

  def _fits(self, split):
    return self.size(split) * self._bytes_each() <= self._memory_bytes


def _label_faults(labels, last):
  """Returns {place: reason} of the labels that are not in 0 ... `last`."""
  return {
    place: f"its label {labels[place]} is outside of 0 to {last}"
    for place in np.flatnonzero((labels < 0) | (labels > last)).tolist()
  }


def _decode_jpegs(files, colors):
  """Returns uint8 [n, H, W, colors] of plain JPEGs [n]."""

  def decode(data: tf.Tensor) -> tf.Tensor:
    # PIL uses the same method, so the pixels are the same.
    return tf.io.decode_jpeg(data, colors, dct_method="INTEGER_ACCURATE")

  # One at a time is cheaper: tf.data already reads several batches at once.
  return tf.map_fn(
    decode, files, parallel_iterations=1, fn_output_signature=tf.uint8
  )


def _count(sources):
  """Returns how many images there are, with those that cannot be read."""
  return sum(len(s.numbers) + len(s.bad) for s in sources.values())


def _are_the_same(train, eval):
  """Returns whether two Sources are the same images of the same files."""
  return train.files is eval.files and np.array_equal(
    train.numbers, eval.numbers
  )


def _in_threads(function, values):
  """Yields function(value) in order; decoders release Python's lock."""
  with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    yield from pool.map(function, values)


def _common_size(sources, layout, gin_name):
  """Returns the common (height, width) of all images that can be decoded."""
  source, seen = sources["train"], {}
  reasons = [f"{name}: {reason}" for name, reason in source.bad]
  for number in source.numbers[:64]:
    try:
      data = source.files.read(int(number))
      if source.labels is None:
        _, data = source.files.label_and_image(data)
      shape = image_decoding.decode(data, layout).shape[:2]
    except (ValueError, OSError) as error:
      reasons.append(f"{source.files.names[number]}: {error}")
      continue
    seen.setdefault(shape, source.files.names[number])
  if len(seen) == 1:
    return next(iter(seen))
  if not seen:
    found = f"none of its first images can be read, {'; '.join(reasons[:2])}"
  else:
    found = "its images differ in size: " + ", ".join(
      f"{name} is {width} x {height}"
      for (height, width), name in list(seen.items())[:2]
    )
  raise ValueError(
    f"{gin_name}: {found}. Set {gin_name}.image_size to the size to scale "
    "them to, 64 or (64, 48) as (height, width)."
  )
