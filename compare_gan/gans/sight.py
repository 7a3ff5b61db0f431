"""How an update sees its batch: changed by augmentation, scored, regularised.

A pass of D scores real and fake images together with the views that
regularisers request, so views need no power iteration or batch moments of their
own. Slopes come from that pass, too.

If D scores each image by itself, real and fake images have a pass each where
that saves work, with the same scores:
* In G's update TensorFlow leaves out the pass of real images, unless something
  reads it, as a relativistic loss does.
* R1 or R2 alone need the slopes of one pass only.
"""

from collections.abc import Sequence
import contextlib
from typing import Any
from typing import NamedTuple

from compare_gan.gans import latent_optimization
from compare_gan.gans import latents
from compare_gan.gans import offers as offers_lib
from compare_gan.gans.batches import Batch
from compare_gan.gans.fakes import Made
from compare_gan.gans.micro_batches import Rows
from compare_gan.gans.seen import SLOPES
from compare_gan.gans.seen import SLOPES_AS_SEEN
from compare_gan.gans.seen import Seen
from compare_gan.gans.seen import Slopes
from compare_gan.gans.seen import View
from compare_gan.gans.term import Offers
from compare_gan.gans.term import Regulariser
from compare_gan.gans.term import Valued
import tensorflow as tf


class Sight(NamedTuple):
  """What the i-th update of a side does with any part of its batch."""

  gan: Any  # the ModularGAN, for its hooks
  side: str  # "d" or "g"
  i: int
  batch: Batch  # the whole one, of this replica
  offers: Offers

  def see(
    self,
    part: Batch,
    made: Made,
    rows: Rows,
    regularisers: Sequence[Regulariser],
    more: Sequence[str] = (),
  ) -> Seen:
    """Returns the Seen of some rows, with what regularisers need.

    Args:
      part, made, rows: what D scores, and which rows of the batch it is.
      regularisers: those that act.
      more: further names, as in seen.py, that may be asked for.
    """
    cost = None
    if self.gan.latent_optimization:
      with self._noise(f"latents_{self.side}"):
        part, made, cost = self.gan.latent_optimization.improve(
          offers_lib.Passes(self.gan, rows), part, made, rows
        )
    if self.side == "d":
      with self._noise("pseudo_real"):
        part = self._mixed(part, rows)
    alone = self.gan.discriminator.scores_alone
    asked = {*more, *(name for one in regularisers for name in one.needs)}
    names = (*SLOPES, *SLOPES_AS_SEEN) if alone else SLOPES
    wanted = [name for name in names if name in asked]
    slopes = Slopes(wanted, part.images, made.images)
    apart = alone and (self.side == "g" or len(wanted) == 1)
    with slopes.watching(), self.gan.scoring(apart):
      with self._noise(f"augment_{self.side}"):
        batch, shown = self.gan.augmented(part, made, rows)
      slopes.show(batch.images, shown.images)
      seen = Seen(batch, shown, None, rows, part, made, slopes)
      views = {one.name: self._views(one, seen) for one in regularisers}
      flat = [view for some in views.values() for view in some]
      scored = self.gan.losses(batch._replace(views=tuple(flat)), shown)
      if len(scored.views) < len(flat):  # a GAN that scores in its own way
        scored = scored._replace(views=self.gan.scores_of(flat))
    if cost is not None:
      scored = latent_optimization.with_cost(scored, cost)
    logits, left = {}, [output.logits for output in scored.views]
    for name, some in views.items():
      logits[name], left = left[: len(some)], left[len(some) :]
    return seen._replace(scored=scored, view_logits=logits)

  def values(
    self, regularisers: Sequence[Regulariser], seen: Seen
  ) -> dict[str, Valued]:
    """Returns {name: Valued}; each regulariser has its own draws."""
    found = {}
    for one in regularisers:
      own = seen._replace(view_logits=seen.view_logits[one.name])
      with self._noise(f"term_{self.side}_{one.name}"):
        found[one.name] = one.value(self.offers, own, self.gan.global_step)
    return found

  def value(
    self, regulariser: Regulariser, part: Batch, made: Made, rows: Rows
  ) -> Valued:
    """Returns the Valued of one regulariser, from its own pass."""
    seen = self.see(part, made, rows, [regulariser])
    return self.values([regulariser], seen)[regulariser.name]

  def _mixed(self, part, rows) -> Batch:
    """Returns D's batch with fresh fakes among its real images (APA)."""
    augmentation, whole = self.gan.augmentation, self.batch
    if not augmentation.mixes:
      return part
    size = tf.shape(part.images)[0] * rows.parts
    z = rows.of(latents.z([size, self.gan.options.z_dim]))
    fresh = offers_lib.Passes(self.gan, rows).generator(z, part.fake_y)
    is_fake = augmentation.fakes_among(size)
    images, y = augmentation.mix(
      part.images,
      part.y,
      tf.stop_gradient(fresh),
      part.fake_y,
      rows.of(is_fake),
    )
    weights = part.y_weight
    if weights is not None:  # They depend on the labels of the whole batch.
      mixed_y = augmentation.mix_labels(whole.y, whole.fake_y, is_fake)
      weights = rows.of(self.gan.label_weights(mixed_y))
    return part._replace(images=images, y=y, y_weight=weights)

  def _views(self, regulariser, seen) -> list[View]:
    with self._noise(f"views_{self.side}_{regulariser.name}"):
      return regulariser.views(self.offers, seen)

  def _noise(self, purpose) -> contextlib.AbstractContextManager:
    return self.gan.noise(purpose, self.i, self.batch)
