"""What the updates of a step see, and where their random numbers come from.

A Batch is what one update of Algorithm 1 samples: real images with their
labels, and the latents and labels that fakes are made from. How many batches a
step takes, and which update gets which, follows from `options.disc_iters`,
`options.d_batches` and `ModularGAN.experimental_force_graph_unroll`.
"""

import contextlib
from typing import Any
from typing import Callable
from typing import NamedTuple
from typing import Optional
import zlib

from compare_gan.context import draws
from compare_gan.context import replica
from compare_gan.gans.options import Options
import tensorflow as tf


class Batch(NamedTuple):
  """What one update sees: N real images, and the inputs of N fakes."""

  images: tf.Tensor  # [N, H, W, C]
  y: Optional[tf.Tensor]  # [N, num_classes], None if not conditional
  z: tf.Tensor  # [N, z_dim]
  fake_y: Optional[tf.Tensor]  # [N, num_classes]
  y_weight: Optional[tf.Tensor] = None  # [N], of y in a loss of labels
  views: tuple = ()  # more images that D is to score, see seen.View


def per_step(options: Options, unrolled: bool) -> int:
  """Returns how many batches a step takes.

  Args:
    options: the Options of the training.
    unrolled: whether G's update has its own batch.
  """
  fresh = options.d_batches == "fresh"
  return (options.disc_iters if fresh else 1) + int(unrolled)


def for_updates(
  batches: list[dict[str, tf.Tensor]],
  options: Options,
  unrolled: bool,
  sample: Callable[[dict[str, tf.Tensor], int], Batch],
) -> tuple[list[Batch], Batch]:
  """Returns the Batches of the D updates, and that of the G updates.

  If G has no batch of its own, it gets D's last one.

  Args:
    batches: `per_step` dicts.
    options, unrolled: as for `per_step`.
    sample: `sample(batch, i)` -> the Batch of the i-th update.
  """
  sources = list(batches[:-1] if unrolled else batches)
  if options.d_batches == "same":
    sources *= options.disc_iters
  d_batches = [sample(batch, i) for i, batch in enumerate(sources)]
  if unrolled:
    return d_batches, sample(batches[-1], len(d_batches))
  return d_batches, d_batches[-1]


def labels_of_fakes(
  batch: dict[str, tf.Tensor], size: tf.Tensor, num_classes: int, fit: bool
) -> tf.Tensor:
  """Returns the labels of fakes: those in the dict, or uniform ones.

  Args:
    batch: the dict.
    size: how many are wanted.
    num_classes: labels are smaller than this.
    fit: whether fakes have the labels of the real images.
  """
  if fit:
    return batch["labels"]
  if "sampled_labels" in batch:
    return batch["sampled_labels"]
  return draws.uniform([size], 0, num_classes, dtype=tf.int32)


def seeded(
  seed: int, step: tf.Variable, purpose: str, i: int, size: Any
) -> contextlib.AbstractContextManager:
  """Makes draws inside depend on seed, step, purpose, i and row position.

  Args:
    seed: of the training, an int.
    step: its counter.
    purpose: what is drawn, such as "z".
    i: the number of the update.
    size: rows that this replica has, an int or a tensor.
  """
  key = (seed + zlib.crc32(f"{purpose}_{i}".encode())) & 0x7FFFFFFF
  key = tf.stack([tf.constant(key, tf.int64), step])
  return draws.seeded(key, first=replica.replica_id() * size)
