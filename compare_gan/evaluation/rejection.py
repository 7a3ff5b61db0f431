"""Rejection sampling with D: keeps those images that G makes too rarely.

Discriminator Rejection Sampling (Azadi et al., 2018,
https://arxiv.org/abs/1810.06758). An image with D's logit l is kept with
probability sigmoid(F - gamma), where

  F = l - M - log(1 - exp(l - M - eps))

M is the largest logit so far, at first that of `burn_in` images; gamma is a
percentile of F over a batch of proposals. With gamma = 0 and eps = 0 the
probability is exp(l - M), as in exact rejection sampling, which keeps almost no
images of many pixels.

  python -m compare_gan sample --model_dir X --sampler rejection \\
    --out samples.npz

D's logit is a log-ratio, see log_ratio.py. In a conditional model an image
competes with the images of all requested classes; the requested labels stay.

Cost: `burn_in` images once, and several images for each that is kept, about
five with the 80th percentile.
"""

import dataclasses
from typing import Annotated
from typing import Any
from typing import Callable
from typing import Optional
from typing import Union

from compare_gan.configuration import accepted
from compare_gan.context import draws
from compare_gan.evaluation import log_ratio
from compare_gan.gans import latents
from compare_gan.gans.abstract_gan import AbstractGAN
import gin
import numpy as np
from scipy import special
import tensorflow as tf

Array = Union[float, np.ndarray]


@gin.configurable("rejection", module="compare_gan.evaluation")
@dataclasses.dataclass(frozen=True)
class Rejection:
  """What is kept; bound as rejection.percentile and so on.

  Args:
    percentile: of F over a batch, for gamma. Higher ones keep fewer images.
    burn_in: number of images for the first M.
    batch_size: number of images that are proposed at a time.
    epsilon: keeps the log of the acceptance finite for the likeliest image.
    max_batches: number of batches to try before giving up.
  """

  percentile: Annotated[float, accepted.Range(least=0, most=100)] = 80.0
  burn_in: accepted.CountOrZero = 10000
  batch_size: accepted.Count = 256
  epsilon: float = 1e-8
  max_batches: accepted.Count = 10000

  def __post_init__(self) -> None:
    if not 0 <= self.percentile <= 100:
      raise ValueError(
        f"rejection.percentile = {self.percentile!r}, but it must be a number "
        "from 0 to 100."
      )
    for name in ("burn_in", "batch_size", "max_batches"):
      value = getattr(self, name)
      if not (isinstance(value, int) and value > 0):
        raise ValueError(
          f"rejection.{name} = {value!r}, but it must be 1 or more."
        )
    if not self.epsilon > 0:
      raise ValueError(
        f"rejection.epsilon = {self.epsilon!r}, but it must be above 0, such "
        "as 1e-8."
      )

  def check(self, gan: AbstractGAN) -> None:
    """Raises ValueError if the samples would be meaningless."""
    log_ratio.check(gan, "--sampler=rejection")

  def sample(
    self,
    gan: AbstractGAN,
    z: np.ndarray,
    labels: Optional[np.ndarray],
    seed: int,
    averaged: bool = True,
  ) -> np.ndarray:
    """Returns new z [N, z_dim], those that were kept.

    Args:
      gan: an AbstractGAN.
      z: only its shape is used.
      labels: ints [N] for a conditional GAN; z[i] is of class labels[i].
      seed: of the proposals and of the choice.
      averaged: use the moving average of G's weights, if there is one.
    """
    score = tf.function(log_ratio.score(gan, averaged))

    def proposed(i: int, y: Optional[np.ndarray]) -> tuple[Array, Array, Array]:
      """Returns z, logits and draws from U(0, 1) of the i-th batch."""
      with draws.seeded([seed, 2 + i]):
        shape = [self.batch_size, z.shape[1]]
        codes = tf.cast(latents.eval_z(shape), tf.float32)
        u = draws.uniform([self.batch_size]).numpy()
      given = None if y is None else tf.constant(y, tf.int32)
      return codes.numpy(), score(codes, given).numpy(), u

    return self._kept(proposed, len(z), labels)

  def _kept(
    self, proposed: Callable[..., Any], n: int, labels: Optional[np.ndarray]
  ) -> np.ndarray:
    maximum = -np.inf
    batches = -(-self.burn_in // self.batch_size)
    for i in range(batches):
      y = _labels_of_batch(
        labels, np.arange(n), self.batch_size, i * self.batch_size
      )
      maximum = max(maximum, proposed(i, y)[1].max())
    found: dict[int, np.ndarray] = {}
    for i in range(batches, batches + self.max_batches):
      open_places = np.array([k for k in range(n) if k not in found])
      if not len(open_places):
        break
      place = open_places[np.arange(self.batch_size) % len(open_places)]
      z, logits, u = proposed(i, None if labels is None else labels[place])
      maximum = max(maximum, logits.max())
      f = log_odds(logits, maximum, self.epsilon)
      gamma = np.percentile(f, self.percentile)
      for row in np.flatnonzero(u < acceptance(f, gamma)):
        if labels is not None:
          found.setdefault(place[row], z[row])
        elif len(found) < n:
          found[len(found)] = z[row]
    if len(found) < n:
      raise ValueError(
        f"--sampler=rejection kept {len(found)} of the {n} requested images "
        f"out of rejection.max_batches = {self.max_batches} batches of "
        f"{self.batch_size}. Lower rejection.percentile = {self.percentile}."
      )
    return np.stack([found[k] for k in range(n)])


def _labels_of_batch(labels, places, size, first):
  if labels is None:
    return None
  return labels[places[(first + np.arange(size)) % len(places)]]


def log_odds(logits: Array, maximum: float, epsilon: float = 1e-8) -> Array:
  """Returns F = l - M - log(1 - exp(l - M - eps)), in float64.

  Args:
    logits: l, at most M.
    maximum: M.
    epsilon: eps, without which F is infinite at l = M.
  """
  below = np.asarray(logits, np.float64) - maximum
  return below - np.log(-np.expm1(below - epsilon))


def acceptance(f: Array, gamma: float) -> Array:
  """Returns the probability of keeping an image, sigmoid(F - gamma)."""
  return special.expit(f - gamma)
