"""A GAN's penalties, made from its weights and from what it offers them."""

from typing import Any
from typing import Optional

from compare_gan.gans import penalty_lib
from compare_gan.gans import term


def make_d_penalty(gan: Any, augments: bool) -> penalty_lib.Penalty:
  """Returns the penalty and terms of D.

  Args:
    gan: a ModularGAN with networks.
    augments: whether there is a policy of augmentation.
  """
  return penalty_lib.Penalty(
    type(gan).__name__,
    list(gan.offers()),
    building={"kernels": penalty_lib.kernels_of(gan.weights_of("d"))},
    augments=augments,
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


def make_score_anchors(
  penalty: penalty_lib.Penalty,
) -> Optional[penalty_lib.ScoreAnchors]:
  """Returns the averages of D's scores if the penalty needs them."""
  if "real_anchor" not in penalty.needs:
    return None
  return penalty_lib.ScoreAnchors()


def make_no_penalty() -> penalty_lib.Penalty:
  """Returns the penalty 0 without terms, ignoring gin."""
  return penalty_lib.Penalty("", offers=[], fn=penalty_lib.no_penalty, terms=())
