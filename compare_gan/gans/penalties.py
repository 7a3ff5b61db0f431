"""A GAN's penalties, made from its weights and from what it offers them."""

from typing import Any

from compare_gan.gans import penalty_lib
from compare_gan.gans import term


def make_d_penalty(gan: Any) -> penalty_lib.Penalty:
  """Returns the penalty and terms of D, of a ModularGAN with networks."""
  return penalty_lib.Penalty(
    type(gan).__name__,
    list(gan.offers()),
    building={"kernels": penalty_lib.kernels_of(gan.weights_of("d"))},
    augments=not gan.augmentation.is_identity,
    more=term.added_to("D"),
  )


def make_g_penalty(gan: Any) -> penalty_lib.GeneratorPenalty:
  """Returns the penalty and terms of G."""
  kernels = penalty_lib.kernels_of(gan.generator.trainable_variables)
  return penalty_lib.GeneratorPenalty(
    kernels,
    gan=type(gan).__name__,
    offers=list(gan.g_offers()),
    building={"kernels": kernels},
    more=term.added_to("G"),
  )


def make_no_penalty() -> penalty_lib.Penalty:
  """Returns the penalty 0 without terms, ignoring gin."""
  return penalty_lib.Penalty("", offers=[], fn=penalty_lib.no_penalty, terms=())
