"""SSGAN: D also tells by how far an image was turned.

Self-Supervised GANs via Auxiliary Rotation Loss (arxiv.org/abs/1811.11212).
The last images of a batch are shown at 90, 180 and 270 degrees too. D learns to
tell the angle on real images; G is rewarded if D can on its fakes.

The last ones of the global batch: several replicas hand them to each other, and
each scores its share of the turned ones. So their number changes nothing.
"""

from compare_gan import replica
from compare_gan.gans.modular_gan import ModularGAN
from compare_gan.gans.modular_gan import Scored
from compare_gan.layers.linear import Linear
from compare_gan.layers.rotation import rotate_images
from compare_gan.layers.scope import scope
import gin
import tensorflow as tf

_ANGLES = (0, 90, 180, 270)
_MODES = ("rotation_gan", "rotation_only", "none")


@gin.configurable(denylist=["dataset", "options", "seed"])
class SSGAN(ModularGAN):
  """See above; the bindings of ModularGAN act here too.

  Args:
    dataset, options, seed: as for ModularGAN.
    self_supervision: "rotation_gan"; "rotation_only", without the GAN's own
      losses and penalty; or "none".
    rotated_batch_size: images at all four angles together, over all replicas.
    weight_rotation_loss_d, weight_rotation_loss_g: of the two new terms.
    rotated_fakes_keep_real_labels: gives D the labels of real images with the
      turned fakes, as the original did; needed for its exact numbers only.
  """

  def __init__(
    self,
    dataset,
    options,
    seed=0,
    self_supervision="rotation_gan",
    rotated_batch_size=gin.REQUIRED,
    weight_rotation_loss_d=1.0,
    weight_rotation_loss_g=0.2,
    rotated_fakes_keep_real_labels=False,
  ):
    super().__init__(dataset, options, seed)
    if self_supervision not in _MODES:
      raise ValueError(
        f"SSGAN.self_supervision = {self_supervision!r} is unknown. It can be "
        f"{', '.join(map(repr, _MODES))}."
      )
    if self._split_scores:
      raise ValueError(
        "SSGAN scores real and fake images in one pass. Set "
        "ModularGAN.deprecated_split_disc_calls = False."
      )
    if rotated_batch_size % 4 or not 4 <= rotated_batch_size:
      raise ValueError(
        f"SSGAN.rotated_batch_size = {rotated_batch_size}; a multiple of 4 "
        "would do: each image comes at four angles."
      )
    if rotated_batch_size // 4 > options.batch_size:
      raise ValueError(
        f"SSGAN.rotated_batch_size = {rotated_batch_size} turns "
        f"{rotated_batch_size // 4} images, but options.batch_size is "
        f"{options.batch_size}."
      )
    if rotated_batch_size // 4 % options.micro_batches:
      raise ValueError(
        f"SSGAN.rotated_batch_size = {rotated_batch_size} turns "
        f"{rotated_batch_size // 4} images, which options.micro_batches = "
        f"{options.micro_batches} does not divide. Change one of them."
      )
    self._rotated = rotated_batch_size // 4 // options.micro_batches
    self._supervised = self_supervision != "none"
    self._gan_weight = 0.0 if self_supervision == "rotation_only" else 1.0
    self._penalty_weight *= self._gan_weight
    self._weight_d = weight_rotation_loss_d
    self._weight_g = weight_rotation_loss_g
    self._keep_real_labels = rotated_fakes_keep_real_labels

  def _make_heads(self):
    with scope("discriminator_rotation"):
      return (
        Linear(
          self.discriminator.num_features,
          len(_ANGLES),
          kernel_fn=self.discriminator.kernel_fn,
          name="score_classify",
        ),
      )

  def _losses(self, batch, fakes):
    if not self._supervised:
      return super()._losses(batch, fakes)
    n = tf.shape(fakes)[0]
    real_y = fake_y = None
    if self.num_classes:
      real_y = self._with_turned_labels(batch.y, batch.y)
      fake_y = self._with_turned_labels(
        batch.fake_y, batch.y if self._keep_real_labels else batch.fake_y
      )
    real, fake = self._score(
      self._with_turned(batch.images), real_y, self._with_turned(fakes), fake_y
    )
    real_rotation, accuracy = self._rotation_loss(real.features)
    fake_rotation, _ = self._rotation_loss(fake.features)
    scored = self._gan_losses(_first(real, n), _first(fake, n))
    return Scored(
      self._gan_weight * scored.d_loss + self._weight_d * real_rotation,
      self._gan_weight * scored.g_loss + self._weight_g * fake_rotation,
      scored.real,
      scored.fake,
      {
        "loss/c_real_loss": real_rotation,
        "loss/c_fake_loss": fake_rotation,
        "accuracy/d_rotation": accuracy,
      },
    )

  def _with_turned(self, images):
    """Returns [N + 3 q / replicas] images.

    Behind this replica's own ones stands its share of the last q ones of all
    replicas, turned: [90 degrees, q], [180, q], [270, q] in one row.
    """
    last = _last(images, self._rotated)
    turned = rotate_images(last, _ANGLES[1:])
    return tf.concat([images, self._share(turned)], axis=0)

  def _with_turned_labels(self, y, turned_y):
    last = _last(turned_y, self._rotated)
    turned = tf.tile(last, [len(_ANGLES) - 1, 1])
    return tf.concat([y, self._share(turned)], axis=0)

  def _share(self, turned):
    """Returns this replica's part of all turned images or of their labels."""
    return tf.gather(turned, self._shared())

  def _shared(self):
    """Returns the places of this replica's turned images among all 3 q."""
    total, replicas = 3 * self._rotated, replica.num_replicas()
    if total % replicas:
      raise ValueError(
        f"There are {total} turned images to an update, but {replicas} "
        "replicas cannot share them evenly. Set SSGAN.rotated_batch_size to a "
        f"multiple of {4 * replicas}, times options.micro_batches."
      )
    size = total // replicas
    return replica.replica_id() * size + tf.range(size)

  def _rotation_loss(self, features):
    """Returns the cross-entropy and accuracy of the angles of 4 q images.

    Args:
      features: of the images of `_with_turned`.

    Returns:
      This replica's terms, scaled such that the mean over all replicas is that
      over the last q images at all angles.
    """
    flat = tf.reshape(features, [tf.shape(features)[0], -1])
    [head] = self.heads
    logits = tf.cast(head(flat, is_training=True), tf.float32)
    shared = self._shared()
    upright = tf.shape(features)[0] - tf.shape(shared)[0]
    angles = tf.concat(
      [tf.zeros([upright], tf.int32), 1 + shared // self._rotated], axis=0
    )
    counts = tf.concat(
      [_is_last(upright, self._rotated), tf.ones_like(shared, tf.bool)], axis=0
    )
    weights = tf.cast(counts, tf.float32) * (
      replica.num_replicas() / (len(_ANGLES) * self._rotated)
    )
    # The constant is the original's guard against log(0).
    log_p = tf.math.log(tf.nn.softmax(logits) + 1e-10)
    log_p = tf.gather(log_p, angles, axis=1, batch_dims=1)
    hits = tf.cast(tf.equal(tf.argmax(logits, 1, tf.int32), angles), tf.float32)
    return -tf.reduce_sum(weights * log_p), tf.reduce_sum(weights * hits)


def _is_last(n, q):
  """Returns for each of n rows here whether it is one of the global last q."""
  position = replica.replica_id() * n + tf.range(n)
  return position >= replica.num_replicas() * n - q


def _last(x, q):
  """Returns the last q rows of the global batch, the same on all replicas."""
  if replica.num_replicas() == 1:
    return x[-q:]
  n = tf.shape(x)[0]
  first = (replica.num_replicas() - replica.replica_id()) * n - q
  place = first + tf.range(q)  # of each one here, if it is here
  rows = tf.gather(x, tf.clip_by_value(place, 0, n - 1))
  is_here = tf.logical_and(place >= 0, place < n)
  is_here = tf.reshape(is_here, [q] + [1] * (x.shape.rank - 1))
  return replica.all_sum(tf.where(is_here, rows, tf.zeros_like(rows)))


def _first(output, n):
  """Returns D's output for the first n images, the upright ones."""
  return type(output)(*(part[:n] for part in output))
