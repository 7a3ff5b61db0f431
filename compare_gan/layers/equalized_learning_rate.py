"""The equalised learning rate of Progressive GANs (arXiv:1710.10196).

Weights are stored with a deviation of 1 and scaled where they are used:

  w = w_stored gain / sqrt(fan_in),  fan_in = prod(shape[:-1])

so that Adam, whose steps do not depend on the scale of a gradient, moves all
layers at the same relative speed. The learning rate itself is not scaled.

Chosen by `G.kernel_fn = @equalized_learning_rate`.
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


@gin.configurable(
  "equalized_learning_rate",
  module=gin_names.ARCH_OPS,
  denylist=["shape", "init"],
)
class EqualizedLearningRate(scope.Module):
  """`kernel gain lr_multiplier / sqrt(fan_in)`.

  The initialiser of a layer and weights.initializer have no effect: this class
  sets the scale of the first values.

  Args:
    shape: of the kernel.
    init: not used, see above.
    gain: sqrt(2), He's for ReLU, in Progressive GANs; 1 in StyleGAN2.
    lr_multiplier: m of StyleGAN's dense layers: weights are stored with a
      deviation of 1 / m and used times m, and so is the bias.
  """

  def __init__(
    self,
    shape: Sequence[int],
    init: Optional[Callable] = None,
    gain: float = math.sqrt(2.0),
    lr_multiplier: accepted.Positive = 1.0,
  ) -> None:
    super().__init__()
    del init
    for name, value in (("gain", gain), ("lr_multiplier", lr_multiplier)):
      if not value > 0:
        raise ValueError(
          f"equalized_learning_rate.{name} = {value}. It must be positive."
        )
    self.bias_scale = lr_multiplier
    self._scale = gain * lr_multiplier / math.sqrt(math.prod(shape[:-1]))
    self.kernel = scope.variable(
      "kernel", shape, initializers.normal(1.0 / lr_multiplier)
    )

  def __call__(self, is_training: bool) -> tf.Tensor:
    del is_training
    return tf.convert_to_tensor(self.kernel) * self._scale
