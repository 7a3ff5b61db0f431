"""Images from a GAN and latents."""

from collections.abc import Iterator
from collections.abc import Sequence
from typing import Optional

from compare_gan.context import draws
from compare_gan.gans import latent_codes
from compare_gan.gans import latents
from compare_gan.gans.abstract_gan import AbstractGAN
import numpy as np
from scipy import special
import tensorflow as tf

_BATCH_SIZE = 64
_Labels = Optional[np.ndarray]  # None for a GAN that is not conditional
Batch = tuple[np.ndarray, _Labels]


def generate(
  gan: AbstractGAN,
  z: np.ndarray,
  labels: _Labels = None,
  averaged: bool = True,
  batch_size: int = _BATCH_SIZE,
) -> np.ndarray:
  """Returns images float32 [N, H, W, C] in [0, 1], as an array.

  Args:
    gan: an AbstractGAN.
    z: latents [N, z_dim].
    labels: ints [N] for a conditional GAN.
    averaged: use the moving average of the weights, if there is one.
    batch_size: how many at a time.
  """
  sampler = Sampler(gan, averaged, batch_size)
  images = np.empty([len(z), *gan.image_shape], np.float32)
  made = 0
  for batch in sampler.batches(z, labels):
    images[made : made + len(batch)] = batch
    made += len(batch)
  return images


class Sampler:
  """Makes images from latents; traces the network once.

  Args:
    gan, averaged, batch_size: as for `generate`.
    batch_moments: normalise by the moments of each batch, and update no other
      moments: for sample grids, before there are any moments.
  """

  def __init__(
    self,
    gan: AbstractGAN,
    averaged: bool = True,
    batch_size: int = _BATCH_SIZE,
    batch_moments: bool = False,
  ) -> None:
    self.gan = gan
    self.averaged = averaged
    self._batch_size = batch_size
    self._images = tf.function(
      lambda z, y: gan.generate(z, y, averaged, batch_moments),
      autograph=False,
    )

  def batches(
    self, z: np.ndarray, labels: _Labels = None
  ) -> Iterator[np.ndarray]:
    """Returns an iterator over the images of z, arrays [batch, H, W, C]."""
    _check(self.gan, z, labels)
    return self._batches(z, labels)

  def _batches(self, z, labels):
    for start in range(0, len(z), self._batch_size):
      part = slice(start, start + self._batch_size)
      y = None if labels is None else _labels(labels[part])
      yield self._images(tf.constant(z[part], tf.float32), y).numpy()


def _labels(labels):
  """Returns classes as int32 [N], or their weights as float32 [N, classes]."""
  return tf.constant(labels, tf.int32 if labels.ndim == 1 else tf.float32)


def jacobians(
  gan: AbstractGAN,
  z: np.ndarray,
  labels: _Labels = None,
  averaged: bool = True,
) -> np.ndarray:
  """Returns d pixels / d z at each z, [N, pixels, z_dim]."""
  _check(gan, z, labels)
  found = []
  for i in range(len(z)):
    one = tf.constant(z[i : i + 1], tf.float32)
    y = None if labels is None else _labels(labels[i : i + 1])
    with tf.GradientTape() as tape:
      tape.watch(one)
      pixels = tf.reshape(gan.generate(one, y, averaged), [-1])
    found.append(tape.jacobian(pixels, one)[:, 0].numpy())
  return np.stack(found)


def _check(gan, z, labels):
  z_dim = gan.options.z_dim
  if z.ndim != 2 or z.shape[1] != z_dim or not len(z):
    raise ValueError(
      f"z has shape {list(z.shape)}, but this GAN needs [N, {z_dim}], N > 0."
    )
  if not gan.num_classes:
    return
  of_classes = (len(z),), (len(z), gan.num_classes)
  if labels is None or labels.shape not in of_classes:
    got = "no labels" if labels is None else f"labels {list(labels.shape)}"
    raise ValueError(
      f"There are {len(z)} z and {got}, but this GAN is conditional: it needs "
      f"one label for each z, or the weights of {gan.num_classes} classes."
    )
  if labels.ndim == 2:
    return
  if labels.min() < 0 or labels.max() >= gan.num_classes:
    raise ValueError(
      f"Labels go from {labels.min()} to {labels.max()}, but this GAN has the "
      f"classes 0 to {gan.num_classes - 1}."
    )


# ---- Latents -----------------------------------------------------------------


def draw(
  gan: AbstractGAN,
  n: int,
  seed: int,
  classes: Optional[Sequence[int]] = None,
  truncation: Optional[float] = None,
) -> Batch:
  """Returns z [n, z_dim] from `eval_z`, and labels [n] or None.

  Args:
    gan: an AbstractGAN.
    n: how many.
    seed: determines them.
    classes: labels to take in turn; None for all of them.
    truncation: draws z from a normal distribution cut at +- this instead.
  """
  if truncation is None:
    with draws.seeded([seed, 0]):
      z = latents.eval_z([n, gan.options.z_dim]).numpy()
  else:
    z = truncated(n, gan.options.z_dim, truncation, seed)
  if not gan.num_classes:
    return z, None
  taken = np.asarray(classes or range(gan.num_classes))
  return z, taken[np.arange(n) % len(taken)].astype(np.int32)


def drawn_batches(
  gan: AbstractGAN,
  examples: int,
  seed: int,
  batch_size: int = _BATCH_SIZE,
  truncation: Optional[float] = None,
) -> Iterator[Batch]:
  """Yields batches (z, labels or None) of at least `examples` in total."""
  batch_size = max(1, min(batch_size, examples))
  n = -(-examples // batch_size) * batch_size
  if not n:
    return
  z, labels = draw(gan, n, seed, truncation=truncation)
  for start in range(0, n, batch_size):
    part = slice(start, start + batch_size)
    yield z[part], None if labels is None else labels[part]


def truncated(n: int, z_dim: int, threshold: float, seed: int) -> np.ndarray:
  """Returns z [n, z_dim] from N(0, 1) given that |z| < threshold.

  The truncation trick of https://arxiv.org/abs/1809.11096 draws values outside
  again; this inverts the distribution function instead.
  """
  if not threshold > 0:
    raise ValueError(
      f"truncation = {threshold}. It must be above 0, such as 0.5."
    )
  latent_codes.require_none("A truncation", "Leave it out.")
  p = special.erf(threshold / np.sqrt(2.0))  # P(|z| < threshold)
  with draws.seeded([seed, 0]):
    u = draws.uniform([n, z_dim], -1.0, 1.0).numpy().astype(np.float64)
  return (np.sqrt(2.0) * special.erfinv(p * u)).astype(np.float32)


def z_in_words(truncation: Optional[float] = None) -> str:
  """Returns a description of the distribution that `draw` draws z from."""
  if truncation is None:
    return latents.eval_z_in_words()
  return f"normal, cut at {truncation}"


def follows_training() -> bool:
  """Returns whether `draw` draws z as training does, see gans/latents.py."""
  return latents.follows_z()
