"""SSGAN: D also tells by how far an image was turned.

Self-Supervised GANs via Auxiliary Rotation Loss (arxiv.org/abs/1811.11212).
The last images of a batch are shown at 90, 180 and 270 degrees too. D learns to
predict the angle of real images; G is rewarded if D can predict it for fakes.
"""

from typing import Annotated
from typing import Any

from compare_gan.configuration import accepted
from compare_gan.gans import rotation_task
from compare_gan.gans import settings_checks
from compare_gan.gans.modular_gan import ModularGAN
from compare_gan.gans.modular_gan import Scored
import gin
import tensorflow as tf

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
    dataset: Any,
    options: Any,
    seed: int = 0,
    self_supervision: Annotated[str, accepted.OneOf(*_MODES)] = "rotation_gan",
    rotated_batch_size: accepted.CountOrZero = gin.REQUIRED,
    weight_rotation_loss_d: accepted.NotNegative = 1.0,
    weight_rotation_loss_g: accepted.NotNegative = 0.2,
    rotated_fakes_keep_real_labels: bool = False,
  ) -> None:
    super().__init__(dataset, options, seed)
    if self_supervision not in _MODES:
      raise ValueError(
        f"SSGAN.self_supervision = {self_supervision!r} is unknown. It can be "
        f"{', '.join(map(repr, _MODES))}."
      )
    settings_checks.require_joint_scores(self, "SSGAN")
    if rotated_batch_size % 4 or not 4 <= rotated_batch_size:
      raise ValueError(
        f"SSGAN.rotated_batch_size = {rotated_batch_size}; it must be a "
        "multiple of 4, since each image is shown at four angles."
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
    self._turns = rotation_task.Turns(
      rotated_batch_size // 4 // options.micro_batches,
      "SSGAN.rotated_batch_size",
    )
    self._supervised = self_supervision != "none"
    self._gan_weight = 0.0 if self_supervision == "rotation_only" else 1.0
    self.penalty_weight *= self._gan_weight
    self._weight_d = weight_rotation_loss_d
    self._weight_g = weight_rotation_loss_g
    self._keep_real_labels = rotated_fakes_keep_real_labels

  def make_heads(self) -> tuple[tf.Module, ...]:
    return (rotation_task.make_head(self.discriminator),)

  def losses(self, batch: Any, made: Any) -> Scored:
    if not self._supervised:
      return super().losses(batch, made)
    fakes = made.images
    n = tf.shape(fakes)[0]
    turns = self._turns
    real_y = fake_y = None
    if self.num_classes:
      real_y = turns.labels(batch.y, batch.y)
      fake_y = turns.labels(
        batch.fake_y, batch.y if self._keep_real_labels else batch.fake_y
      )
    real, fake = self.score(
      turns.images(batch.images), real_y, turns.images(fakes), fake_y
    )
    [head] = self.heads
    angles = rotation_task.tell_angles(
      head, tf.concat([real.features, fake.features], axis=0)
    )
    real_angles, fake_angles = tf.split(angles, 2)
    real_rotation, accuracy = turns.loss(real_angles)
    fake_rotation, _ = turns.loss(fake_angles)
    scored = self.gan_losses(
      rotation_task.first(real, n), rotation_task.first(fake, n)
    )
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
