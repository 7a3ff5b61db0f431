"""Gradient penalties: slopes of a wanted size, at points of choice.

  two-sided     mean (slope - 1)^2, WGAN-GP, https://arxiv.org/abs/1704.00028
  one-sided     mean max(0, slope - 1)^2, the Lipschitz penalty of WGAN-LP,
                https://arxiv.org/abs/1709.08894
  zero-centred  mean slope^2, without a half, https://arxiv.org/abs/1902.03984
  the largest   max slope^2 of the batch, LGAN, https://arxiv.org/abs/1902.05687

Slopes are for pixels in [-1, 1], as in the papers, so the papers' weights
apply.

Each penalty needs its own pass of D, forward and back, and a second one for the
gradient of that: an update of D takes two to three times as long.
"""

from typing import Annotated
from typing import Callable
from typing import Optional

from compare_gan.configuration import accepted
from compare_gan.context import replica
from compare_gan.gans.terms import TERMS
from compare_gan.gans.terms import slopes
import gin
import tensorflow as tf

_POINTS = ("interpolated", "real", "fake", "perturbed")
_INPUTS = ["discriminator", "x", "x_fake", "y", "y_fake", "uniform"]


@gin.configurable(module=TERMS, denylist=_INPUTS)
def gradient_penalty(
  discriminator: Callable,
  x: tf.Tensor,
  x_fake: tf.Tensor,
  y: Optional[tf.Tensor],
  y_fake: Optional[tf.Tensor],
  uniform: Callable[..., tf.Tensor],
  at: Annotated[str, accepted.OneOf(*_POINTS)] = "interpolated",
  target: accepted.NotNegative = 1.0,
  one_sided: bool = False,
  epsilon: accepted.Positive = 1e-8,
) -> tf.Tensor:
  """Mean of (slope - target)^2, in the papers' units.

  Args:
    discriminator, x, x_fake, y, y_fake, uniform: see gans/seen.py.
    at: "interpolated", anywhere between a real and a fake image, with the real
      one's label; "real"; "fake"; or "perturbed", x + a std(x) u / 2 with a and
      u from U[0, 1), as in StudioGAN's DRAGAN.
    target: the wanted slope. 0 needs no square root.
    one_sided: smaller slopes cost nothing.
    epsilon: added below the root.
  """
  points, labels = _points(at, x, x_fake, y, y_fake, uniform)
  found = slopes.papers_gradients(discriminator, points, labels)
  if target == 0:
    return tf.reduce_mean(slopes.squared_norms(found))
  excess = slopes.norms(found, epsilon) - target
  if one_sided:
    excess = tf.nn.relu(excess)
  return tf.reduce_mean(tf.square(excess))


@gin.configurable(module=TERMS, denylist=_INPUTS)
def lipschitz_penalty(
  discriminator: Callable,
  x: tf.Tensor,
  x_fake: tf.Tensor,
  y: Optional[tf.Tensor],
  y_fake: Optional[tf.Tensor],
  uniform: Callable[..., tf.Tensor],
  at: Annotated[str, accepted.OneOf(*_POINTS)] = "interpolated",
) -> tf.Tensor:
  """The one-sided penalty. The paper's weight is 5 to 10.

  Args:
    discriminator, x, x_fake, y, y_fake, uniform: see gans/seen.py.
    at: as for gradient_penalty.
  """
  return gradient_penalty(
    discriminator, x, x_fake, y, y_fake, uniform, at=at, one_sided=True
  )


@gin.configurable(module=TERMS, denylist=_INPUTS)
def zero_centered_penalty(
  discriminator: Callable,
  x: tf.Tensor,
  x_fake: tf.Tensor,
  y: Optional[tf.Tensor],
  y_fake: Optional[tf.Tensor],
  uniform: Callable[..., tf.Tensor],
  at: Annotated[str, accepted.OneOf(*_POINTS)] = "interpolated",
) -> tf.Tensor:
  """Mean of slope^2. Weights of 10 to 100 are in use.

  Args:
    discriminator, x, x_fake, y, y_fake, uniform: see gans/seen.py.
    at: as for gradient_penalty.
  """
  return gradient_penalty(
    discriminator, x, x_fake, y, y_fake, uniform, at=at, target=0.0
  )


@gin.configurable(module=TERMS, denylist=_INPUTS)
def max_gradient_penalty(
  discriminator: Callable,
  x: tf.Tensor,
  x_fake: tf.Tensor,
  y: Optional[tf.Tensor],
  y_fake: Optional[tf.Tensor],
  uniform: Callable[..., tf.Tensor],
  at: Annotated[str, accepted.OneOf(*_POINTS)] = "interpolated",
) -> tf.Tensor:
  """The largest slope^2 of the global batch. Its gradient is that point's.

  StudioGAN's weight is 10.

  Args:
    discriminator, x, x_fake, y, y_fake, uniform: see gans/seen.py.
    at: as for gradient_penalty.
  """
  points, labels = _points(at, x, x_fake, y, y_fake, uniform)
  found = slopes.papers_gradients(discriminator, points, labels)
  return largest(slopes.squared_norms(found))


def largest(values: tf.Tensor) -> tf.Tensor:
  """Returns a number whose mean over all replicas is their largest value."""
  mine = tf.reduce_max(values)
  count = replica.num_replicas()
  if count == 1:
    return mine
  place = tf.one_hot(replica.replica_id(), count)
  all_of_them = replica.all_sum(place * tf.stop_gradient(mine))
  is_mine = tf.one_hot(tf.argmax(all_of_them), count)
  return mine * tf.reduce_sum(place * is_mine) * count


def _points(at, x, x_fake, y, y_fake, uniform):
  """Returns the images where slopes are taken, and their labels."""
  if at not in _POINTS:
    raise ValueError(
      f"gradient_penalty.at = {at!r}. It must be one of "
      f"{', '.join(map(repr, _POINTS))}."
    )
  if at == "fake":
    return x_fake, y_fake
  if at == "real":
    return x, y
  alpha = uniform([tf.shape(x)[0], 1, 1, 1])
  if at == "interpolated":
    return x + alpha * (x_fake - x), y
  return perturbed(x, alpha, uniform(tf.shape(x))), y


def perturbed(x: tf.Tensor, alpha: tf.Tensor, u: tf.Tensor) -> tf.Tensor:
  """Returns x + alpha std(x) u / 2, with the unbiased std of all pixels."""
  count = tf.cast(tf.size(x), tf.float32)
  variance = tf.math.reduce_variance(x) * count / (count - 1.0)
  return x + alpha * 0.5 * tf.sqrt(variance) * u
