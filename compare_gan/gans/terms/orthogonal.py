"""Filters that do not point the same way."""

from collections.abc import Sequence

from compare_gan.gans.terms import PENALTY_LIB
from compare_gan.gans.terms.kernels import as_matrix
from compare_gan.gans.terms.kernels import require_kernels
import gin
import tensorflow as tf


@gin.configurable(module=PENALTY_LIB, denylist=["kernels"])
def orthogonal_penalty(
  kernels: Sequence[tf.Variable],
  convolutions_only: bool = False,
  factor: float = 1.0,
) -> tf.Tensor:
  """Sum over kernels of factor |W^T W o (1 - I)|^2.

  Equation 3 of BigGAN (https://arxiv.org/abs/1809.11096).
  Filters, the columns of W = [prod(shape[:-1]), shape[-1]], may have any length
  but not point the same way.

  Args:
    kernels: of one network.
    convolutions_only: leaves out linear layers and embeddings.
    factor: some write a half, tf.nn.l2_loss.
  """
  if convolutions_only:
    kernels = [k for k in kernels if k.shape.rank == 4]
  require_kernels(kernels, "orthogonal_penalty")
  terms = []
  for kernel in kernels:
    w = as_matrix(kernel)
    gram = tf.matmul(w, w, transpose_a=True)
    off_diagonal = gram * (1.0 - tf.eye(gram.shape[0]))
    terms.append(factor * tf.reduce_sum(tf.square(off_diagonal)))
  return tf.add_n(terms)
