"""Weight normalisation (Salimans & Kingma, 2016, https://arxiv.org/abs/1602.07868).

kernel = g V / |V|, the norm taken per index of the last axis: the output
channel of a linear layer or convolution, the input channel of a deconvolution.
`g` starts at the norm of the first V, so that a network begins where it would
without normalisation.
"""

from collections.abc import Sequence
from typing import Callable
from typing import Optional

from compare_gan.context import scope
from compare_gan.layers import initializers
import numpy as np
import tensorflow as tf

_SMALLEST = 1e-12  # A column of zeros has no direction, and stays zeros.


class WeightNorm(scope.Module):
  """`g V / |V|`, with one length g per index of the last axis."""

  def __init__(
    self, shape: Sequence[int], init: Optional[Callable] = None
  ) -> None:
    super().__init__()
    init = init or initializers.weights()
    self._axes = list(range(len(shape) - 1))
    self.V = scope.variable("V", shape, init)
    self.g = scope.variable("g", [shape[-1]], self._first_norm)

  def _first_norm(self, rng, shape):
    del rng, shape
    return np.sqrt(np.sum(np.square(self.V.numpy()), axis=tuple(self._axes)))

  def __call__(self, is_training: bool) -> tf.Tensor:
    del is_training
    norm = tf.sqrt(tf.reduce_sum(tf.square(self.V), self._axes, keepdims=True))
    return tf.convert_to_tensor(self.g) * self.V / tf.maximum(norm, _SMALLEST)
