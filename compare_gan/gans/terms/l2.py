"""The length of D's kernels."""

from collections.abc import Sequence

from compare_gan.gans.terms import PENALTY_LIB
from compare_gan.gans.terms.kernels import require_kernels
import gin
import tensorflow as tf


@gin.configurable(module=PENALTY_LIB, denylist=["kernels"])
def l2_penalty(kernels: Sequence[tf.Variable]) -> tf.Tensor:
  """Mean over D's kernels of |K|^2 / 2, before any normalisation of them."""
  require_kernels(kernels, "l2_penalty")
  return tf.add_n([tf.nn.l2_loss(k) for k in kernels]) / len(kernels)
