"""Predicting the angle of a turned image: the pretext task of SSGAN and S3GAN.

The last images of a batch are shown at 90, 180 and 270 degrees too, and a head
on D's features predicts the angle (https://arxiv.org/abs/1811.11212). They are
the last ones of the global batch: replicas exchange them, and each scores its
share of the turned ones. So the number of replicas changes nothing.
"""

from typing import Any
from typing import Union

from compare_gan.context import replica
from compare_gan.context.scope import scope
from compare_gan.layers.linear import Linear
from compare_gan.layers.rotation import rotate_images
import tensorflow as tf

ANGLES = (0, 90, 180, 270)


def make_head(discriminator: Any) -> Linear:
  """Returns the linear layer that predicts the angle, outside D's scope."""
  with scope("discriminator_rotation"):
    return Linear(
      discriminator.num_features,
      len(ANGLES),
      kernel_fn=discriminator.kernel_fn,
      name="score_classify",
    )


def tell_angles(head: Linear, features: tf.Tensor) -> tf.Tensor:
  """Returns the head's logits [N, 4] of features [N, ...]."""
  flat = tf.reshape(features, [tf.shape(features)[0], -1])
  return tf.cast(head(flat, is_training=True), tf.float32)


class Turns:
  """The last q images of the global batch, and how they are shared.

  Args:
    count: q.
    gin_name: the setting of their number, for messages.
  """

  def __init__(self, count: int, gin_name: str) -> None:
    self.count = count
    self._gin_name = gin_name

  def images(self, images: tf.Tensor) -> tf.Tensor:
    """Returns [N + 3 q / replicas] images.

    This replica's own images are followed by its share of the last q images of
    all replicas, turned: [90 degrees, q], [180, q], [270, q] in one row.
    """
    turned = rotate_images(_last(images, self.count), ANGLES[1:])
    return tf.concat([images, self._share(turned)], axis=0)

  def labels(self, y: tf.Tensor, turned_y: tf.Tensor) -> tf.Tensor:
    """Returns the labels of those images; turned ones come from turned_y."""
    turned = tf.tile(_last(turned_y, self.count), [len(ANGLES) - 1, 1])
    return tf.concat([y, self._share(turned)], axis=0)

  def _share(self, turned):
    """Returns this replica's part of all turned images or of their labels."""
    first, size = self._place()
    # Not a gather: a TPU cannot compile its gradient through a concatenation.
    rest = turned.shape.rank - 1
    return tf.slice(turned, [first] + [0] * rest, [size] + [-1] * rest)

  def _shared(self):
    """Returns the positions of this replica's turned images among all 3 q."""
    first, size = self._place()
    return first + tf.range(size)

  def _place(self):
    """Returns the first of those positions, and their number."""
    total, replicas = 3 * self.count, replica.num_replicas()
    if total % replicas:
      raise ValueError(
        f"The {total} turned images of an update cannot be shared evenly by "
        f"{replicas} replicas. Change {self._gin_name} so that they can: each "
        "of its images is turned 3 times."
      )
    size = total // replicas
    return replica.replica_id() * size, size

  def loss(self, logits: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the cross-entropy and accuracy of the angles of 4 q images.

    Args:
      logits: of the angles of `images(...)`.

    Returns:
      This replica's terms, scaled so that their mean over all replicas is the
      mean over the last q images at all angles.
    """
    shared = self._shared()
    upright = tf.shape(logits)[0] - tf.shape(shared)[0]
    angles = tf.concat(
      [tf.zeros([upright], tf.int32), 1 + shared // self.count], axis=0
    )
    counts = tf.concat(
      [_is_last(upright, self.count), tf.ones_like(shared, tf.bool)], axis=0
    )
    weights = tf.cast(counts, tf.float32) * (
      replica.num_replicas() / (len(ANGLES) * self.count)
    )
    # The constant is the original's guard against log(0).
    log_p = tf.math.log(tf.nn.softmax(logits) + 1e-10)
    # Not a gather of each row's entry: a TPU cannot compile its gradient.
    log_p = tf.reduce_sum(tf.one_hot(angles, len(ANGLES)) * log_p, axis=1)
    hits = tf.cast(tf.equal(tf.argmax(logits, 1, tf.int32), angles), tf.float32)
    return -tf.reduce_sum(weights * log_p), tf.reduce_sum(weights * hits)


def _is_last(n, q):
  """Returns for each of n local rows whether it is among the global last q."""
  position = replica.replica_id() * n + tf.range(n)
  return position >= replica.num_replicas() * n - q


def _last(x, q):
  """Returns the last q rows of the global batch, the same on all replicas."""
  if replica.num_replicas() == 1:
    return x[-q:]
  n = tf.shape(x)[0]
  first = (replica.num_replicas() - replica.replica_id()) * n - q
  place = first + tf.range(q)  # local position, if the row is here
  rows = tf.gather(x, tf.clip_by_value(place, 0, n - 1))
  is_here = tf.logical_and(place >= 0, place < n)
  is_here = tf.reshape(is_here, [q] + [1] * (x.shape.rank - 1))
  return replica.all_sum(tf.where(is_here, rows, tf.zeros_like(rows)))


def first(output: Any, n: Union[int, tf.Tensor]) -> Any:
  """Returns D's output for the first n images, the upright ones."""
  return type(output)(*(part[:n] for part in output))
