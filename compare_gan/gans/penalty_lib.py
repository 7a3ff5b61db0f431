"""Penalties on D: `penalty.fn`, added to its loss times `options.lamba`.

A penalty is a pure function that names what it needs as its parameters, among

  discriminator  D(images, y) -> DiscriminatorOutput, in training mode
  x, x_fake      real and fake images of this step, [N, H, W, C]
  y, y_fake      their labels, [N, num_classes] or None
  real_logits, fake_logits    D's scores of these images, [N, 1]
  real_anchor, fake_anchor    moving averages of those scores' means
  kernels        D's trainable kernels
  uniform        uniform(shape) -> draws from [0, 1); row i is image i's
  joint_discriminator, code   of a GAN with an encoder: the sum of D's scores of
                 (images, codes, y), [N, 1], and the codes of x, [N, z_dim]

A GAN that cannot offer one of these refuses the penalty when it is built. One
of your own:

  import my_package.my_penalty
  penalty.fn = @my_penalty

G's loss can have a penalty on its `kernels`, `g_penalty.fn` times
`g_penalty.weight`. That of the model card of BigGAN is

  g_penalty.fn = @g/orthogonal_penalty
  g_penalty.weight = 1e-4
  g/orthogonal_penalty.convolutions_only = True
  g/orthogonal_penalty.factor = 0.5
"""

from collections.abc import Sequence
import inspect
from typing import Any
from typing import Callable
from typing import Optional
from typing import Union

from compare_gan.context import replica
from compare_gan.context.scope import Module
from compare_gan.context.scope import full_name
from compare_gan.context.scope import scope
from compare_gan.context.scope import variable
from compare_gan.layers import initializers
from compare_gan.layers.moments import cross_replica_moments
import gin
import tensorflow as tf


@gin.configurable
def no_penalty() -> tf.Tensor:
  """None: 0."""
  return tf.zeros([])


def _gradients(discriminator, x, y):
  """Returns d logits / d x, differentiable itself."""
  with tf.GradientTape() as tape:
    tape.watch(x)
    logits = discriminator(x, y).logits
  return tape.gradient(logits, x)


def _squared_norms(gradients):
  """Returns [n], over all that an example has: pixels, or parts of a code."""
  axes = list(range(1, gradients.shape.rank))
  return tf.reduce_sum(tf.square(gradients), axes)


def _unit_slopes(discriminator, x, y):
  """Returns the mean of (|d logits / d x| - 1)^2."""
  squares = _squared_norms(_gradients(discriminator, x, y))
  # Kept from 0, where the square root has no slope.
  slopes = tf.sqrt(1e-4 + squares)
  return tf.reduce_mean(tf.square(slopes - 1.0))


@gin.configurable(denylist=["discriminator", "x", "x_fake", "y", "uniform"])
def wgangp_penalty(
  discriminator: Callable,
  x: tf.Tensor,
  x_fake: tf.Tensor,
  y: Optional[tf.Tensor],
  uniform: Callable[..., tf.Tensor],
) -> tf.Tensor:
  """Unit slopes between real and fake images (https://arxiv.org/abs/1704.00028)."""
  alpha = uniform([tf.shape(x)[0], 1, 1, 1])
  return _unit_slopes(discriminator, x + alpha * (x_fake - x), y)


@gin.configurable(denylist=["discriminator", "x", "y", "uniform"])
def dragan_penalty(
  discriminator: Callable,
  x: tf.Tensor,
  y: Optional[tf.Tensor],
  uniform: Callable[..., tf.Tensor],
) -> tf.Tensor:
  """Unit slopes around real images (https://arxiv.org/abs/1705.07215).

  The noise is as wide as the standard deviation of all pixels of the batch. It
  does not lead out of the pixels' range, [0, 1]. Pixels that an augmentation
  has moved out of it stay where D sees them: their range reaches as far as they
  do, so that the points lie around the images that D looks at.
  """
  _, variance = cross_replica_moments(x, [0, 1, 2, 3], parallel=False)
  noise = tf.sqrt(variance) * (uniform(tf.shape(x)) - 0.5)
  low, high = tf.minimum(x, 0.0), tf.maximum(x, 1.0)
  return _unit_slopes(discriminator, tf.clip_by_value(x + noise, low, high), y)


