"""Filters that do not point the same way.

W = [prod(shape[:-1]), shape[-1]] is a kernel; its columns are the filters.
These are the forms of Can We Gain More from Orthogonality Regularizations
(Bansal et al., 2018, https://arxiv.org/abs/1810.09102), and BigGAN's. They cost
a product W^T W for each kernel, independent of the batch.
"""

from collections.abc import Sequence
from typing import Callable

from compare_gan.configuration import accepted
from compare_gan.gans.terms import PENALTY_LIB
from compare_gan.gans.terms import TERMS
from compare_gan.gans.terms.kernels import as_matrix
from compare_gan.gans.terms.kernels import require_kernels
import gin
import numpy as np
import tensorflow as tf


@gin.configurable(module=PENALTY_LIB, denylist=["kernels"])
def orthogonal_penalty(
  kernels: Sequence[tf.Variable],
  convolutions_only: bool = False,
  factor: accepted.NotNegative = 1.0,
) -> tf.Tensor:
  """Sum over kernels of factor |W^T W o (1 - I)|^2.

  Equation 3 of BigGAN (https://arxiv.org/abs/1809.11096).
  Filters, the columns of W = [prod(shape[:-1]), shape[-1]], may have any length
  but not point the same way.

  Args:
    kernels: of one network.
    convolutions_only: leaves out linear layers and embeddings.
    factor: 1/2 in code that uses tf.nn.l2_loss.
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


@gin.configurable(module=TERMS, denylist=["kernels"])
def soft_orthogonal(
  kernels: Sequence[tf.Variable], convolutions_only: bool = False
) -> tf.Tensor:
  """Sum of |W^T W - I|^2 (https://arxiv.org/abs/1609.07093). Weight 1e-4.

  It cannot reach 0 if there are more filters than numbers in a filter.

  Args:
    kernels: of one network.
    convolutions_only: as for orthogonal_penalty.
  """

  def value(w: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(tf.square(_gram_minus_one(w)))

  return _sum_over(kernels, value, "soft_orthogonal", convolutions_only)


@gin.configurable(module=TERMS, denylist=["kernels"])
def double_soft_orthogonal(
  kernels: Sequence[tf.Variable], convolutions_only: bool = False
) -> tf.Tensor:
  """Sum of |W^T W - I|^2 + |W W^T - I|^2, for W of any shape. Weight 1e-4.

  Args:
    kernels: of one network.
    convolutions_only: as for orthogonal_penalty.
  """

  def value(w: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(tf.square(_gram_minus_one(w))) + tf.reduce_sum(
      tf.square(_gram_minus_one(tf.transpose(w)))
    )

  return _sum_over(kernels, value, "double_soft_orthogonal", convolutions_only)


@gin.configurable(module=TERMS, denylist=["kernels"])
def mutual_coherence(
  kernels: Sequence[tf.Variable], convolutions_only: bool = False
) -> tf.Tensor:
  """Sum of max |W^T W - I|, its largest element. Weight 1e-4.

  Args:
    kernels: of one network.
    convolutions_only: as for orthogonal_penalty.
  """

  def value(w: tf.Tensor) -> tf.Tensor:
    return tf.reduce_max(tf.abs(_gram_minus_one(w)))

  return _sum_over(kernels, value, "mutual_coherence", convolutions_only)


@gin.configurable(module=TERMS, denylist=["kernels"])
def srip(
  kernels: Sequence[tf.Variable],
  iterations: accepted.Count = 2,
  convolutions_only: bool = False,
) -> tf.Tensor:
  """Sum of the spectral norms of W^T W - I, by power iteration.

  The restricted isometry of Bansal et al.; weights of 0.01 to 0.1 are in use.
  The iteration starts at the same vector each time, and the gradient goes
  through it.

  Args:
    kernels: of one network.
    iterations: of the power method, products with W^T W - I before the norm is
      taken.
    convolutions_only: as for orthogonal_penalty.
  """

  def value(w: tf.Tensor) -> tf.Tensor:
    gram = _gram_minus_one(w)
    start = np.random.RandomState(0).randn(w.shape[1], 1)
    v = tf.constant(start, tf.float32)
    for _ in range(iterations):
      v = tf.matmul(gram, v)
      v /= tf.norm(v) + 1e-12
    return tf.norm(tf.matmul(gram, v))

  return _sum_over(kernels, value, "srip", convolutions_only)


def _gram_minus_one(w):
  """Returns W^T W - I."""
  return tf.matmul(w, w, transpose_a=True) - tf.eye(w.shape[1])


def _sum_over(
  kernels: Sequence[tf.Variable],
  value: Callable[[tf.Tensor], tf.Tensor],
  name: str,
  convolutions_only: bool,
) -> tf.Tensor:
  if convolutions_only:
    kernels = [k for k in kernels if k.shape.rank == 4]
  require_kernels(kernels, name)
  return tf.add_n([value(as_matrix(kernel)) for kernel in kernels])
