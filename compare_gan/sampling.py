"""Images from a GAN and latents."""

from compare_gan import draws
from compare_gan.gans import latents
from compare_gan.layers import scope
import numpy as np
import tensorflow as tf

_BATCH_SIZE = 64


def generate(gan, z, labels=None, averaged=True, batch_size=_BATCH_SIZE):
  """Returns images float32 [N, H, W, C] in [0, 1], as an array.

  Args:
    gan: an AbstractGAN.
    z: latents [N, z_dim].
    labels: ints [N] for a conditional GAN.
    averaged: with the moving average of the weights, where there is one.
    batch_size: how many at a time.
  """
  _check(gan, z, labels)
  images = []
  for start in range(0, len(z), batch_size):
    part = slice(start, start + batch_size)
    y = None if labels is None else tf.constant(labels[part], tf.int32)
    images.append(
      gan.generate(tf.constant(z[part], tf.float32), y, averaged).numpy()
    )
  return np.concatenate(images)


def _check(gan, z, labels):
  z_dim = gan.options.z_dim
  if z.ndim != 2 or z.shape[1] != z_dim or not len(z):
    raise ValueError(
      f"z has shape {list(z.shape)}, but this GAN needs [N, {z_dim}], N > 0."
    )
  if not gan.num_classes:
    return
  if labels is None or labels.shape != (len(z),):
    got = "no labels" if labels is None else f"labels {list(labels.shape)}"
    raise ValueError(
      f"There are {len(z)} z and {got}, but this GAN is conditional: it needs "
      "one label for each z."
    )
  if labels.min() < 0 or labels.max() >= gan.num_classes:
    raise ValueError(
      f"Labels go from {labels.min()} to {labels.max()}, but this GAN has the "
      f"classes 0 to {gan.num_classes - 1}."
    )


def accumulators(gan, part):
  """Returns G's variables `.../accu/<part>`; none with moving averages."""
  return [
    v
    for v in gan.generator.variables
    if scope.full_name(v).endswith(f"/accu/{part}")
  ]


def are_filled(gan):
  """Returns whether the accumulated moments have seen any batch."""
  return all(v.numpy() > 0.5 for v in accumulators(gan, "accu_counter"))


def fill_accumulators(gan, batches, averaged=True):
  """Adds the moments of batches (z, labels or None) to the accumulated ones."""
  switches = accumulators(gan, "update_accus")
  for switch in switches:
    switch.assign(1)
  for z, labels in batches:
    generate(gan, z, labels, averaged, batch_size=len(z))
  for switch in switches:
    switch.assign(0)


def draw(gan, n, seed, classes=None):
  """Returns z [n, z_dim] from `eval_z`, and labels [n] or None.

  Args:
    gan: an AbstractGAN.
    n: how many.
    seed: they follow from it.
    classes: labels to take in turn; None for all of them.
  """
  with draws.seeded([seed, 0]):
    z = latents.eval_z([n, gan.options.z_dim]).numpy()
  if not gan.num_classes:
    return z, None
  classes = np.asarray(classes or range(gan.num_classes))
  return z, classes[np.arange(n) % len(classes)].astype(np.int32)