@gin.configurable(denylist=["kernels"])
def l2_penalty(kernels: Sequence[tf.Variable]) -> tf.Tensor:
  """Mean over D's kernels of |K|^2 / 2, before any normalisation of them."""
  _require_kernels(kernels, "l2_penalty")
  return tf.add_n([tf.nn.l2_loss(k) for k in kernels]) / len(kernels)


@gin.configurable(denylist=["discriminator", "x", "y"])
def r1_penalty(
  discriminator: Callable, x: tf.Tensor, y: Optional[tf.Tensor]
) -> tf.Tensor:
  """Half the squared slope at real images (https://arxiv.org/abs/1801.04406)."""
  return _half_squared_slope(discriminator, x, y)


@gin.configurable(denylist=["discriminator", "x_fake", "y_fake"])
def r2_penalty(
  discriminator: Callable, x_fake: tf.Tensor, y_fake: Optional[tf.Tensor]
) -> tf.Tensor:
  """Half the squared slope at fake images (https://arxiv.org/abs/1801.04406)."""
  return _half_squared_slope(discriminator, x_fake, y_fake)


def _half_squared_slope(discriminator, x, y):
  return 0.5 * tf.reduce_mean(_squared_norms(_gradients(discriminator, x, y)))


@gin.configurable(denylist=["joint_discriminator", "x", "code", "y"])
def joint_r1_penalty(
  joint_discriminator: Callable[..., tf.Tensor],
  x: tf.Tensor,
  code: tf.Tensor,
  y: Optional[tf.Tensor],
) -> tf.Tensor:
  """R1 (https://arxiv.org/abs/1801.04406) at real pairs of image and code."""
  with tf.GradientTape() as tape:
    tape.watch([x, code])
    scores = joint_discriminator(x, code, y)
  of_x, of_code = tape.gradient(
    scores, [x, code], unconnected_gradients=tf.UnconnectedGradients.ZERO
  )
  return 0.5 * tf.reduce_mean(_squared_norms(of_x) + _squared_norms(of_code))


@gin.configurable(denylist=["kernels"])
def orthogonal_penalty(
  kernels: Sequence[tf.Variable],
  convolutions_only: bool = False,
  factor: float = 1.0,
) -> tf.Tensor:
  """Sum over kernels of factor |W^T W o (1 - I)|^2.

  Equation 3 of BigGAN (https://arxiv.org/abs/1809.11096).
  Filters, the columns of W = [prod(shape[:-1]), shape[-1]], may have any length
  but not point the same way.

  Args:
    kernels: of one network.
    convolutions_only: leaves out linear layers and embeddings.
    factor: some write a half, tf.nn.l2_loss.
  """
  if convolutions_only:
    kernels = [k for k in kernels if k.shape.rank == 4]
  _require_kernels(kernels, "orthogonal_penalty")
  terms = []
  for kernel in kernels:
    w = tf.reshape(kernel, [-1, kernel.shape[-1]])
    gram = tf.matmul(w, w, transpose_a=True)
    off_diagonal = gram * (1.0 - tf.eye(gram.shape[0]))
    terms.append(factor * tf.reduce_sum(tf.square(off_diagonal)))
  return tf.add_n(terms)


@gin.configurable(
  denylist=["real_logits", "fake_logits", "real_anchor", "fake_anchor"]
)
def lecam_penalty(
  real_logits: tf.Tensor,
  fake_logits: tf.Tensor,
  real_anchor: Union[tf.Tensor, tf.Variable],
  fake_anchor: Union[tf.Tensor, tf.Variable],
) -> tf.Tensor:
  """Scores held near the other side's average (arxiv.org/abs/2104.03310)."""
  return tf.reduce_mean(tf.square(real_logits - fake_anchor)) + tf.reduce_mean(
    tf.square(fake_logits - real_anchor)
  )


