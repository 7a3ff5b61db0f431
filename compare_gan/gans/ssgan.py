"""SSGAN: D also tells by how far an image was turned.

Self-Supervised GANs via Auxiliary Rotation Loss (arxiv.org/abs/1811.11212).
The last images of a batch are shown at 90, 180 and 270 degrees too. D learns to
tell the angle on real images; G is rewarded if D can on its fakes.
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
    self._rotated = rotated_batch_size // 4
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

  def _turned(self):
    """Returns q, how many of this replica's images are turned."""
    return self._rotated // replica.num_replicas()

  def _with_turned(self, images):
    """Returns [N + 3 q] images: the last q turned, at the end, by angle."""
    turned = rotate_images(images[-self._turned() :], _ANGLES[1:])
    return tf.concat([images, turned], axis=0)

  def _with_turned_labels(self, y, turned_y):
    last = turned_y[-self._turned() :]
    return tf.concat([y, tf.tile(last, [len(_ANGLES) - 1, 1])], axis=0)

  def _rotation_loss(self, features):
    """Returns the cross-entropy and accuracy of the last 4 q images' angles."""
    q = self._turned()
    flat = tf.reshape(features, [tf.shape(features)[0], -1])
    [head] = self.heads
    logits = tf.cast(head(flat, is_training=True), tf.float32)[-4 * q :]
    angles = tf.repeat(tf.range(len(_ANGLES)), q)
    # The constant is the original's guard against log(0).
    log_p = tf.math.log(tf.nn.softmax(logits) + 1e-10)
    loss = -tf.reduce_mean(tf.gather(log_p, angles, axis=1, batch_dims=1))
    hits = tf.equal(tf.argmax(logits, 1, tf.int32), angles)
    return loss, tf.reduce_mean(tf.cast(hits, tf.float32))


def _first(output, n):
  """Returns D's output for the first n images, the upright ones."""
  return type(output)(*(part[:n] for part in output))
