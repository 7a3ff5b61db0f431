"""Images from a GAN and latents."""

from compare_gan import draws
from compare_gan.gans import latents
from compare_gan.layers import scope
import gin
import numpy as np
from scipy import special
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
  sampler = Sampler(gan, averaged, batch_size)
  return np.concatenate(list(sampler.batches(z, labels)))


class Sampler:
  """Makes images of latents; the network is traced once.

  Args:
    gan, averaged, batch_size: as for `generate`.
    batch_moments: normalise by the moments of the images themselves, which move
      nothing: for pictures, before there are any others.
  """

  def __init__(
    self, gan, averaged=True, batch_size=_BATCH_SIZE, batch_moments=False
  ):
    self.gan = gan
    self.averaged = averaged
    self._batch_size = batch_size
    self._images = tf.function(
      lambda z, y: gan.generate(z, y, averaged, batch_moments),
      autograph=False,
    )

  def batches(self, z, labels=None):
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


def jacobians(gan, z, labels=None, averaged=True):
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


def log_density(z):
  """Returns the logarithms of the densities of z's numbers under `eval_z`."""
  return latents.eval_log_density(z)


def truncated(n, z_dim, threshold, seed):
  """Returns z [n, z_dim] from N(0, 1) given that |z| < threshold.

  What lies outside is drawn again (the truncation trick of
  https://arxiv.org/abs/1809.11096): here by inverting the distribution.
  """
  if not threshold > 0:
    raise ValueError(
      f"truncation = {threshold}. A positive number, such as 0.5, would do."
    )
  p = special.erf(threshold / np.sqrt(2.0))  # P(|z| < threshold)
  with draws.seeded([seed, 0]):
    u = draws.uniform([n, z_dim], -1.0, 1.0).numpy().astype(np.float64)
  return (np.sqrt(2.0) * special.erfinv(p * u)).astype(np.float32)


def eval_z_in_words():
  """Returns what gin makes of `eval_z`, as text."""
  bound = gin.get_bindings("eval_z", resolve_references=False)
  words = [f"{name}={value}" for name, value in sorted(bound.items())]
  distribution = bound.get("distribution_fn")
  if isinstance(distribution, gin.config.ConfigurableReference):
    own = gin.get_bindings(distribution.selector, resolve_references=False)
    words += [f"{name}={value}" for name, value in sorted(own.items())]
  return ", ".join(words) or "uniform from -1 to 1"