class ScoreAnchors(Module):
  """Moving averages of D's mean scores, over the global batch.

  They start at 0, the score of a discriminator that knows nothing.
  """

  def __init__(self, decay: float = 0.99) -> None:
    super().__init__()
    self._decay = decay
    with scope("score_anchors"):
      self.real = variable("real", [], initializers.zeros, trainable=False)
      self.fake = variable("fake", [], initializers.zeros, trainable=False)

  def move(self, real_logits: tf.Tensor, fake_logits: tf.Tensor) -> None:
    for anchor, logits in ((self.real, real_logits), (self.fake, fake_logits)):
      mean = replica.all_mean(tf.reduce_mean(logits))
      anchor.assign(self._decay * anchor + (1.0 - self._decay) * mean)


def _require_kernels(kernels, name):
  if not kernels:
    raise ValueError(
      f"penalty.fn = @{name} acts on kernels, but this discriminator has none "
      "that are free: with D.weight_norm = True their length is not. Set "
      "D.weight_norm = False or choose another penalty.fn."
    )


def kernels_of(weights: list[tf.Variable]) -> list[tf.Variable]:
  """Returns those of linear layers, convolutions and embeddings.

  With a weight norm they are not free, and none is among the weights.
  """
  return [w for w in weights if full_name(w).endswith("/kernel")]


def needs(fn: Callable) -> list[str]:
  """Returns the names of the parameters of `fn` that have no default."""
  return [
    name
    for name, parameter in inspect.signature(fn).parameters.items()
    if parameter.default is inspect.Parameter.empty
    and parameter.kind
    not in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
  ]


@gin.configurable("penalty", denylist=["gan", "offers"])
class Penalty:
  """What `penalty.fn` makes of what a GAN offers.

  Args:
    gan: the GAN's name, for the message of a refusal.
    offers: names out of the list on top of this file.
    fn: the penalty.
  """

  def __init__(
    self,
    gan: str,
    offers: Sequence[str],
    fn: Callable[..., tf.Tensor] = no_penalty,
  ) -> None:
    self.fn = fn
    self.needs = needs(fn)
    missing = [name for name in self.needs if name not in offers]
    if missing:
      raise ValueError(
        f"penalty.fn = @{fn.__name__} needs {', '.join(missing)}, which {gan} "
        f"cannot offer: it has {', '.join(offers) or 'nothing for a penalty'}. "
        "Choose another penalty.fn, such as @no_penalty."
      )

  def __call__(self, offered: dict[str, Any]) -> tf.Tensor:
    """Returns the scalar, from a dict {name: value} with at least its needs."""
    return self.fn(**{name: offered[name] for name in self.needs})

  def of(self, offers: dict[str, Callable[[Any], Any]], seen: Any) -> tf.Tensor:
    """Returns the scalar, of what it needs out of {name: `value(seen)`}."""
    return self({name: offers[name](seen) for name in self.needs})


@gin.configurable("g_penalty", denylist=["kernels"])
class GeneratorPenalty:
  """A penalty on G's kernels, added to its loss; false if there is none.

  Args:
    kernels: G's.
    fn: a penalty that needs nothing but kernels, @orthogonal_penalty say. None:
      no penalty.
    weight: its factor.
  """

  def __init__(
    self,
    kernels: Sequence[tf.Variable],
    fn: Optional[Callable[..., tf.Tensor]] = None,
    weight: float = 1e-4,
  ) -> None:
    self._kernels, self._fn, self.weight = kernels, fn, weight
    if fn is None:
      return
    if needs(fn) != ["kernels"]:
      raise ValueError(
        f"g_penalty.fn = @{fn.__name__} needs {', '.join(needs(fn))}, but a "
        "penalty on G gets its kernels and nothing else. @orthogonal_penalty "
        "or @l2_penalty would do."
      )
    if not weight >= 0:
      raise ValueError(
        f"g_penalty.weight = {weight!r}; a number of 0 or more would do."
      )
    if not kernels:
      raise ValueError(
        f"g_penalty.fn = @{fn.__name__} acts on kernels, but this generator "
        "has none that are free: with G.weight_norm = True their length is "
        "not. Set G.weight_norm = False or g_penalty.fn = None."
      )

  def __bool__(self) -> bool:
    return self._fn is not None

  def __call__(self) -> tf.Tensor:
    """Returns the scalar, without its weight."""
    return self._fn(kernels=self._kernels)
