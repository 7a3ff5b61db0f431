"""GAN losses: pure functions of logits, chosen by `loss.fn`.

All means are over the batch. d_loss is what D minimises, g_loss what G does.
Your own loss is a function of the same two logits, [N, 1], that returns
`GANLosses`:

  import my_package.my_loss
  loss.fn = @my_loss

It can request more by the names of its parameters: `real_features` and
`fake_features`, [N, d]; `y` and `y_fake`, [N, num_classes] or None; `step`, the
number of steps so far.
"""

from collections.abc import Sequence
import inspect
from typing import Any
from typing import Callable
from typing import NamedTuple
from typing import Optional
from typing import Union

from compare_gan.configuration import accepted
from compare_gan.context import replica
from compare_gan.gans import top_k as top_k_lib
import gin
import tensorflow as tf


class GANLosses(NamedTuple):
  """Scalars; d_loss is the sum of its parts, unless the loss says otherwise."""

  d_loss: tf.Tensor
  d_loss_real: tf.Tensor
  d_loss_fake: tf.Tensor
  g_loss: tf.Tensor


_INPUTS = ["d_real_logits", "d_fake_logits"]


@gin.configurable(denylist=[*_INPUTS, "step"])
def non_saturating(
  d_real_logits: tf.Tensor,
  d_fake_logits: tf.Tensor,
  real_target: Union[accepted.Share, Callable] = 1.0,
  step: Any = 0,
) -> GANLosses:
  """Cross-entropy of D; G maximises log D(fake) (https://arxiv.org/abs/1406.2661).

  Args:
    d_real_logits, d_fake_logits: [N, 1].
    real_target: the probability that D should assign to real images. Less than
      1 is one-sided label smoothing (https://arxiv.org/abs/1606.03498, 0.9). A
      number or a schedule of the step.
    step: the number of steps so far.
  """
  d_loss_real = tf.reduce_mean(tf.nn.softplus(-d_real_logits))
  if callable(real_target) or real_target != 1.0:
    target = real_target(step) if callable(real_target) else real_target
    d_loss_real += (1.0 - target) * tf.reduce_mean(d_real_logits)
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


@gin.configurable(denylist=_INPUTS)
def relativistic_paired(
  d_real_logits: tf.Tensor, d_fake_logits: tf.Tensor
) -> GANLosses:
  """Each real image compared with a fake: RpGAN, the loss of R3GAN.

  https://arxiv.org/abs/1807.00734 and https://arxiv.org/abs/2501.05441. Image i
  is paired with fake i of this replica; with ModularGAN.fit_label_distribution
  both have one label. d_loss has no parts: they are 0.
  """
  margins = d_real_logits - d_fake_logits
  return GANLosses(
    d_loss=tf.reduce_mean(tf.nn.softplus(-margins)),
    d_loss_real=tf.zeros([]),
    d_loss_fake=tf.zeros([]),
    g_loss=tf.reduce_mean(tf.nn.softplus(margins)),
  )


@gin.configurable(denylist=_INPUTS)
def relativistic_average_hinge(
  d_real_logits: tf.Tensor, d_fake_logits: tf.Tensor
) -> GANLosses:
  """`relativistic_average` with hinges (https://arxiv.org/abs/1807.00734).

  The averages are over the global batch. G's loss depends on real images too.
  """
  mean_real = replica.all_mean(tf.reduce_mean(d_real_logits))
  mean_fake = replica.all_mean(tf.reduce_mean(d_fake_logits))
  real, fake = d_real_logits - mean_fake, d_fake_logits - mean_real
  return hinge(real, fake)._replace(g_loss=hinge(fake, real).d_loss)


@gin.configurable(denylist=_INPUTS)
def lsgan(
  d_real_logits: tf.Tensor,
  d_fake_logits: tf.Tensor,
  a: float = 0.0,
  b: float = 1.0,
  c: float = 1.0,
) -> GANLosses:
  """Squares of logits (https://arxiv.org/abs/1611.04076).

  `least_squares`, the original's, squares probabilities.

  Args:
    d_real_logits, d_fake_logits: [N, 1].
    a, b: targets of D for fake and for real images.
    c: target of G for fakes. With (a, b, c) = (-1, 1, 0) it is a divergence.
  """
  d_loss_real = 0.5 * tf.reduce_mean(tf.square(d_real_logits - b))
  d_loss_fake = 0.5 * tf.reduce_mean(tf.square(d_fake_logits - a))
  return GANLosses(
    d_loss=d_loss_real + d_loss_fake,
    d_loss_real=d_loss_real,
    d_loss_fake=d_loss_fake,
    g_loss=0.5 * tf.reduce_mean(tf.square(d_fake_logits - c)),
  )


