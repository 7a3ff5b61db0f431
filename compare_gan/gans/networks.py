"""The networks of a GAN: how they are made, and what they make of a batch."""

from collections.abc import Iterator
from collections.abc import Sequence
import contextlib
from typing import Any
from typing import Callable
from typing import Optional

from compare_gan.architectures import abstract_arch
from compare_gan.context import state
from compare_gan.context.gin_scope import settings_of
from compare_gan.context.scope import Module
from compare_gan.gans import label_use
from compare_gan.gans import settings_checks
from compare_gan.gans.abstract_gan import AbstractGAN
from compare_gan.gans.fakes import Pass
from compare_gan.gans.heads.class_head import ClassHead
from compare_gan.gans.heads.class_head import find_class_head
from compare_gan.gans.micro_batches import Rows
from compare_gan.gans.options import Options
from compare_gan.gans.seen import View
import tensorflow as tf


class Networks(AbstractGAN):
  """A GAN that does not train yet: ModularGAN adds Algorithm 1.

  To use other networks, override `make_generator`, `make_discriminator`,
  `make_encoder` and `make_heads`.

  Args:
    dataset: has `image_shape` and `num_classes`.
    options: see gans/options.py.
    conditional: whether the networks see labels.
    class_head: how D learns classes, see heads/; None for no head.
  """

  joint_fakes = False  # Whether several batches of fakes come from one pass.
  split_scores = False  # Whether D sees real and fake images in two passes.
  scores_apart = False  # The same where one pass would give the same scores.

  def __init__(
    self,
    dataset: Any,
    options: Options,
    conditional: bool = False,
    class_head: Optional[Callable[..., ClassHead]] = None,
  ) -> None:
    super().__init__()
    if conditional and not dataset.num_classes:
      raise ValueError(
        "ModularGAN.conditional = True, but the dataset has no labels. Set it "
        "to False or choose another dataset.name."
      )
    if options.encoder_architecture is not None and not self.has_encoder:
      raise ValueError(
        f"{type(self).__name__} has no encoder, but options."
        f"encoder_architecture = {options.encoder_architecture!r}. Leave it at "
        "None or choose another options.gan_class."
      )
    self.options = options
    self._class_head_fn = class_head
    self.num_classes = dataset.num_classes if conditional else 0
    self.image_shape = tuple(dataset.image_shape)
    self.generator = self.make_generator()
    self.encoder = self.make_encoder()
    self.discriminator = self.make_discriminator()
    with settings_of("D"):
      self.heads = self.make_heads()
    self.class_head = find_class_head(self.heads)
    if class_head and not self.class_head:
      settings_checks.refuse_class_head(class_head, type(self).__name__)
    if conditional:
      label_use.check(self)
    self.averaged_generator: Optional[abstract_arch.AbstractGenerator] = None

  # ---- Hooks -----------------------------------------------------------------

  def make_generator(self) -> abstract_arch.AbstractGenerator:
    """Returns G. Called again for the moving average of its weights."""
    return abstract_arch.make_generator(
      self.options.architecture,
      self.options.z_dim,
      self.image_shape,
      self.num_classes,
    )

  def make_discriminator(self) -> abstract_arch.AbstractDiscriminator:
    """Returns D."""
    return abstract_arch.make_discriminator(
      self.options.discriminator_architecture or self.options.architecture,
      self.image_shape,
      self.num_classes,
    )

  def make_encoder(self) -> Optional[abstract_arch.AbstractEncoder]:
    """Returns E, which is trained with G; None for a GAN without encoder."""
    return None

  def make_heads(self) -> tuple[Module, ...]:
    """Returns further modules that are trained with D: the class head."""
    if not self._class_head_fn:
      return ()
    if not self.num_classes:
      raise ValueError(
        f"ModularGAN.class_head = @{self._class_head_fn.__name__} needs "
        "ModularGAN.conditional = True."
      )
    return (
      self._class_head_fn(self.discriminator, num_classes=self.num_classes),
    )

  def d_sees_labels(self) -> bool:
    """Returns whether D's scores depend on the labels of the images."""
    return bool(self._class_head_fn) or label_use.reach_scores(self)

  def one_hot(self, labels: tf.Tensor) -> tf.Tensor:
    """Returns y [N, num_classes]. A label of -1, unknown, is a row of zeros."""
    return tf.one_hot(labels, self.num_classes)

  @property
  def d_alone_scores(self) -> bool:
    """Whether D's logits are the scores of images, without heads or codes."""
    return True

  # ---- What is trained together ----------------------------------------------

  def networks_of(self, side: str) -> list[Module]:
    """Returns the modules that the optimiser of "d" or of "g" moves."""
    if side == "d":
      return [self.discriminator, *self.heads]
    return [self.generator, *([self.encoder] if self.encoder else [])]

  def weights_of(self, side: str) -> list[tf.Variable]:
    """Returns the variables that the optimiser of "d" or of "g" moves."""
    networks = self.networks_of(side)
    return [w for network in networks for w in network.trainable_variables]

  # ---- Training --------------------------------------------------------------

  def images_of(self, passes: list[Pass], rows: Rows) -> list[tf.Tensor]:
    """Returns G's images for each pass, made in one pass if `joint_fakes`.

    A G that draws noise has passes with draws of their own.
    """
    batches = [one.batch for one in passes]
    apart = self.generator.draws_noise or not self.joint_fakes
    if apart or len(batches) < 2:
      return [self._images_of(one, rows) for one in passes]
    z = tf.concat([batch.z for batch in batches], axis=0)
    y = None
    if self.num_classes:
      y = tf.concat([batch.fake_y for batch in batches], axis=0)
    return tf.split(self.generator(z, y, is_training=True), len(batches))

  def _images_of(self, one, rows):
    batch = one.batch
    with self.drawing(one, rows):
      return self.generator(batch.z, batch.fake_y, is_training=True)

  def drawing(self, one: Pass, rows: Rows) -> contextlib.AbstractContextManager:
    """Makes what G draws in a pass inside depend on these and on the step."""
    del one, rows  # Networks have no steps.
    return contextlib.nullcontext()

  def score(
    self,
    real: tf.Tensor,
    y: Optional[tf.Tensor],
    fakes: tf.Tensor,
    fake_y: Optional[tf.Tensor],
    views: Sequence[View] = (),
  ) -> tuple[abstract_arch.DiscriminatorOutput, ...]:
    """Returns D's outputs for real images, for fakes and for each view.

    They come from one pass, or from one pass each if `split_scores` or
    `scores_apart`.
    """
    return self.scores_of([View(real, y), View(fakes, fake_y), *views])

  def scores_of(
    self, views: Sequence[View]
  ) -> tuple[abstract_arch.DiscriminatorOutput, ...]:
    """Returns D's outputs for each of several batches of one size."""
    if self.split_scores:
      return tuple(
        self.discriminator(images, y, is_training=True) for images, y in views
      )
    if self.scores_apart:
      return self._scores_apart(views)
    images = tf.concat([view.images for view in views], axis=0)
    y = (
      tf.concat([view.y for view in views], axis=0)
      if self.num_classes
      else None
    )
    together = self.discriminator(images, y, is_training=True)
    parts = [tf.split(output, len(views)) for output in together]
    return tuple(
      abstract_arch.DiscriminatorOutput(*part) for part in zip(*parts)
    )

  @contextlib.contextmanager
  def scoring(self, apart: bool) -> Iterator[None]:
    """Sets `scores_apart` inside."""
    with self._changed(scores_apart=apart):
      yield

  def _scores_apart(self, views):
    # All passes begin with one state and would move it alike. The last does, so
    # that a pass of real images that nobody reads is not made.
    with state.frozen():
      outputs = [
        self.discriminator(images, y, is_training=True)
        for images, y in views[:-1]
      ]
    images, y = views[-1]
    return (*outputs, self.discriminator(images, y, is_training=True))

  # ---- Evaluation ------------------------------------------------------------

  def generate(
    self,
    z: Any,
    y: Any = None,
    averaged: bool = True,
    batch_moments: bool = False,
    truncation: Optional[float] = None,
  ) -> tf.Tensor:
    network = self.generator
    if averaged and self.averaged_generator:
      network = self.averaged_generator
    y = self.class_weights(y)
    if truncation is not None:
      if not network.truncates_styles:
        raise ValueError(
          f"{network.title} has no styles to be truncated: truncation = "
          f"{truncation} needs an options.architecture such as "
          "'stylegan2_arch'."
        )
      return network(  # type: ignore[call-arg]  # It says so, see above.
        z, y, is_training=False, truncation=truncation
      )
    # Noise would make a picture of each moment differ; such a G has no moments.
    if batch_moments and not network.draws_noise:
      with state.frozen():
        return network(z, y, is_training=True)
    return network(z, y, is_training=False)

  def discriminate(
    self, images: Any, y: Any = None
  ) -> abstract_arch.DiscriminatorOutput:
    return self.discriminator(images, self.class_weights(y), is_training=False)

  def class_weights(self, y: Any) -> Optional[tf.Tensor]:
    """Returns y [N, num_classes] of labels or rows; None without classes."""
    if not self.num_classes:
      return None
    if y is None:
      raise ValueError(
        f"This GAN is conditional: it needs labels from 0 to "
        f"{self.num_classes - 1}, got None."
      )
    y = tf.convert_to_tensor(y)
    return self.one_hot(y) if y.dtype.is_integer else y
