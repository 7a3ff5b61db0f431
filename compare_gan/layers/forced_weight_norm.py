"""Forced weight normalisation of EDM2 (https://arxiv.org/abs/2312.02696).

  normalised(w) = w / (epsilon + |w| / sqrt(fan_in))     per output channel

In training the stored weights become normalised(w) before each step, so that
they cannot grow and the learning rate keeps its meaning. They are normalised
again where they are used, which removes the gradient along their length, and
divided by sqrt(fan_in): outputs keep the variance of the inputs.

Chosen by `G.kernel_fn = @forced_weight_norm`. Biases stay unchanged; EDM2 has
none.
"""

from collections.abc import Sequence
import math
from typing import Callable
from typing import Optional

from compare_gan.configuration import accepted
from compare_gan.context import scope
from compare_gan.context import state
from compare_gan.layers import gin_names
from compare_gan.layers import initializers
import gin
import tensorflow as tf

_SMALLEST = 1e-30  # The root has no derivative at 0.


def normalized(kernel: tf.Tensor, epsilon: float = 1e-4) -> tf.Tensor:
  """Returns the kernel with weights of mean square 1 per output channel."""
  axes = list(range(kernel.shape.rank - 1))
  square = tf.reduce_mean(tf.square(kernel), axes, keepdims=True)
  return kernel / (epsilon + tf.sqrt(tf.maximum(square, _SMALLEST)))


@gin.configurable(
  "forced_weight_norm", module=gin_names.ARCH_OPS, denylist=["shape", "init"]
)
class ForcedWeightNorm(scope.Module):
  """`normalised(kernel) / sqrt(fan_in)`.

  The initialiser of a layer has no effect: the kernel starts from N(0, 1).

  Args:
    shape: of the kernel.
    init: not used, see above.
    epsilon: added to the root mean square that weights are divided by.
  """

  def __init__(
    self,
    shape: Sequence[int],
    init: Optional[Callable] = None,
    epsilon: accepted.Positive = 1e-4,
  ) -> None:
    super().__init__()
    del init
    self._epsilon = epsilon
    self._scale = 1.0 / math.sqrt(math.prod(shape[:-1]))
    self.kernel = scope.variable("kernel", shape, initializers.normal(1.0))

  def __call__(self, is_training: bool) -> tf.Tensor:
    kernel = tf.convert_to_tensor(self.kernel)
    if is_training:
      state.update(self.kernel, self._forced)
      # The gradient is taken at the weights that will be stored, so the number
      # of passes before the update does not matter.
      kernel += tf.stop_gradient(normalized(kernel, self._epsilon) - kernel)
    return normalized(kernel, self._epsilon) * self._scale

  def _forced(self):
    return normalized(tf.convert_to_tensor(self.kernel), self._epsilon)
