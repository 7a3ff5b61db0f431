"""Discriminator driven latent sampling: Langevin dynamics of z.

Your GAN is Secretly an Energy-based Model and You Should use Discriminator
Driven Latent Sampling (Che et al., 2020, https://arxiv.org/abs/2003.06060). An
optimal D says for each z how much too rarely G makes G(z):

  E(z) = |z|^2 / 2 - D(G(z))
  z <- z - (e / 2) dE/dz + sqrt(e) s n,  n ~ N(0, I)

  python -m compare_gan sample --model_dir X --sampler ddls --out samples.npz

z is from N(0, I), whose energy is |z|^2 / 2, and D's logit is a log-ratio, see
log_ratio.py. s is the standard deviation of the noise: 1 is Langevin dynamics,
and less samples at a lower temperature. StudioGAN uses its 0.1 as a variance,
so that its deviation is 0.316.

Cost: a forward and a backward pass of G and D for each image and step.
"""

import dataclasses
from typing import Any
from typing import Callable
from typing import Optional

from compare_gan.configuration import accepted
from compare_gan.context import draws
from compare_gan.evaluation import log_ratio
from compare_gan.gans import latents
from compare_gan.gans.abstract_gan import AbstractGAN
import gin
import numpy as np
import tensorflow as tf

_BATCH_SIZE = 64


@gin.configurable("ddls", module="compare_gan.evaluation")
@dataclasses.dataclass(frozen=True)
class DDLS:
  """How z moves; bound as ddls.steps and so on.

  Args:
    steps: of Langevin dynamics for each image.
    step_size: e in z <- z - (e / 2) dE/dz + sqrt(e) s n, n from N(0, I).
    noise_std: s in it; 1 is Langevin dynamics, less a lower temperature.
  """

  steps: accepted.CountOrZero = 1000
  step_size: accepted.Positive = 0.01
  noise_std: accepted.NotNegative = 0.1

  def __post_init__(self) -> None:
    if not (isinstance(self.steps, int) and self.steps > 0):
      raise ValueError(
        f"ddls.steps = {self.steps!r}, but it must be a number of steps, 1 or "
        "more."
      )
    if not self.step_size > 0:
      raise ValueError(
        f"ddls.step_size = {self.step_size!r}, but it must be above 0, such "
        "as 0.01."
      )
    if not self.noise_std >= 0:
      raise ValueError(
        f"ddls.noise_std = {self.noise_std!r}, but it must be 0 or more, such "
        "as 0.1."
      )

  def check(self, gan: AbstractGAN) -> None:
    """Raises ValueError if the samples would be meaningless."""
    log_ratio.check(gan, "--sampler=ddls")
    if not latents.eval_z_is_standard_normal():
      raise ValueError(
        "--sampler=ddls needs z from N(0, I), but this model's z is "
        f"{latents.eval_z_in_words()}. Train it with z.distribution_fn = "
        "@tf.random.normal."
      )

  def sample(
    self,
    gan: AbstractGAN,
    z: np.ndarray,
    labels: Optional[np.ndarray],
    seed: int,
    averaged: bool = True,
  ) -> np.ndarray:
    """Returns z [N, z_dim] after all steps; row i depends on i, z and seed.

    Args:
      gan: an AbstractGAN.
      z: start of the steps, [N, z_dim].
      labels: ints [N] for a conditional GAN.
      seed: of the noise.
      averaged: use the moving average of G's weights, if there is one.
    """
    score = log_ratio.score(gan, averaged)

    @tf.function
    def move(z: tf.Tensor, y: Any, noise: tf.Tensor) -> tf.Tensor:
      return langevin_step(
        lambda z: score(z, y), z, noise, self.step_size, self.noise_std
      )

    found = []
    for first in range(0, len(z), _BATCH_SIZE):
      part = tf.constant(z[first : first + _BATCH_SIZE], tf.float32)
      y = None
      if labels is not None:
        y = tf.constant(labels[first : first + _BATCH_SIZE], tf.int32)
      with draws.seeded([seed, 1], first):
        for _ in range(self.steps):
          part = move(part, y, draws.normal(tf.shape(part)))
      found.append(part.numpy())
    return np.concatenate(found)


def langevin_step(
  score: Callable[[tf.Tensor], tf.Tensor],
  z: tf.Tensor,
  noise: tf.Tensor,
  step_size: float,
  noise_std: float,
) -> tf.Tensor:
  """Returns z - (e / 2) dE/dz + sqrt(e) s n.

  Args:
    score: z -> D's logits of G(z), one for each row.
    z, noise: [N, z_dim]; the noise is from N(0, I).
    step_size: e.
    noise_std: s.
  """
  with tf.GradientTape() as tape:
    tape.watch(z)
    energy = 0.5 * tf.reduce_sum(tf.square(z)) - tf.reduce_sum(score(z))
  slope = tape.gradient(energy, z)
  return z - 0.5 * step_size * slope + step_size**0.5 * noise_std * noise
