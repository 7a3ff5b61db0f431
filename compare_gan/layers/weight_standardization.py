"""Weight standardisation (Qiao et al., 2019, https://arxiv.org/abs/1903.10520)
and the scaled one of NFNets (https://arxiv.org/abs/2101.08692, 2102.06171).

Each output channel's weights get mean 0 and variance 1 (or 1 / fan_in), over
[height, width, in]. Chosen by `D.kernel_fn = @weight_standardization`; with
`D.spectral_norm = True` the standardised kernel is then divided by its norm.
"""

from collections.abc import Sequence
import math
from typing import Callable
from typing import Optional

from compare_gan.configuration import accepted
from compare_gan.context import scope
from compare_gan.layers import gin_names
from compare_gan.layers import initializers
import gin
import tensorflow as tf

_SMALLEST = 1e-12  # The root has no derivative at 0.


def _require_several(gin_name, shape):
  if math.prod(shape[:-1]) < 2:
    raise ValueError(
      f"{gin_name} got a kernel of shape {list(shape)}, where an output "
      "channel has a single weight, which standardization turns into 0. "
      "Choose another G.kernel_fn or D.kernel_fn, or another "
      "options.architecture."
    )


def _deviations(kernel):
  """Returns kernel - mean, and the biased variance, per output channel."""
  axes = list(range(kernel.shape.rank - 1))
  mean, variance = tf.nn.moments(kernel, axes, keepdims=True)
  return kernel - mean, variance


@gin.configurable(
  "weight_standardization",
  module=gin_names.ARCH_OPS,
  denylist=["shape", "init"],
)
class WeightStandardization(scope.Module):
  """`(kernel - mean) / sqrt(variance + epsilon)`, per output channel.

  Args:
    shape: of the kernel.
    init: of the kernel.
    epsilon: added to the variance, or to the deviation if unbiased.
    unbiased: False (default): the paper's formula, above. True: that of the
      official code, (kernel - mean) / (deviation + epsilon), with the sample
      deviation (n - 1).
  """

  def __init__(
    self,
    shape: Sequence[int],
    init: Optional[Callable] = None,
    epsilon: accepted.Positive = 1e-5,
    unbiased: bool = False,
  ) -> None:
    super().__init__()
    _require_several("weight_standardization", shape)
    self._epsilon = epsilon
    self._unbiased = unbiased
    self._fan_in = math.prod(shape[:-1])
    self.kernel = scope.variable(
      "kernel", shape, init or initializers.weights()
    )

  def __call__(self, is_training: bool) -> tf.Tensor:
    del is_training
    deviations, variance = _deviations(tf.convert_to_tensor(self.kernel))
    if not self._unbiased:
      return deviations * tf.math.rsqrt(variance + self._epsilon)
    variance *= self._fan_in / (self._fan_in - 1)
    return deviations / (
      tf.sqrt(tf.maximum(variance, _SMALLEST)) + self._epsilon
    )


@gin.configurable(
  "scaled_weight_standardization",
  module=gin_names.ARCH_OPS,
  denylist=["shape", "init"],
)
class ScaledWeightStandardization(scope.Module):
  """`gain gamma (kernel - mean) / sqrt(max(variance fan_in, epsilon))`.

  The gain of each output channel is learned, from 1. It replaces batch norm:
  use it without one.

  Args:
    shape: of the kernel.
    init: of the kernel.
    epsilon: lower bound of variance fan_in.
    gamma: of the preceding activation, 1.7139589 for ReLU and 1.7881293 for
      SiLU. NFNets multiply the activation by it; here the next kernel carries
      it, which is equivalent for every kernel that follows an activation.
  """

  def __init__(
    self,
    shape: Sequence[int],
    init: Optional[Callable] = None,
    epsilon: accepted.Positive = 1e-4,
    gamma: accepted.Positive = 1.0,
  ) -> None:
    super().__init__()
    _require_several("scaled_weight_standardization", shape)
    self._epsilon = epsilon
    self._gamma = gamma
    self._fan_in = math.prod(shape[:-1])
    self.kernel = scope.variable(
      "kernel", shape, init or initializers.weights()
    )
    with scope.scope("kernel"):
      self.gain = scope.variable("gain", [shape[-1]], initializers.ones)

  def __call__(self, is_training: bool) -> tf.Tensor:
    del is_training
    deviations, variance = _deviations(tf.convert_to_tensor(self.kernel))
    scale = tf.math.rsqrt(tf.maximum(variance * self._fan_in, self._epsilon))
    return deviations * scale * (self._gamma * tf.convert_to_tensor(self.gain))
