"""The GAN of any generator, discriminator, loss and penalty.

`train_step` is Algorithm 1 of Goodfellow et al. (2014): D is updated
`options.disc_iters` times, then G `options.gen_iters` times. `global_step`
counts these steps, not the updates in them. Schedules, the average of the
weights, checkpoints and `options.training_steps` refer to it.

This file defines what is scored, penalised and descended. networks.py makes the
networks, sampling_gan.py samples, fakes.py says when fakes are made, and
update.py finds the gradients and makes the steps.
"""

from collections.abc import Iterator
import contextlib
from typing import Annotated
from typing import Any
from typing import Callable
from typing import Optional

from compare_gan.architectures.abstract_arch import DiscriminatorOutput
from compare_gan.configuration import accepted
from compare_gan.gans import ema
from compare_gan.gans import fakes as fakes_lib
from compare_gan.gans import latent_optimization as logan
from compare_gan.gans import loss_lib
from compare_gan.gans import offers as offers_lib
from compare_gan.gans import optimizers
from compare_gan.gans import penalties
from compare_gan.gans import settings_checks
from compare_gan.gans import update
from compare_gan.gans.batches import Batch
from compare_gan.gans.fakes import Fakes
from compare_gan.gans.fakes import Made
from compare_gan.gans.heads.class_head import ClassHead
from compare_gan.gans.micro_batches import Rows
from compare_gan.gans.sampling_gan import SamplingGAN
from compare_gan.gans.schedules import Schedule
from compare_gan.gans.seen import Scored
from compare_gan.gans.seen import Seen  # noqa: F401, part of what hooks see
from compare_gan.gans.side import make_side
from compare_gan.gans.sight import Sight
from compare_gan.gans.term import Offers
from compare_gan.gans.update import Objective
import gin
import tensorflow as tf


@gin.configurable(denylist=["dataset", "options", "seed"])
class ModularGAN(SamplingGAN):
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
    deprecated_split_disc_calls: D sees real and fake images in two passes; so
      does a D whose scores couple the images of a pass.
    experimental_joint_gen_for_disc: the fakes of all D updates come from one
      pass of G; needs experimental_force_graph_unroll.
    experimental_force_graph_unroll: G's update has a batch of its own, instead
      of going through the fakes of D's last update.
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
    latent_optimization: moves z before each update, @latent_optimization().
      None: z stays as it is drawn.
  """

  def __init__(
    self,
    dataset: Any,
    options: Any,
    seed: int = 0,
    deprecated_split_disc_calls: bool = False,
    experimental_joint_gen_for_disc: bool = False,
    experimental_force_graph_unroll: bool = False,
    g_use_ema: bool = False,
    ema_decay: Annotated[Schedule, accepted.Range(least=0, most=1)] = 0.9999,
    ema_start_step: accepted.CountOrZero = 40000,
    g_optimizer_fn: Callable = optimizers.AdamOptimizer,
    d_optimizer_fn: Optional[Callable] = None,
    g_lr: Annotated[Schedule, accepted.Range(least=0)] = 0.0002,
    d_lr: Optional[Annotated[Schedule, accepted.Range(least=0)]] = None,
    conditional: bool = False,
    fit_label_distribution: bool = False,
    ema_warmup: bool = False,
    class_head: Optional[Callable[..., ClassHead]] = None,
    latent_optimization: Optional[logan.LatentOptimization] = None,
  ) -> None:
    settings_checks.require_unrolled_for_joint_fakes(
      experimental_joint_gen_for_disc, experimental_force_graph_unroll
    )
    self.joint_fakes = experimental_joint_gen_for_disc
    self.split_scores = deprecated_split_disc_calls
    self.latent_optimization = logan.checked(latent_optimization, self)
    super().__init__(
      dataset,
      options,
      conditional,
      class_head,
      seed,
      unrolled=experimental_force_graph_unroll,
      fit_labels=fit_label_distribution,
    )
    self.split_scores |= self.discriminator.couples_images
    self.averages: Optional[ema.Averages] = None
    if g_use_ema:
      settings_checks.warn_if_average_never_starts(
        ema_start_step, options.training_steps
      )
      self.averages = ema.Averages(ema_decay, ema_start_step, ema_warmup)
      self.averaged_generator = self.averages.copy_of(
        self.generator, self.make_generator
      )
    self.penalty_weight = options.lamba
    self.penalty = penalties.make_d_penalty(self)
    self.g_penalty = penalties.make_g_penalty(self)
    # State outside the networks, moved after D's or G's update and saved.
    self.d_state = [*self.penalty.modules, self.augmentation]
    self.g_state = self.g_penalty.modules
    d_lr = g_lr if d_lr is None else d_lr
    self._d = make_side(self, "d", d_optimizer_fn or g_optimizer_fn, d_lr)
    self._g = make_side(self, "g", g_optimizer_fn, g_lr)
    self.d_optimizer = self._d.optimizer
    self.g_optimizer = self._g.optimizer

  # ---- Algorithm 1 -----------------------------------------------------------

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
      seen = sight.see(part, made, rows, terms.eager, self.penalty.needs)
      with self.noise("penalty", i, batch):
        penalty = self.penalty.value(sight.offers, seen)
      d_loss = seen.scored.d_loss + self.penalty_weight * penalty
      scalars = {f"loss/d_{i}": d_loss, "loss/penalty": penalty}
      scalars |= seen.scored.d_scalars or {}
      scalars |= self.penalty.statistics(seen.scored)
      scalars |= self.augmentation.named_statistics(seen.scored.real.logits)
      return Objective(d_loss, scalars, sight.values(terms.eager, seen))

    scalars = step.descend(self._d, batch, fakes, loss, terms, sight.value)
    self.penalty.conclude(scalars)
    scalars |= self.augmentation.conclude(scalars)
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
