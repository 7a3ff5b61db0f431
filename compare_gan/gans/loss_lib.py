"""GAN losses: pure functions of logits, chosen by `loss.fn`.

All means are over the batch. d_loss is what D minimises, g_loss what G does. A
loss of one's own is a function of the same two logits, [N, 1], that returns
`GANLosses`:

  import my_package.my_loss
  loss.fn = @my_loss
"""

from typing import Callable
from typing import NamedTuple

from compare_gan.context import replica
import gin
import tensorflow as tf


class GANLosses(NamedTuple):
  """Scalars; d_loss is the sum of its parts, unless the loss says otherwise."""

  d_loss: tf.Tensor
  d_loss_real: tf.Tensor
  d_loss_fake: tf.Tensor
  g_loss: tf.Tensor


_INPUTS = ["d_real_logits", "d_fake_logits"]


@gin.configurable(denylist=_INPUTS)
def non_saturating(
  d_real_logits: tf.Tensor, d_fake_logits: tf.Tensor
) -> GANLosses:
  """Cross-entropy of D; G maximises log D(fake) (https://arxiv.org/abs/1406.2661)."""
  d_loss_real = tf.reduce_mean(tf.nn.softplus(-d_real_logits))
  d_loss_fake = tf.reduce_mean(tf.nn.softplus(d_fake_logits))
  return GANLosses(
    d_loss=d_loss_real + d_loss_fake,
    d_loss_real=d_loss_real,
    d_loss_fake=d_loss_fake,
    g_loss=tf.reduce_mean(tf.nn.softplus(-d_fake_logits)),
  )


@gin.configurable(denylist=_INPUTS)
def logistic(d_real_logits: tf.Tensor, d_fake_logits: tf.Tensor) -> GANLosses:
  """The name under which StyleGAN's users know `non_saturating`."""
  return non_saturating(d_real_logits, d_fake_logits)


@gin.configurable(denylist=_INPUTS)
def minimax(d_real_logits: tf.Tensor, d_fake_logits: tf.Tensor) -> GANLosses:
  """The zero-sum game: G minimises log(1 - D(fake)), flat where D is sure."""
  losses = non_saturating(d_real_logits, d_fake_logits)
  return losses._replace(g_loss=-losses.d_loss_fake)


@gin.configurable(denylist=_INPUTS)
def wasserstein(
  d_real_logits: tf.Tensor, d_fake_logits: tf.Tensor
) -> GANLosses:
  """Difference of mean scores (https://arxiv.org/abs/1701.07875)."""
  d_loss_real = -tf.reduce_mean(d_real_logits)
  d_loss_fake = tf.reduce_mean(d_fake_logits)
  return GANLosses(
    d_loss=d_loss_real + d_loss_fake,
    d_loss_real=d_loss_real,
    d_loss_fake=d_loss_fake,
    g_loss=-d_loss_fake,
  )


@gin.configurable(denylist=_INPUTS)
def least_squares(
  d_real_logits: tf.Tensor, d_fake_logits: tf.Tensor
) -> GANLosses:
  """Squares, of probabilities as in the original (https://arxiv.org/abs/1611.04076).

  d_loss is half the sum of its parts.
  """
  d_real, d_fake = tf.sigmoid(d_real_logits), tf.sigmoid(d_fake_logits)
  d_loss_real = tf.reduce_mean(tf.square(d_real - 1.0))
  d_loss_fake = tf.reduce_mean(tf.square(d_fake))
  return GANLosses(
    d_loss=0.5 * (d_loss_real + d_loss_fake),
    d_loss_real=d_loss_real,
    d_loss_fake=d_loss_fake,
    g_loss=0.5 * tf.reduce_mean(tf.square(d_fake - 1.0)),
  )


@gin.configurable(denylist=_INPUTS)
def hinge(d_real_logits: tf.Tensor, d_fake_logits: tf.Tensor) -> GANLosses:
  """Hinge loss (https://arxiv.org/abs/1705.02894)."""
  d_loss_real = tf.reduce_mean(tf.nn.relu(1.0 - d_real_logits))
  d_loss_fake = tf.reduce_mean(tf.nn.relu(1.0 + d_fake_logits))
  return GANLosses(
    d_loss=d_loss_real + d_loss_fake,
    d_loss_real=d_loss_real,
    d_loss_fake=d_loss_fake,
    g_loss=-tf.reduce_mean(d_fake_logits),
  )


@gin.configurable(denylist=_INPUTS)
def relativistic_average(
  d_real_logits: tf.Tensor, d_fake_logits: tf.Tensor
) -> GANLosses:
  """Real compared with the average fake and vice versa (https://arxiv.org/abs/1807.00734).

  The averages are over the global batch. G's loss depends on real images too.
  """
  mean_real = replica.all_mean(tf.reduce_mean(d_real_logits))
  mean_fake = replica.all_mean(tf.reduce_mean(d_fake_logits))
  losses = non_saturating(d_real_logits - mean_fake, d_fake_logits - mean_real)
  swapped = non_saturating(d_fake_logits - mean_real, d_real_logits - mean_fake)
  return losses._replace(g_loss=swapped.d_loss)


@gin.configurable("loss", denylist=_INPUTS)
def get_losses(
  d_real_logits: tf.Tensor,
  d_fake_logits: tf.Tensor,
  fn: Callable[..., GANLosses] = non_saturating,
) -> GANLosses:
  """Returns the GANLosses of `loss.fn`, in float32."""
  losses = fn(
    d_real_logits=tf.cast(d_real_logits, tf.float32),
    d_fake_logits=tf.cast(d_fake_logits, tf.float32),
  )
  if not isinstance(losses, GANLosses):
    raise TypeError(
      f"loss.fn = @{fn.__name__} returned {type(losses).__name__}, but a loss "
      "returns compare_gan.gans.loss_lib.GANLosses."
    )
  return losses
