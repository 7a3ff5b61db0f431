"""Virtual batch normalisation (Salimans et al., 2016, arXiv:1606.03498).

Each image is normalised by the moments of itself and of a reference batch of M
images that is fixed at the start of the training:

  a = 1 / (M + 1)
  mean = a mean(x_n) + (1 - a) mean(R),  and the same for the mean of squares
  y = (x_n - mean) / sqrt(variance + epsilon) gamma + beta

The reference passes through the network each time, with its current weights, in
front of the batch: architectures/reference_batch.py puts it there. That adds M
rows to each pass, in training and in evaluation. The reference is normalised by
its own moments. No image depends on the batch it is in.
"""

from typing import Callable
from typing import Optional

from compare_gan.configuration import accepted
from compare_gan.context.scope import Module
from compare_gan.context.scope import scope
from compare_gan.context.scope import variable
from compare_gan.layers import initializers
from compare_gan.layers.gin_names import ARCH_OPS
from compare_gan.layers.gin_names import NORM_INPUTS
from compare_gan.layers.kernel import Kernel
import gin
import tensorflow as tf


@gin.configurable("virtual_batch_norm", module=ARCH_OPS, denylist=NORM_INPUTS)
class VirtualBatchNorm(Module):
  """Normalises x [M + N, H, W, C] or [M + N, C]; the first M rows are R.

  Args:
    channels, z_dim, y_dim, kernel_fn, name: see batch_norm.py.
    reference_size: images of the reference batch, M.
    epsilon: added to the variance; TF-GAN's.
  """

  couples_images = True  # In the first update, which takes the reference.

  def __init__(
    self,
    channels: int,
    z_dim: int = 0,
    y_dim: int = 0,
    kernel_fn: Callable[..., tf.Module] = Kernel,
    name: str = "batch_norm",
    reference_size: accepted.Count = 64,
    epsilon: accepted.Positive = 1e-3,
  ) -> None:
    super().__init__()
    del z_dim, y_dim, kernel_fn
    if reference_size < 1:
      raise ValueError(
        f"virtual_batch_norm.reference_size = {reference_size}. It must be a "
        "number of images, 1 or more."
      )
    self.reference_size = reference_size
    self.has_reference = False  # Set by the code that prepends the reference.
    self._epsilon = epsilon
    with scope(name):
      self.gamma = variable("gamma", [channels], initializers.ones)
      self.beta = variable("beta", [channels], initializers.zeros)

  def __call__(
    self,
    x: tf.Tensor,
    z: Optional[tf.Tensor],
    y: Optional[tf.Tensor],
    is_training: bool,
  ) -> tf.Tensor:
    del z, y, is_training
    if not self.has_reference:
      raise ValueError(
        "virtual_batch_norm needs its reference batch in front of the batch. "
        "Make the network with abstract_arch.make_generator or its siblings, "
        "or pass it to reference_batch.with_reference."
      )
    full = tf.cast(x, tf.float32)
    reference, images = (
      full[: self.reference_size],
      full[self.reference_size :],
    )
    normal = self._normalized(reference, images)
    return tf.cast(normal * self.gamma + self.beta, x.dtype)

  def _normalized(self, reference, images):
    pixels = list(range(1, images.shape.rank - 1))
    r_mean, r_variance = tf.nn.moments(reference, [0, *pixels], keepdims=True)
    x_mean, x_variance = tf.nn.moments(images, pixels, keepdims=True)
    a = 1.0 / (self.reference_size + 1)
    mean = a * x_mean + (1 - a) * r_mean
    # The formula's mean of squares - mean^2, in a form that loses no digits.
    variance = a * (x_variance + tf.square(x_mean - mean))
    variance += (1 - a) * (r_variance + tf.square(r_mean - mean))
    return tf.concat(
      [
        (reference - r_mean) * tf.math.rsqrt(r_variance + self._epsilon),
        (images - mean) * tf.math.rsqrt(variance + self._epsilon),
      ],
      axis=0,
    )
