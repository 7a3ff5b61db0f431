"""The GAN of any generator, discriminator, loss and penalty.

`train_step` is Algorithm 1 of Goodfellow et al. (2014): D is updated
`options.disc_iters` times, then G `options.gen_iters` times. `global_step`
counts these steps, not the updates in them. Schedules, the average of the
weights, checkpoints and `options.training_steps` refer to it.

This file defines what is sampled, scored, penalised and descended. networks.py
makes the networks, fakes.py says when fakes are made, and update.py finds the
gradients and makes the steps.
"""

from collections.abc import Iterator
import contextlib
from typing import Any
from typing import Callable
from typing import Optional
from typing import Union

from compare_gan.architectures.abstract_arch import DiscriminatorOutput
from compare_gan.context import pixels
from compare_gan.context import scope
from compare_gan.gans import batches as batches_lib
from compare_gan.gans import ema
from compare_gan.gans import fakes as fakes_lib
from compare_gan.gans import latent_optimization as logan
from compare_gan.gans import latents
from compare_gan.gans import loss_lib
from compare_gan.gans import offers as offers_lib
from compare_gan.gans import optimizers
from compare_gan.gans import penalties
from compare_gan.gans import settings_checks
from compare_gan.gans import update
from compare_gan.gans.augmentation import Augmentation
from compare_gan.gans.batches import Batch
from compare_gan.gans.fakes import Fakes
from compare_gan.gans.fakes import Made
from compare_gan.gans.fakes import Pass
from compare_gan.gans.heads import class_head as class_head_lib
from compare_gan.gans.micro_batches import Rows
from compare_gan.gans.networks import Networks
from compare_gan.gans.schedules import Schedule
from compare_gan.gans.seen import Scored
from compare_gan.gans.seen import Seen  # noqa: F401, part of what hooks see
from compare_gan.gans.sight import Sight
from compare_gan.gans.term import Offers
from compare_gan.gans.update import Objective
import gin
import tensorflow as tf


