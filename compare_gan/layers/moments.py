"""Mean and variance over a batch, or over the batches of all replicas."""

from collections.abc import Sequence
from typing import Optional

from compare_gan.context import replica
import gin
import tensorflow as tf


def batch_moments(
  x: tf.Tensor, axes: Sequence[int]
) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns the mean and the biased variance E[x^2] - E[x]^2 over `axes`.

  This form, in float32 and unclipped, is the original's and needs one pass.
  """
  mean = tf.reduce_mean(x, axes)
  return mean, tf.reduce_mean(tf.square(x), axes) - tf.square(mean)


@gin.configurable(
  "cross_replica_moments",
  module="compare_gan.tpu.tpu_ops",
  denylist=["x", "axes"],
)
def cross_replica_moments(
  x: tf.Tensor,
  axes: Sequence[int],
  parallel: bool = True,
  group_size: Optional[int] = None,
) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns the moments of the global batch; `x` is this replica's part.

  Args:
    x: this replica's activations; all replicas have equally many.
    axes: to average over.
    parallel: both moments in one exchange, E[x^2] - E[x]^2; otherwise the mean
      first, then E[(x - mean)^2], slower and exact for means far from 0.
    group_size: average over groups of this many replicas; None is all of them.
  """
  if group_size is not None and (
    group_size < 1 or replica.num_replicas() % group_size
  ):
    raise ValueError(
      f"cross_replica_moments.group_size = {group_size} does not divide the "
      f"{replica.num_replicas()} replicas."
    )
  mean = tf.reduce_mean(x, axes)
  if parallel:
    square = tf.reduce_mean(tf.square(x), axes)
    mean, square = replica.all_means([mean, square], group_size)
    return mean, square - tf.square(mean)
  mean = replica.all_mean(mean, group_size)
  deviation = tf.reduce_mean(tf.square(x - mean), axes)
  return mean, replica.all_mean(deviation, group_size)
