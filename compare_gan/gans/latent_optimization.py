"""Latent optimisation: D and G play with latents that D likes better.

LOGAN: Latent Optimisation for Generative Adversarial Networks (Wu et al., 2019,
https://arxiv.org/abs/1912.00953). Before D and G are updated, z makes a step of
natural gradient ascent on F(z) = D(G(z)):

  dz = alpha g / (beta + |g|^2),  g = dF / dz
  z' = clip(z + dz, -1, 1)

Both losses see G(z') instead of G(z), and w_r mean |dz|^2 is added to each. The
gradients of D and of G go through dz, which takes second derivatives.

  ModularGAN.latent_optimization = @latent_optimization()

F is the score of images as G makes them, without augmentation. z comes from
U(-1, 1), which the clip assumes. The paper's D has leaky ReLUs. With batch norm
in a network the images of a batch mix: g is the slope of the sum of their
scores. The statistics of G are those of G(z): scores and samples are made
without D, from z as it is drawn.

There is one step, as in the paper. An image whose z does not move adds 0 to the
cost, and |dz| is taken before the clip. StudioGAN also counts moves that it
discards.

Cost: one more pass of D and two more of G for each update, forward and back,
and second derivatives: a step takes several times as long.
"""

import dataclasses
from typing import Any
from typing import Callable
from typing import Optional

from compare_gan.configuration import accepted
from compare_gan.gans import latents
from compare_gan.gans.batches import Batch
from compare_gan.gans.fakes import Made
from compare_gan.gans.micro_batches import Rows
from compare_gan.gans.number_checks import require_number
from compare_gan.gans.offers import Passes
from compare_gan.gans.seen import Scored
import gin
import tensorflow as tf

_LOW, _HIGH = -1.0, 1.0  # the ends of z


@gin.configurable("latent_optimization", module="compare_gan.gans")
@dataclasses.dataclass(frozen=True)
class LatentOptimization:
  """How far z moves and what that costs.

  alpha = 0.9, beta = 5 and cost_weight = 300 are for ImageNet; StudioGAN has
  0.9, 0.1 and 0.1 for CIFAR-10.

  Args:
    alpha: the size of the step, in dz = alpha g / (beta + |g|^2).
    beta: damps the step where the slope g is small.
    cost_weight: factor of the mean |dz|^2 that is added to both losses.
    fraction: the probability that the z of an image moves.
  """

  alpha: accepted.NotNegative = 0.9
  beta: accepted.NotNegative = 5.0
  cost_weight: accepted.NotNegative = 300.0
  fraction: accepted.Share = 0.8

  def __post_init__(self) -> None:
    for name in ("alpha", "beta", "cost_weight"):
      require_number(f"latent_optimization.{name}", getattr(self, name), 0.0)
    require_number("latent_optimization.fraction", self.fraction, 0.0, 1.0)
    if not self.beta > 0:
      raise ValueError(
        "latent_optimization.beta = 0, but a step along a slope of 0 would be "
        "0 / 0. Set it above 0, such as 0.1."
      )

  def improve(
    self, passes: Passes, batch: Batch, made: Made, rows: Rows
  ) -> tuple[Batch, Made, tf.Tensor]:
    """Returns the batch with z', what G makes from it, and w_r mean |dz|^2.

    It moves no state of G.

    Args:
      passes: of D and G.
      batch: some rows of a batch.
      made: what G has made of them.
      rows: which they are.
    """
    z, y = tf.cast(batch.z, tf.float32), batch.fake_y
    g = slope(
      lambda z: passes.still_discriminator(passes.generator(z, y), y).logits, z
    )
    delta = self._moves(z, rows) * step(g, self.alpha, self.beta)
    z = moved(z, delta)
    images = tf.cast(passes.generator(z, y), made.images.dtype)
    return (
      batch._replace(z=z),
      made._replace(images=images),
      self.cost_weight * cost(delta),
    )

  def _moves(self, z, rows):
    """Returns [n, 1], 1 for each image whose z moves and 0 for the others."""
    if self.fraction == 1.0:
      return tf.ones([])
    u = rows.uniform([tf.shape(z)[0], 1])
    return tf.cast(u < self.fraction, tf.float32)


def slope(score: Callable[[tf.Tensor], tf.Tensor], z: tf.Tensor) -> tf.Tensor:
  """Returns d sum(score(z)) / d z, [n, z_dim]; an outer tape records it."""
  with tf.GradientTape(watch_accessed_variables=False) as tape:
    tape.watch(z)
    total = tf.reduce_sum(tf.cast(score(z), tf.float32))
  return tape.gradient(total, z)


def step(g: tf.Tensor, alpha: float, beta: float) -> tf.Tensor:
  """Returns dz = alpha g / (beta + |g|^2) of each row, [n, z_dim]."""
  squared = tf.reduce_sum(tf.square(g), axis=1, keepdims=True)
  return alpha * g / (beta + squared)


def moved(z: tf.Tensor, delta: tf.Tensor) -> tf.Tensor:
  """Returns z' = clip(z + dz, -1, 1)."""
  return tf.clip_by_value(z + delta, _LOW, _HIGH)


def cost(delta: tf.Tensor) -> tf.Tensor:
  """Returns mean |dz|^2 over all images, before z + dz is clipped."""
  return tf.reduce_mean(tf.reduce_sum(tf.square(delta), axis=1))


def with_cost(scored: Scored, value: tf.Tensor) -> Scored:
  """Returns a Scored with the cost of moving z added to its losses."""
  return scored._replace(
    d_loss=scored.d_loss + value,
    g_loss=scored.g_loss + value,
    scalars={**scored.scalars, "loss/latent_optimization": value},
  )


def checked(
  chosen: Optional[LatentOptimization], gan: Any
) -> Optional[LatentOptimization]:
  """Returns it, or raises if it makes no sense for a ModularGAN."""
  if chosen is None:
    return None
  name = f"ModularGAN.latent_optimization = {_shown(chosen)}"
  if not isinstance(chosen, LatentOptimization):
    raise ValueError(f"{name}. Set it to @latent_optimization() or None.")
  if not gan.d_alone_scores:
    raise ValueError(
      f"{name}, but {type(gan).__name__} scores images with more than the "
      "discriminator. Set it to None or choose another options.gan_class."
    )
  if gan.joint_fakes:
    raise ValueError(
      f"{name} makes new fakes for each update, but "
      "ModularGAN.experimental_joint_gen_for_disc = True makes them jointly. "
      "Set one of them to None or False."
    )
  if not latents.is_uniform(_LOW, _HIGH):
    raise ValueError(
      f"{name} needs latents from U(-1, 1), where it clips them, but z is "
      f"{latents.z_in_words()}. Set z.distribution_fn = @tf.random.uniform, "
      "z.minval = -1 and z.maxval = 1."
    )
  return chosen


def _shown(chosen):
  known = isinstance(chosen, LatentOptimization)
  return "@latent_optimization()" if known else repr(chosen)