@gin.configurable(denylist=_INPUTS)
def soft_hinge(
  d_real_logits: tf.Tensor,
  d_fake_logits: tf.Tensor,
  tau: accepted.Positive = 1.0,
) -> GANLosses:
  """The hinge with its corner rounded off; tau -> 0 is the hinge.

  Args:
    d_real_logits, d_fake_logits: [N, 1].
    tau: width of the rounding, more than 0.
  """
  if not tau > 0:
    raise ValueError(f"soft_hinge.tau = {tau!r}. It must be more than 0.")
  soft = lambda x: tau * tf.reduce_mean(tf.nn.softplus(x / tau))  # noqa: E731
  d_loss_real, d_loss_fake = (
    soft(1.0 - d_real_logits),
    soft(1.0 + d_fake_logits),
  )
  return GANLosses(
    d_loss=d_loss_real + d_loss_fake,
    d_loss_real=d_loss_real,
    d_loss_fake=d_loss_fake,
    g_loss=-tf.reduce_mean(d_fake_logits),
  )


@gin.configurable(denylist=_INPUTS)
def dual_contrastive(
  d_real_logits: tf.Tensor, d_fake_logits: tf.Tensor
) -> GANLosses:
  """Each image told from all of the other kind (https://arxiv.org/abs/2103.16748).

  The others are those of this replica, and of this part of the batch if
  options.micro_batches cuts it into parts.
  """
  d_parts = _contrasts(d_real_logits, d_fake_logits)
  return GANLosses(
    d_loss=d_parts[0] + d_parts[1],
    d_loss_real=d_parts[0],
    d_loss_fake=d_parts[1],
    g_loss=tf.add_n(_contrasts(d_fake_logits, d_real_logits)),
  )


def _contrasts(high, low):
  """Returns mean_i log(1 + sum_j e^(low_j - high_i)), and j and i swapped."""
  margins = tf.transpose(low) - high  # [i, j]
  found = []
  for axis in (1, 0):
    padding = [[0, 0], [0, 0]]
    padding[axis] = [1, 0]  # the 1
    found.append(
      tf.reduce_mean(tf.reduce_logsumexp(tf.pad(margins, padding), axis))
    )
  return found


@gin.configurable("loss", denylist=[*_INPUTS, "more", "parts"])
def get_losses(
  d_real_logits: tf.Tensor,
  d_fake_logits: tf.Tensor,
  fn: Callable[..., GANLosses] = non_saturating,
  top_k: Optional[top_k_lib.TopK] = None,
  more: Optional[dict[str, Any]] = None,
  parts: int = 1,
) -> GANLosses:
  """Returns the GANLosses of `loss.fn`, in float32.

  Args:
    d_real_logits, d_fake_logits: [N, 1].
    fn: the loss of D and G, such as @hinge.
    top_k: @top_k() lets G see its best fakes only, see top_k.py.
    more: further inputs that a loss can request, by name.
    parts: how many parts each replica's batch is cut into.
  """
  real = tf.cast(d_real_logits, tf.float32)
  fake = tf.cast(d_fake_logits, tf.float32)
  asked = _asked(fn, more or {})
  losses = fn(d_real_logits=real, d_fake_logits=fake, **asked)
  if not isinstance(losses, GANLosses):
    raise TypeError(
      f"loss.fn = @{fn.__name__} returned {type(losses).__name__}, but a loss "
      "returns compare_gan.gans.loss_lib.GANLosses."
    )
  if top_k:
    best = top_k.best(fake, asked.get("step", (more or {}).get("step")), parts)
    losses = losses._replace(
      g_loss=fn(d_real_logits=real, d_fake_logits=best, **asked).g_loss
    )
  return losses


def _asked(fn, more):
  """Returns the entries of `more` for which a loss has parameters."""
  parameters = inspect.signature(fn).parameters
  missing: Sequence[str] = [
    name
    for name, parameter in parameters.items()
    if parameter.default is inspect.Parameter.empty
    and parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    and name not in (*_INPUTS, *more)
  ]
  if missing:
    raise ValueError(
      f"loss.fn = @{fn.__name__} needs {', '.join(missing)}. A loss can ask "
      f"for {', '.join([*_INPUTS, *more])}."
    )
  return {name: value for name, value in more.items() if name in parameters}
