"""R1 and R2: flat slopes at real and at fake images.

Which Training Methods for GANs do actually Converge? (Mescheder et al., 2018,
https://arxiv.org/abs/1801.04406). A term's weight is the papers' gamma.

`r1` and `r2` take the slope of x -> D(T(x)), with T the augmentation, as
StyleGAN2-ADA and R3GAN do. They share the pass that scores the images and cost
one more backward pass. The older `r1_penalty` and `r2_penalty` take the slope
of D at T(x), for pixels in [0, 1]: gamma / 4 there is gamma here. They share
that pass, too, unless D couples the images of a pass, as batch norm does.
"""

from compare_gan.gans.terms import PENALTY_LIB
from compare_gan.gans.terms import TERMS
from compare_gan.gans.terms import slopes
import gin
import tensorflow as tf


@gin.configurable(module=TERMS, denylist=["real_slopes"])
def r1(real_slopes: tf.Tensor) -> tf.Tensor:
  """Mean of slope^2 / 2 at real images, before augmentation."""
  return slopes.half_mean_square(real_slopes)


@gin.configurable(module=TERMS, denylist=["fake_slopes"])
def r2(fake_slopes: tf.Tensor) -> tf.Tensor:
  """Mean of slope^2 / 2 at fake images, before augmentation."""
  return slopes.half_mean_square(fake_slopes)


@gin.configurable(module=TERMS, denylist=["real_slopes", "fake_slopes"])
def r1_r2(real_slopes: tf.Tensor, fake_slopes: tf.Tensor) -> tf.Tensor:
  """R1 + R2, with one gamma, as in R3GAN (https://arxiv.org/abs/2501.05441)."""
  return r1(real_slopes) + r2(fake_slopes)


@gin.configurable(module=PENALTY_LIB, denylist=["x_slopes"])
def r1_penalty(x_slopes: tf.Tensor) -> tf.Tensor:
  """Half the squared slope at real images (https://arxiv.org/abs/1801.04406)."""
  return slopes.half_mean_square(x_slopes)


@gin.configurable(module=PENALTY_LIB, denylist=["x_fake_slopes"])
def r2_penalty(x_fake_slopes: tf.Tensor) -> tf.Tensor:
  """Half the squared slope at fake images (https://arxiv.org/abs/1801.04406)."""
  return slopes.half_mean_square(x_fake_slopes)
