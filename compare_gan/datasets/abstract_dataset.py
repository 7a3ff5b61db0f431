"""The base of all datasets: numbered examples, and streams of their batches.

A dataset has two splits, "train" and "eval". `batches` deals out a split in a
new order in every epoch. Batch t is a function of (seed, t) alone, so a run
that restarts at step t sees the same images as an uninterrupted one, and only t
has to be stored. Each replica asks for its rows of the same global batch.
`in_order` yields every example once.

Your own dataset is a class chosen by its dotted path. It has `size` and `read`;
if it fits into memory, in_memory.py takes less code:

  dataset.name = "my_package.flowers.Flowers"
"""

import abc
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import Optional

from compare_gan.configuration import accepted
from compare_gan.context import draws
from compare_gan.context import pixels
from compare_gan.datasets import batch_order
from compare_gan.datasets import damage
import numpy as np
import tensorflow as tf

SPLITS = ("train", "eval")


class AbstractDataset(abc.ABC):
  """Images with labels.

  Args:
    name: for files and messages.
    image_shape: (H, W, colors).
    num_classes: labels are 0 ... num_classes - 1; 0 if there are none.
    eval_samples: how many images a score is computed on.
  """

  # `dataset.seed` and `dataset.flip`, set by catalogue.dataset.
  seed: accepted.Seed = 547
  flip: bool = False

  # How many calls of `read` run at once; None for one at a time, from memory.
  parallel_reads: Optional[int] = tf.data.AUTOTUNE

  # How many bytes of images a call of `read` may return, if calls run one at a
  # time: it gets the indices of several batches if they are small enough.
  bytes_per_read: int = 0

  # How many random numbers a training image takes, for example to be cropped.
  numbers_per_image: int = 0

  # Files that could not be used, [Bad(split, name, reason)]; see damage.py.
  bad: Sequence[damage.Bad] = ()

  # How images got their size, in words for protocol cards, such as
  # {"resize": "center_crop", "size": (64, 64)}.
  preparation: dict[str, Any] = {}

  # The names of the classes in the order of their labels, if they have any;
  # `class_names` hands them out.
  classes: Sequence[str] = ()

  # {split: how many images it has}, as far as that is known before anything is
  # read.
  known_sizes: Mapping[str, int] = {}

  def __init__(
    self,
    name: str,
    image_shape: Sequence[int],
    num_classes: int,
    eval_samples: int,
  ) -> None:
    self.name = name
    self.image_shape = tuple(image_shape)
    self.num_classes = num_classes
    self.eval_samples = eval_samples

  @abc.abstractmethod
  def size(self, split: str) -> int:
    """Returns how many examples "train" or "eval" has."""

  @abc.abstractmethod
  def read(
    self, split: str, indices: tf.Tensor, u: Optional[tf.Tensor] = None
  ) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the images and labels of examples, in TensorFlow's ops.

    A dataset without random numbers may leave `u` out.

    Args:
      split: "train" or "eval".
      indices: int64 tensor [n], each in [0, size(split)).
      u: with `numbers_per_image` = k > 0, float32 [n, k] in (0, 1), functions
        of (seed, t, row), in `batches`; None in `in_order`, where nothing is
        random.

    Returns:
      images: [n, H, W, colors], uint8, or float32 in [0, 1].
      labels: integers [n], all 0 if num_classes is 0.
    """

  def bytes_in_memory(self, split: str) -> int:
    """Returns how many bytes of a split stay in memory once it is read.

    As far as that is known before; 0 for what is read again for each batch.

    Args:
      split: "train" or "eval".
    """
    del split
    return 0

  def class_names(self) -> tuple[str, ...]:
    """Returns a name for each class; without `classes`, its number."""
    names = tuple(self.classes) or tuple(map(str, range(self.num_classes)))
    if len(names) != self.num_classes:
      raise ValueError(
        f"{self.name} has {self.num_classes} classes, but {len(names)} names "
        f"for them: {', '.join(names[:20])}. Its `classes` must have one name "
        "for each class, in the order of the labels, or be empty."
      )
    return names

  def stamp(self, split: str) -> Optional[str]:
    """Returns a string that changes whenever an image of a split may differ.

    None if only reading all images can tell. With a stamp, their hash is
    computed once and kept, see features/fingerprint.py.

    Args:
      split: "train" or "eval".
    """
    del split
    return None

  def batches(
    self,
    split: str,
    batch_size: int,
    seed: Optional[int] = None,
    start: int = 0,
    num_shards: int = 1,
    shard: int = 0,
    as_stored: bool = False,
  ) -> tf.data.Dataset:
    """Returns endless batches, in an order that is new in every epoch.

    An epoch is a permutation of the split. A batch may hold the end of one and
    the beginning of the next: no example is dropped or comes twice.

    Args:
      split: "train" or "eval".
      batch_size: n, of the global batch.
      seed: of the order and the flips; None for `dataset.seed`.
      start: t of the first batch.
      num_shards: how many replicas share a global batch, in equal parts.
      shard: which part to return: rows n / num_shards * shard and on.
      as_stored: keep uint8 images as uint8, which reach a device in a quarter
        of the time; `pixels.to_unit` converts them on the device.

    Returns:
      A tf.data.Dataset of {"images": float32 [n / num_shards, H, W, colors] in
      [0, 1], "labels": int32 [n / num_shards]}. With `dataset.flip` each image
      is mirrored, left to right, with a probability of 1/2.
    """
    if batch_size < 1 or batch_size % num_shards:
      raise ValueError(
        f"A batch of {batch_size} cannot be split into {num_shards} equal "
        "parts, one for each replica. Set options.batch_size to a multiple of "
        f"{num_shards}."
      )
    seed = self.seed if seed is None else seed
    order = batch_order.Order(self._size(split), seed)
    part = batch_order.Part(batch_size, num_shards, shard)
    at_once = min(
      batch_order.batches_per_lookup(order, batch_size),
      self._batches_per_read(part.rows),
    )
    lookups = batch_order.lookups(
      order, part, start, at_once, self.flip, self.numbers_per_image > 0
    )

    def draw_numbers(t: tf.Tensor) -> tf.Tensor:
      with draws.seeded([seed, t], first=part.first):
        return draws.uniform([part.rows, self.numbers_per_image])

    batches = self._read_all(split, lookups, draw_numbers, as_stored)
    if at_once == 1:
      return with_options(batches.prefetch(2))
    batches = batches.flat_map(lambda read: batch_order.split(read, at_once))
    return with_options(batches, one_thread=True)

  def _batches_per_read(self, rows):
    # Several threads would wait for each other's long reads, and one call draws
    # the random numbers of one batch.
    if self.parallel_reads is not None or self.numbers_per_image:
      return 1
    batch_bytes = rows * int(np.prod(self.image_shape))
    return max(1, self.bytes_per_read // batch_bytes)

  def in_order(
    self,
    split: str,
    batch_size: int,
    limit: Optional[int] = None,
    as_stored: bool = False,
  ) -> tf.data.Dataset:
    """Returns each example once, in batches like those of `batches`.

    Args:
      split: "train" or "eval".
      batch_size: n; the last batch may be smaller.
      limit: stop after this many examples, such as `eval_samples`.
      as_stored: keep uint8 images as uint8.
    """
    size = self._size(split)
    if limit is None:
      limit = size
    elif limit > size:
      raise ValueError(
        f"{self.name} has {size} examples in split {split!r}, not {limit}."
      )
    indices = tf.data.Dataset.range(limit).batch(batch_size)
    batches = self._read_all(
      split, indices.map(lambda i: {"indices": i}), as_stored=as_stored
    )
    return with_options(batches.prefetch(2))

  def _size(self, split):
    if split not in SPLITS:
      raise ValueError(
        f"{self.name} has no split {split!r}. It can be 'train' or 'eval'."
      )
    size = self.size(split)
    if not size:
      raise ValueError(f"{self.name} has no examples in split {split!r}.")
    return size

  def _read_all(self, split, lookups, numbers=None, as_stored=False):
    """Returns batches for a stream of {"indices": [n], "flips": ..., "t": ...}.

    `numbers` maps t to random numbers [n, numbers_per_image].
    """

    @tf.autograph.experimental.do_not_convert
    def read(found: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
      indices = found["indices"]
      drawn = (numbers(found["t"]),) if "t" in found else ()
      images, labels = self.read(split, indices, *drawn)
      images = tf.ensure_shape(images, [indices.shape[0], *self.image_shape])
      if "flips" in found:
        images = _mirror(images, found["flips"])
      if not as_stored:
        images = pixels.to_unit(images)
      return {"images": images, "labels": tf.cast(labels, tf.int32)}

    return lookups.map(read, num_parallel_calls=self.parallel_reads)


def with_options(
  batches: tf.data.Dataset, one_thread: bool = False
) -> tf.data.Dataset:
  """Returns the batches with tf.data's rewriting and tuning turned off.

  By rewriting its graph, tf.data would copy what is in memory. Without tuning,
  tf.data.AUTOTUNE means one read for each thread; with tuning, a discarded
  iterator sometimes waits a minute for the thread that tunes.
  """
  options = tf.data.Options()
  optimization = options.experimental_optimization
  optimization.apply_default_optimizations = False
  if hasattr(options, "autotune"):
    options.autotune.enabled = False
  else:  # TF 2.6
    optimization.autotune = False
  if one_thread:
    options.threading.private_threadpool_size = 1
    options.threading.max_intra_op_parallelism = 1
  return batches.with_options(options)


def _mirror(images, flips):
  """Returns images, mirrored left to right where `flips` [n] is true."""
  # There are fast kernels for rows [n * H, W, colors] and one condition for a
  # whole image: images[:, :, ::-1] and tf.where take 10 times as long.
  rows = tf.reshape(images, [-1, *images.shape[2:]])
  mirrored = tf.reshape(tf.reverse(rows, axis=[1]), tf.shape(images))
  return tf.raw_ops.Select(condition=flips, x=mirrored, y=images)
