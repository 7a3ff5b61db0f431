"""Images from a GAN and latents."""

from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any
from typing import Optional

from compare_gan.context import draws
from compare_gan.gans import latent_codes
from compare_gan.gans import latents
from compare_gan.gans.abstract_gan import AbstractGAN
import numpy as np
from scipy import special
import tensorflow as tf

_BATCH_SIZE = 64
_NOISE = (0x6E6F6973, 0)  # the seed of noise that G draws in evaluation
_Labels = Optional[np.ndarray]  # None for a GAN that is not conditional
Batch = tuple[np.ndarray, _Labels]


def generate(
  gan: AbstractGAN,
  z: np.ndarray,
  labels: _Labels = None,
  averaged: bool = True,
  batch_size: int = _BATCH_SIZE,
  truncation: Optional[float] = None,
) -> np.ndarray:
  """Returns images float32 [N, H, W, C] in [0, 1], as an array.

  Args:
    gan: an AbstractGAN.
    z: latents [N, z_dim].
    labels: ints [N] for a conditional GAN.
    averaged: use the moving average of the weights, if there is one.
    batch_size: how many at a time.
    truncation: of styles, see `truncates_styles`.
  """
  sampler = Sampler(gan, averaged, batch_size, truncation=truncation)
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
    truncation: of styles, see `truncates_styles`.
  """

  def __init__(
    self,
    gan: AbstractGAN,
    averaged: bool = True,
    batch_size: int = _BATCH_SIZE,
    batch_moments: bool = False,
    truncation: Optional[float] = None,
  ) -> None:
    self.gan = gan
    self.averaged = averaged
    self._batch_size = batch_size
    psi = truncation_of_styles(gan, truncation)

    def images(
      z: tf.Tensor, y: Optional[tf.Tensor], first: tf.Tensor
    ) -> tf.Tensor:
      with draws.seeded(_NOISE, first):  # of a G with noise in evaluation
        return gan.generate(z, y, averaged, batch_moments, **psi)

    self._images = tf.function(images, autograph=False)

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
      first = tf.constant(start, tf.int64)
      yield self._images(tf.constant(z[part], tf.float32), y, first).numpy()


def _labels(labels):
  """Returns classes as int32 [N], or their weights as float32 [N, classes]."""
  return tf.constant(labels, tf.int32 if labels.ndim == 1 else tf.float32)


def jacobians(
  gan: AbstractGAN,
  z: np.ndarray,
  labels: _Labels = None,
  averaged: bool = True,
  truncation: Optional[float] = None,
) -> np.ndarray:
  """Returns d pixels / d z at each z, [N, pixels, z_dim]."""
  _check(gan, z, labels)
  found, psi = [], truncation_of_styles(gan, truncation)
  for i in range(len(z)):
    one = tf.constant(z[i : i + 1], tf.float32)
    y = None if labels is None else _labels(labels[i : i + 1])
    with tf.GradientTape() as tape:
      tape.watch(one)
      pixels = tf.reshape(gan.generate(one, y, averaged, **psi), [-1])
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
  accepted_shapes = (len(z),), (len(z), gan.num_classes)
  if labels is None or labels.shape not in accepted_shapes:
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
    truncation: draws z from a normal distribution cut at +- this instead,
      unless G has styles to truncate.
  """
  if truncation is None or truncates_styles(gan):
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


def z_in_words(
  truncation: Optional[float] = None, gan: Optional[AbstractGAN] = None
) -> str:
  """Returns a description of the distribution that `draw` draws z from.

  Args:
    truncation: as for `draw`.
    gan: an AbstractGAN; None for one without styles.
  """
  if truncation is None:
    return latents.eval_z_in_words()
  if truncates_styles(gan):
    return f"{latents.eval_z_in_words()}, styles truncated by {truncation}"
  return f"normal, cut at {truncation}"


# ---- Truncation of styles ----------------------------------------------------


def truncates_styles(gan: Optional[AbstractGAN]) -> bool:
  """Returns whether truncation acts on styles w(z) of G instead of on z.

  Then it is the factor of their distance from the average (StyleGAN).
  """
  generator = getattr(gan, "generator", None)
  return getattr(generator, "truncates_styles", False)


def truncation_of_styles(
  gan: AbstractGAN, truncation: Optional[float]
) -> dict[str, Any]:
  """Returns further arguments of `gan.generate`; none if z is truncated."""
  if truncation is None or not truncates_styles(gan):
    return {}
  return {"truncation": truncation}


def refuse_drawn_noise(gan: AbstractGAN) -> None:
  """Raises if G draws noise in evaluation: no other program has its draws."""
  if getattr(gan.generator, "draws_in_evaluation", False):
    raise ValueError(
      f"{gan.generator.title} draws noise for each image, which an exported "
      f"program cannot repeat. --gin_bindings '{gan.generator.title}.eval_noise"
      ' = "const"\' has a stored noise instead.'
    )


def refuse_truncation_of_styles(
  gan: AbstractGAN, truncation: Optional[float]
) -> None:
  """Raises if --truncation is not of z, for commands that write latents."""
  if truncation is not None and truncates_styles(gan):
    raise ValueError(
      f"--truncation={truncation} is of z, but G truncates its styles. "
      f"--gin_bindings '{gan.generator.title}.truncation_psi = {truncation}' "
      "does this, for export and score alike."
    )


def follows_training() -> bool:
  """Returns whether `draw` draws z as training does, see gans/latents.py."""
  return latents.follows_z()


def classes(gan: Any, given: Optional[str]) -> Optional[list[int]]:
  """Returns the labels of --classes, such as "3,5"; None without it."""
  if given is None:
    return None
  if not gan.num_classes:
    raise ValueError(
      f"--classes={given}, but this model knows no classes. Leave it out."
    )
  words = given.split(",")
  if not all(w.isdigit() and int(w) < gan.num_classes for w in words):
    raise ValueError(
      f"--classes={given} must list classes from 0 to {gan.num_classes - 1}, "
      "such as 0,1."
    )
  return [int(word) for word in words]
