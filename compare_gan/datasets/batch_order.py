"""Which examples a batch holds: a function of (seed, t) alone."""

import functools
from typing import Any
from typing import NamedTuple

import numpy as np
import tensorflow as tf

# How many examples are looked up at a time, at most. A lookup runs Python; one
# for each batch would take longer than reading its images from memory.
_LOOKUP = 4096


class Order:
  """Which example comes at a place, and whether it is flipped.

  Place p is number p % size of epoch p // size. Both answers come from
  RandomState([seed, epoch]), which draws the same numbers in every version of
  numpy.
  """

  def __init__(self, size: int, seed: int) -> None:
    self.size = size
    self.seed = seed % 2**32
    self._recent = functools.lru_cache(maxsize=2)(self._epoch)

  def __call__(self, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns int64 indices and bool flips, shaped like `places`.

    Places ascend, so all of them are usually in one epoch.
    """
    if places.flat[0] // self.size == places.flat[-1] // self.size:
      order, flips = self._recent(int(places.flat[0] // self.size))
      places = places % self.size
      return order[places], flips[places]
    indices = np.empty(places.shape, np.int64)
    flips = np.empty(places.shape, bool)
    epochs = places // self.size
    for epoch in np.unique(epochs):
      order, flipped = self._recent(int(epoch))
      here = epochs == epoch
      places_here = places[here] % self.size
      indices[here] = order[places_here]
      flips[here] = flipped[places_here]
    return indices, flips

  def _epoch(self, epoch):
    random = np.random.RandomState([self.seed, epoch % 2**32])
    order = random.permutation(self.size)
    return order, random.randint(0, 2, self.size, np.uint8).astype(bool)


class Part(NamedTuple):
  """The rows of each global batch that one replica gets."""

  batch_size: int  # of the global batch
  num_shards: int
  shard: int

  @property
  def rows(self) -> int:
    return self.batch_size // self.num_shards

  @property
  def first(self) -> int:
    """The first of the rows."""
    return self.shard * self.rows


def batches_per_lookup(order: Order, batch_size: int) -> int:
  """Returns how many global batches are looked up at a time, at most."""
  return max(1, min(_LOOKUP, order.size) // batch_size)


def lookups(
  order: Order,
  part: Part,
  start: int,
  at_once: int,
  with_flips: bool,
  with_t: bool,
) -> tf.data.Dataset:
  """Returns an endless stream of which examples each read is for.

  Args:
    order: of the split.
    part: of each global batch.
    start: t of the first batch.
    at_once: how many batches a read is for.
    with_flips: whether images may be mirrored.
    with_t: whether a read has to know t, which requires `at_once` = 1.

  Returns:
    A tf.data.Dataset of {"indices": int64 [at_once * rows], "flips": bool, of
    the same shape, "t": int64}.
  """
  at_a_time = batches_per_lookup(order, part.batch_size)
  at_a_time -= at_a_time % at_once
  rows, first_row = part.rows, part.first

  def look_up(t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    first = int(t) * part.batch_size
    places = first + np.arange(at_a_time * part.batch_size, dtype=np.int64)
    places = places.reshape([at_a_time, part.batch_size])
    return order(places[:, first_row : first_row + rows])

  def look_up_op(t: tf.Tensor) -> tf.data.Dataset:
    found = tf.numpy_function(look_up, [t], [tf.int64, tf.bool])
    found = [tf.ensure_shape(x, [at_a_time, rows]) for x in found]
    shape = [at_a_time // at_once, at_once * rows]
    indices, flips = [tf.reshape(x, shape) for x in found]
    read = {"indices": indices}
    if with_flips:
      read["flips"] = flips
    if with_t:
      read["t"] = t + tf.range(at_a_time, dtype=tf.int64)
    return tf.data.Dataset.from_tensor_slices(read)

  steps = tf.data.Dataset.range(start, np.iinfo(np.int64).max, at_a_time)
  return steps.flat_map(look_up_op)


def split(read: Any, count: int) -> tf.data.Dataset:
  """Splits a read of `count` batches into the single batches."""
  return tf.data.Dataset.from_tensor_slices(
    tf.nest.map_structure(
      lambda x: tf.reshape(x, [count, x.shape[0] // count, *x.shape[1:]]), read
    )
  )
