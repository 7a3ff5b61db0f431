"""What a GAN's networks offer its regularisers; seen.py has the rest."""

from typing import Any
from typing import Optional

from compare_gan.architectures.abstract_arch import DiscriminatorOutput
from compare_gan.context import state
from compare_gan.gans import seen
from compare_gan.gans.micro_batches import Rows
from compare_gan.gans.term import Offers
from compare_gan.gans.terms import slopes
from compare_gan.gans.terms.kernels import kernels_of
import tensorflow as tf


def of_networks(gan: Any) -> Offers:
  """Returns {name: `value(seen)`} of a ModularGAN, with D's kernels."""
  return {
    **seen.FIELDS,
    **_kernels(gan.weights_of("d")),
    "discriminator": lambda seen: Passes(gan).discriminator,
    "x_slopes": lambda seen: _slopes_as_seen(gan, "x_slopes", seen),
    "x_fake_slopes": lambda seen: _slopes_as_seen(gan, "x_fake_slopes", seen),
    "generator": lambda seen: Passes(gan, seen.rows).generator,
    "styles": lambda seen: Passes(gan, seen.rows).styles,
    "synthesis": lambda seen: Passes(gan, seen.rows).synthesis,
    "real_anchor": lambda seen: gan.penalty.anchors.real,
    "fake_anchor": lambda seen: gan.penalty.anchors.fake,
  }


def with_kernels_of_g(offers: Offers, gan: Any) -> Offers:
  """Returns the offers with G's kernels instead of D's."""
  rest = {name: value for name, value in offers.items() if name != "kernels"}
  return {**rest, **_kernels(gan.generator.trainable_variables)}


def _kernels(weights):
  kernels = kernels_of(weights)
  return {"kernels": lambda seen: kernels} if kernels else {}


def _slopes_as_seen(gan, name, seen):
  if seen.scored and seen.slopes and name in seen.slopes.wanted:
    return seen.slopes.of(name, seen.scored)
  images, y = seen.batch.images, seen.batch.y
  if name == "x_fake_slopes":
    images, y = seen.made.images, seen.batch.fake_y
  return slopes.gradients(Passes(gan).discriminator, images, y)


class Passes:
  """Passes of D and G in training mode; those of G move no state.

  Args:
    gan: a GAN with networks.
    rows: of the whole batch, for which G draws its noise; None for all.
  """

  def __init__(self, gan: Any, rows: Optional[Rows] = None) -> None:
    self._d, self._g = gan.discriminator, gan.generator
    self._rows = rows or Rows()

  def discriminator(
    self, images: tf.Tensor, y: Optional[tf.Tensor]
  ) -> DiscriminatorOutput:
    return self._d(images, y, is_training=True)

  def still_discriminator(
    self, images: tf.Tensor, y: Optional[tf.Tensor]
  ) -> DiscriminatorOutput:
    """Returns D's output from a pass that moves no state of D."""
    with state.frozen():
      return self.discriminator(images, y)

  def generator(self, z: tf.Tensor, y: Optional[tf.Tensor]) -> tf.Tensor:
    with state.frozen(), self._rows.drawing():
      return self._g(z, y, is_training=True)

  def styles(self, z: tf.Tensor, y: Optional[tf.Tensor]) -> tf.Tensor:
    """Returns the styles of z, or z itself if G has no styles."""
    if not hasattr(self._g, "synthesis"):
      return z
    with state.frozen(), self._rows.drawing():
      return self._g.styles(z, y)

  def synthesis(self, w: tf.Tensor, y: Optional[tf.Tensor]) -> tf.Tensor:
    """Returns the images of styles: G is `synthesis` of `styles`."""
    if not hasattr(self._g, "synthesis"):
      return self.generator(w, y)
    with state.frozen(), self._rows.drawing():
      return self._g.synthesis(w, y, is_training=True)
