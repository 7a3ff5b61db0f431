"""Noise on all that D sees, less and less of it.

Amortised MAP Inference for Image Super-resolution (Sonderby et al., 2016,
https://arxiv.org/abs/1610.04490): x + sigma n, n ~ N(0, I), for real images and
fakes, in D's and in G's updates, where sigma falls to 0:

  sigma = sigma_0 max(0, 1 - step / decay_steps)

  augmentation.instance_noise = @instance_noise()
  instance_noise.decay_steps = 100000

It costs a normal draw for each pixel that D sees, even when sigma is 0.
"""

import dataclasses
from typing import Any
from typing import Optional

from compare_gan.configuration import accepted
from compare_gan.gans.number_checks import require_number
import gin
import tensorflow as tf


@gin.configurable("instance_noise", module="compare_gan.gans")
@dataclasses.dataclass(frozen=True)
class InstanceNoise:
  """How much noise there is.

  Args:
    sigma: sigma_0, for pixels in [-1, 1].
    decay_steps: the step from which there is no noise; None: it stays.
  """

  sigma: accepted.NotNegative = 0.1
  decay_steps: Optional[int] = gin.REQUIRED

  def __post_init__(self) -> None:
    require_number("instance_noise.sigma", self.sigma, 0.0)
    if self.decay_steps is not None:
      require_number("instance_noise.decay_steps", self.decay_steps, least=1)

  def sigma_at(self, step: Any) -> Any:
    """Returns sigma, for pixels in [-1, 1]; `step` is a scalar."""
    if self.decay_steps is None:
      return self.sigma
    left = 1.0 - tf.cast(step, tf.float32) / float(self.decay_steps)
    return self.sigma * tf.maximum(left, 0.0)