@gin.configurable(denylist=["dataset", "options", "seed"])
class ModularGAN(Networks):
  """See above.

  A subclass overrides some of these, but no step:

    make_generator, make_discriminator, make_encoder, make_heads,
    one_hot, d_sees_labels        see networks.py
    sample(batch, i)              -> the Batch of an update, of a dict
    make_fakes(passes, rows)      -> what G makes of each pass, a list of Made
    augmented(batch, made, rows)  -> both, as D is to see them
    losses(batch, made)           -> the Scored of both
    offers()                      -> {name: `value(seen)`}, for regularisers

  Args:
    dataset: has `image_shape` and `num_classes`.
    options: see gans/options.py.
    seed: of z, labels and penalties.
    deprecated_split_disc_calls: D sees real and fake images in two passes.
    experimental_joint_gen_for_disc: the fakes of all D updates come from one
      pass of G; needs experimental_force_graph_unroll.
    experimental_force_graph_unroll: G gets its own batch.
    g_use_ema: keeps a moving average of G's weights.
    ema_decay, ema_start_step: of that average, a copy before the start.
    ema_warmup: its decay at step t is at most (1 + t) / (10 + t).
    g_optimizer_fn, d_optimizer_fn: optimisers; D's default is G's.
    g_lr, d_lr: learning rates, numbers or schedules; D's default is G's.
    conditional: the networks see labels.
    fit_label_distribution: fakes have the labels of the real images instead of
      uniform ones.
    class_head: how D learns classes, in addition to or instead of projecting y:
      @ac_head or another head of heads/, or None for no head.
    latent_optimization: @latent_optimization() or None.
  """

  fakes_made_again = False  # Whether each update makes its own fakes.

  def __init__(
    self,
    dataset: Any,
    options: Any,
    seed: int = 0,
    deprecated_split_disc_calls: bool = False,
    experimental_joint_gen_for_disc: bool = False,
    experimental_force_graph_unroll: bool = False,
    g_use_ema: bool = False,
    ema_decay: Schedule = 0.9999,
    ema_start_step: int = 40000,
    g_optimizer_fn: Callable = optimizers.AdamOptimizer,
    d_optimizer_fn: Optional[Callable] = None,
    g_lr: Schedule = 0.0002,
    d_lr: Optional[Schedule] = None,
    conditional: bool = False,
    fit_label_distribution: bool = False,
    ema_warmup: bool = False,
    class_head: Optional[Callable[..., class_head_lib.ClassHead]] = None,
    latent_optimization: Optional[logan.LatentOptimization] = None,
  ) -> None:
    settings_checks.require_unrolled_for_joint_fakes(
      experimental_joint_gen_for_disc, experimental_force_graph_unroll
    )
    if g_use_ema:
      settings_checks.warn_if_average_never_starts(
        ema_start_step, options.training_steps
      )
    self.seed = seed
    self.penalty_weight = options.lamba
    self.split_scores = deprecated_split_disc_calls
    self.joint_fakes = experimental_joint_gen_for_disc
    self.unrolled = experimental_force_graph_unroll
    self.fit_labels = fit_label_distribution
    self.latent_optimization = logan.checked(latent_optimization, self)
    self._augment = Augmentation(
      step=lambda: self.global_step, batch_size=options.batch_size
    )
    if self.has_encoder:
      settings_checks.require_no_pseudo_real(self._augment, type(self).__name__)
    self._class_head_fn = class_head
    super().__init__(dataset, options, conditional)
    self.class_head = class_head_lib.find_class_head(self.heads)
    if class_head and not self.class_head:
      settings_checks.refuse_class_head(class_head, type(self).__name__)
    self.averages: Optional[ema.Averages] = None
    if g_use_ema:
      self.averages = ema.Averages(ema_decay, ema_start_step, ema_warmup)
      self.averaged_generator = self.averages.copy_of(
        self.generator, self.make_generator
      )
    self.penalty = penalties.make_d_penalty(
      self, augments=not self._augment.is_identity
    )
    self.g_penalty = penalties.make_g_penalty(self)
    # State outside the networks, moved after D's or G's update and saved.
    self.d_state = [*self.penalty.terms.modules, self._augment]
    self.g_state = self.g_penalty.terms.modules
    anchors = penalties.make_score_anchors(self.penalty)
    self._d = update.Side(
      "d",
      [*self.networks_of("d"), *([anchors] if anchors else [])],
      d_optimizer_fn or g_optimizer_fn,
      g_lr if d_lr is None else d_lr,
      self.penalty.terms,
      self.d_state,
    )
    self._g = update.Side(
      "g",
      self.networks_of("g"),
      g_optimizer_fn,
      g_lr,
      self.g_penalty.terms,
      self.g_state,
    )
    self.d_optimizer = self._d.optimizer
    self.g_optimizer = self._g.optimizer
    self.global_step = update.make_counter("global_step", tf.int64)
    self.global_step_disc = update.make_counter("global_step_disc", tf.int32)
    self.anchors = anchors

  # ---- Networks --------------------------------------------------------------

  def make_heads(self) -> tuple[scope.Module, ...]:
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
    return bool(self._class_head_fn) or super().d_sees_labels()

  # ---- Algorithm 1 -----------------------------------------------------------

  @property
  def batches_per_step(self) -> int:
    return batches_lib.per_step(self.options, self.unrolled)

  def train_step(
    self, batches: list[dict[str, tf.Tensor]]
  ) -> dict[str, tf.Tensor]:
    with update.recomputing(self.options):
      d_batches, g_batch = self.sample_all(batches)
      step = update.Step(
        self.options, self._d, self._g, self.global_step, self.unrolled
      )
      fakes = self.fakes_in_turn(d_batches, g_batch)
      scalars: dict[str, tf.Tensor] = {}
      for i, batch in enumerate(d_batches):
        with step.update_of(self._d):
          scalars |= self._update_discriminator(step, batch, next(fakes), i)
      for i in range(self.options.gen_iters):
        with step.update_of(self._g):
          scalars |= self._update_generator(step, g_batch, next(fakes), i)
      if self.averages:
        self.averages.move(self.global_step, stays=step.left_g_alone)
      self.global_step.assign_add(1)
      return scalars

  def _update_discriminator(self, step, batch, fakes, i):
    """Descends d_loss + lambda * penalty + terms in D; returns scalars."""
    sight = Sight(self, "d", i, batch, self.offers())
    terms = self.penalty.terms

    def loss(part: Batch, made: Made, rows: Rows) -> Objective:
      seen = sight.see(part, made, rows, terms.eager)
      with self.noise("penalty", i, batch):
        penalty = self.penalty.value(sight.offers, seen)
      d_loss = seen.scored.d_loss + self.penalty_weight * penalty
      scalars = {f"loss/d_{i}": d_loss, "loss/penalty": penalty}
      scalars |= _mean_logits(seen.scored)
      scalars |= self._augment.named_statistics(seen.scored.real.logits)
      return Objective(d_loss, scalars, sight.values(terms.eager, seen))

    scalars = step.descend(self._d, batch, fakes, loss, terms, sight.value)
    real, fake = (scalars.pop(name) for name in _MEAN_LOGITS)
    if self.anchors:
      self.anchors.move(real, fake)
    scalars |= self._augment.conclude(scalars)
    self.global_step_disc.assign_add(1)
    return scalars

  def _update_generator(self, step, batch, fakes, i):
    """Descends g_loss + terms in G, through its fakes; returns scalars."""
    sight = Sight(self, "g", i, batch, self.g_offers())
    terms = self.g_penalty.terms

    def loss(part: Batch, made: Made, rows: Rows) -> Objective:
      seen = sight.see(part, made, rows, terms.eager)
      scalars = {"loss/g": seen.scored.g_loss, **seen.scored.scalars}
      values = sight.values(terms.eager, seen)
      return Objective(seen.scored.g_loss, scalars, values)

    return step.descend(
      self._g, batch, fakes, loss, terms, sight.value, self.g_penalty
    )

  # ---- What is sampled -------------------------------------------------------

  def sample_all(
    self, batches: list[dict[str, tf.Tensor]]
  ) -> tuple[list[Batch], Batch]:
    """Returns the Batches of the D updates, and that of the G updates."""
    return batches_lib.for_updates(
      batches, self.options, self.unrolled, self.sample
    )

  def sample(self, batch: dict[str, tf.Tensor], i: int) -> Batch:
    """Returns the Batch of a dict; draws the z and labels that it lacks."""
    size = tf.shape(batch["images"])[0]
    with self.noise("z", i, size):
      z = batch.get("z")
      if z is None:
        z = latents.z([size, self.options.z_dim])
    y = fake_y = None
    if self.num_classes:
      y = self.one_hot(batch["labels"])
      with self.noise("labels", i, size):
        labels = batches_lib.labels_of_fakes(
          batch, size, self.num_classes, self.fit_labels
        )
        fake_y = self.one_hot(labels)
    images = pixels.to_unit(batch["images"])
    return Batch(images, y, z, fake_y, self.label_weights(y))

  def label_weights(self, y: Optional[tf.Tensor]) -> Optional[tf.Tensor]:
    """Returns [N], what each label of a whole batch counts; None: all alike."""
    del y
    return None

  def noise(
    self, purpose: str, i: int, batch: Union[Batch, int, tf.Tensor]
  ) -> contextlib.AbstractContextManager:
    """Makes draws inside depend on seed, step, purpose, i and row position.

    Args:
      purpose: the name of what is drawn.
      i: the number of the update.
      batch: a whole Batch, or its size.
    """
    size = tf.shape(batch.images)[0] if isinstance(batch, Batch) else batch
    return batches_lib.seeded(self.seed, self.global_step, purpose, i, size)

  # ---- Fakes and augmentation ------------------------------------------------

  def fakes_in_turn(
    self, d_batches: list[Batch], g_batch: Batch
  ) -> Iterator[Fakes]:
    """Yields the Fakes of each D update, then of each G update."""
    tensors = 1 + int(self.has_encoder)
    several = bool(self.g_penalty.terms)  # gradients through one pass
    maker = fakes_lib.Maker(
      self.make_fakes, self._g, self.options, tensors, persistent=several
    )
    return maker.in_turn(
      d_batches, g_batch, self.unrolled, self.fakes_made_again
    )

  def make_fakes(self, passes: list[Pass], rows: Rows) -> list[Made]:
    """Returns what G makes of each pass, in training mode; a list of Made.

    Args:
      passes: see fakes.py; several of them may be made jointly.
      rows: their rows in the whole batches.
    """
    del rows  # For subclasses that draw here.
    return list(map(Made, self.images_of(passes)))

  def augmented(
    self, batch: Batch, made: Made, rows: Rows
  ) -> tuple[Batch, Made]:
    """Returns both with the images as `augmentation` changes them."""
    batch = batch._replace(images=self._changed_at_random(batch.images, rows))
    return batch, made._replace(
      images=self._changed_at_random(made.images, rows)
    )

  def _changed_at_random(self, images, rows):
    return self._augment.apply(images, self._augment.draw(images, rows))

  def mixed(self, batch: Batch, rows: Rows, whole: Batch) -> Batch:
    """Returns D's batch with fresh fakes among its real images (APA).

    Args:
      batch: some rows of the whole one.
      rows: which.
      whole: the whole one, whose labels all count in `label_weights`.
    """
    if not self._augment.mixes:
      return batch
    size = tf.shape(batch.images)[0] * rows.parts
    fresh = offers_lib.Passes(self).generator(
      rows.of(latents.z([size, self.options.z_dim])), batch.fake_y
    )
    is_fake = self._augment.fakes_among(size)
    images, y = self._augment.mix(
      batch.images,
      batch.y,
      tf.stop_gradient(fresh),
      batch.fake_y,
      rows.of(is_fake),
    )
    weights = batch.y_weight
    if weights is not None:
      mixed_y = self._augment.mix_labels(whole.y, whole.fake_y, is_fake)
      weights = rows.of(self.label_weights(mixed_y))
    return batch._replace(images=images, y=y, y_weight=weights)

  # ---- What is scored and penalised ------------------------------------------

  def losses(self, batch: Batch, made: Made) -> Scored:
    """Returns the Scored of a batch and of what G made of it."""
    real, fake, *views = self.score(
      batch.images, batch.y, made.images, batch.fake_y, batch.views
    )
    scored = self.gan_losses(real, fake, batch)
    if self.class_head:
      scored = self.class_head.added_to(scored, batch)
    return scored._replace(views=tuple(views))

  def gan_losses(
    self,
    real: DiscriminatorOutput,
    fake: DiscriminatorOutput,
    batch: Optional[Batch] = None,
  ) -> Scored:
    """Returns the Scored of D's outputs, by `loss.fn`.

    Args:
      real, fake: D's outputs.
      batch: the batch that D saw, for losses that need labels.
    """
    labels = {"y": batch.y, "y_fake": batch.fake_y} if batch else {}
    losses = loss_lib.get_losses(
      real.logits,
      fake.logits,
      more={
        "real_features": real.features,
        "fake_features": fake.features,
        "step": self.global_step,
        **labels,
      },
      parts=self.options.micro_batches,
    )
    return Scored(losses.d_loss, losses.g_loss, real, fake, {})

  def offers(self) -> Offers:
    """Returns {name: `value(seen)`}, what regularisers of D can use."""
    return offers_lib.of_networks(self)

  def g_offers(self) -> Offers:
    """Returns what regularisers of G can use: its kernels, not D's."""
    return offers_lib.with_kernels_of_g(self.offers(), self)

  @contextlib.contextmanager
  def without_penalty(self) -> Iterator[None]:
    """Makes D descend its loss alone inside, to show what the penalty costs."""
    with self._changed(penalty=penalties.make_no_penalty()):
      yield


_MEAN_LOGITS = ("logits/real", "logits/fake")


def _mean_logits(scored):
  means = [tf.reduce_mean(side.logits) for side in (scored.real, scored.fake)]
  return dict(zip(_MEAN_LOGITS, means))
