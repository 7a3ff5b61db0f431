"""What metrics get of a model: images, latents, and functions that call it.

The accumulated moments of its batch norm are filled first, with latents of the
same distribution.
"""

from typing import Optional

from compare_gan.context import draws
from compare_gan.datasets import abstract_dataset
from compare_gan.evaluation import moments
from compare_gan.evaluation import needs
from compare_gan.evaluation import sampling
from compare_gan.evaluation import sets as sets_lib
from compare_gan.evaluation import settings as settings_lib
from compare_gan.gans import latents as latents_lib
from compare_gan.gans.abstract_gan import AbstractGAN
from compare_gan.metrics import contract
import numpy as np
from scipy import special
import tensorflow as tf

_ORIGINAL_Z = "uniform from -1 to 1"  # in the words of `sampling.z_in_words`


def collect(
  sampler: sampling.Sampler,
  n: int,
  seed: int,
  chosen: settings_lib.Settings,
  collector: sets_lib.Collector,
) -> sets_lib.Sets:
  """Returns the sets of one run, and functions that call the model.

  Args:
    sampler: of the model.
    n: how many images.
    seed: of their latents and labels.
    chosen: says which z and which weights.
    collector: makes the sets.
  """
  gan, averaged = sampler.gan, chosen.averaged
  z, labels = latents(gan, n, seed, chosen.truncation)
  batches = sampler.batches(z, labels)
  sets = collector.collect("fake", batches, n, labels)
  sets[contract.NUM_CLASSES] = gan.num_classes
  if "jacobians" in collector.needed:
    first = None if labels is None else labels[:64]
    sets["jacobians"] = sampling.jacobians(
      gan, z[:64], first, averaged, chosen.truncation
    )
  if collector.needed & {*needs.CALLABLES}:
    psi = sampling.truncation_of_styles(gan, chosen.truncation)
    sets["generate"] = lambda z, y=None: gan.generate(z, y, averaged, **psi)
    sets["discriminate"] = gan.discriminate
    sets["latents"] = lambda n, seed: _latents_with_density(
      gan, n, seed, chosen.truncation
    )
    if gan.has_encoder:
      sets["encode"] = lambda images: gan.encode(images, averaged)
  return sets


def latents(
  gan: AbstractGAN, n: int, seed: int, truncation: Optional[float] = None
) -> tuple[np.ndarray, Optional[np.ndarray]]:
  """Returns z [n, z_dim] and uniform labels [n], None if not conditional."""
  z, _ = sampling.draw(gan, n, seed, truncation=truncation)
  if not gan.num_classes:
    return z, None
  with draws.seeded([seed, 1]):
    labels = draws.uniform([n], 0, gan.num_classes, dtype=tf.int32)
  return z, labels.numpy()


def _latents_with_density(gan, n, seed, truncation):
  """Returns z, the log densities of its coordinates, and labels."""
  z, labels = latents(gan, n, seed, truncation)
  if sampling.truncates_styles(gan):
    truncation = None
  return z, _log_density(z, truncation), labels


def _log_density(z, truncation):
  """Returns the log densities of z's coordinates.

  Args:
    z: from `sampling.draw`.
    truncation: as for `sampling.draw`.
  """
  if truncation is None:
    return latents_lib.eval_log_density(z)
  return -0.5 * np.square(z) - np.log(
    np.sqrt(2.0 * np.pi) * special.erf(truncation / np.sqrt(2.0))
  )


def fill_moments(gan: AbstractGAN, chosen: settings_lib.Settings) -> None:
  """Fills accumulated moments if there are any."""

  def batches() -> list[tuple[np.ndarray, Optional[np.ndarray]]]:
    batch = gan.options.batch_size
    n = -(-chosen.moments_examples // batch) * batch
    z, labels = latents(gan, n, 7, chosen.truncation)
    parts = [slice(i, i + batch) for i in range(0, n, batch)]
    return [(z[p], None if labels is None else labels[p]) for p in parts]

  moments.fill_moments(
    gan, batches, chosen.moments_examples, chosen.truncation, chosen.averaged
  )


def fill_discriminator(
  gan: AbstractGAN,
  dataset: abstract_dataset.AbstractDataset,
  chosen: settings_lib.Settings,
) -> None:
  """Fills D's accumulated moments, if it has any."""
  if moments.accumulators(gan, "accu_counter", of_discriminator=True):
    moments.fill_discriminator(gan, dataset, chosen.moments_examples)


def print_default_z(chosen: settings_lib.Settings) -> None:
  """Prints the distribution of z if google/compare_gan's default differs."""
  words = sampling.z_in_words()
  if chosen.truncation is not None or words == _ORIGINAL_Z:
    return
  if sampling.follows_training():
    print(
      f"Evaluation draws z as training does, {words}: eval_z is not bound. "
      f"google/compare_gan's default was {_ORIGINAL_Z}.",
      flush=True,
    )
