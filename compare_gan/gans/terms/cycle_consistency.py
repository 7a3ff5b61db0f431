"""Cycle consistency: G makes an image again from its code.

ALICE (Li et al., 2017, https://arxiv.org/abs/1709.01215). A discriminator of
pairs leaves open which code belongs to which image, as long as both have the
right distribution; this term ties them. For G of a GAN with an encoder, which
it trains too. It costs a pass of G.
"""

from typing import Callable
from typing import Optional

from compare_gan.context import pixels
from compare_gan.gans.terms import TERMS
import gin
import tensorflow as tf


@gin.configurable(module=TERMS, denylist=["raw_x", "code", "y", "generator"])
def cycle_consistency(
  raw_x: tf.Tensor,
  code: tf.Tensor,
  y: Optional[tf.Tensor],
  generator: Callable[..., tf.Tensor],
) -> tf.Tensor:
  """Mean of |x - G(E(x), y)|, of pixels in [-1, 1].

  For BigBiGAN's G and E, which one optimiser moves.

  Args:
    raw_x, code, y, generator: see gans/seen.py.
  """
  again = generator(code, y)
  difference = pixels.to_papers(raw_x) - pixels.to_papers(again)
  return tf.reduce_mean(tf.abs(difference))
